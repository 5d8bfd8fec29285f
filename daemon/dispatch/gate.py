"""Whether stages may start now: not while the user has paused, nor while the disk is nearly full."""

from __future__ import annotations

import shutil

import structlog

from daemon.dispatch.site import Site
from daemon.model import Status
from daemon.store import Store

log = structlog.get_logger()


class Gate:
    """What stages have to pass before they start. starts: whether any may at all."""

    def __init__(self, store: Store, site: Site, *, starts: bool) -> None:
        self._store = store
        self._site = site
        self._starts = starts

    def opens(self) -> bool:
        """Whether stages may start now."""
        return self._starts and not self._store.fact("paused") and self._disk_has_room()

    def anything_goes_on(self, *, busy: bool) -> bool:
        """Whether any job goes on by itself now. busy: whether a stage runs."""
        opens = self.opens()
        return any(self._goes_on(status, pipeline, opens, busy) for status, pipeline in self._store.active_counts())

    def _goes_on(self, status: Status, pipeline: str | None, opens: bool, busy: bool) -> bool:
        match status:
            case Status.QUEUED:
                return opens and pipeline in self._site.pipelines
            case Status.RUNNING:
                return self._starts and pipeline in self._site.pipelines and (opens or busy)
            case _:
                return True

    def _disk_has_room(self) -> bool:
        """Whether the work disk has room; says so once when that changes."""
        try:
            free = shutil.disk_usage(self._site.work).free
        except OSError:
            free = 0  # the folder is away: nothing can start, and it may come back
        full = free < self._site.limits.disk_min
        if full != bool(self._store.fact("disk_full")):
            self._store.remember("disk_full", max(free, 1) if full else None)
            log.warning("the disk is nearly full; nothing starts" if full else "the disk has room again", free=free)
        return not full
