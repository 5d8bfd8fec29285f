"""What is removed with time: work folders of jobs that are over, and, where it is configured, archived inputs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from daemon.dispatch.site import Site
from daemon.model import ACTIVE
from daemon.store import Store

DAY = 24 * 3600.0

ASKED = ".visaged-asked-"
"""What the folder of a question's files is called until its job takes them; one that nobody took is removed."""

GONE = ".visaged-gone-"
"""A work folder is renamed so at once, before it is removed: a retry in between must not put files into it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long things stay, in seconds; None: for ever."""

    work: float | None
    archive: float | None


class Retention:
    """Removes what is old. Called from the dispatcher's thread; the removing itself is done by a thread of its own."""

    def __init__(self, store: Store, site: Site, keep: Keep, on_done: Callable[[], None]) -> None:
        self._store = store
        self._site = site
        self._keep = keep
        self._on_done = on_done

    def __call__(self, now: float) -> None:
        """Afterwards everything that is too old is being removed; on_done is called when it is gone."""
        for folder in tuple(self._work(now)):
            folder.rename(folder.with_name(GONE + folder.name))
        asked = [p for p in self._site.work.glob(f"{ASKED}*") if now - p.stat().st_mtime > DAY]
        old = [*asked, *self._site.work.glob(f"{GONE}*"), *old_days(self._site.archive, self._keep.archive, now)]
        threading.Thread(target=self._remove, args=(old,), name="retention", daemon=True).start()

    def _work(self, now: float) -> Iterator[Path]:
        """The work folders of jobs that have been over for long. One that no job owns is not ours to remove."""
        if self._keep.work is None or not self._site.work.is_dir():
            return
        for folder in self._site.work.iterdir():
            job = self._store.job(folder.name)
            if job is not None and job.status not in ACTIVE and now - job.updated > self._keep.work:
                yield folder

    def _remove(self, old: Iterable[Path]) -> None:
        for folder in old:
            log.info("removed, as it is old", folder=str(folder))
            shutil.rmtree(folder, ignore_errors=True)
        self._on_done()


def old_days(archive: Path, keep: float | None, now: float) -> tuple[Path, ...]:
    """The folders ``archive/<lane>/<date>`` of days that ended over keep seconds ago. Those of other names stay."""
    if keep is None:
        return ()
    return tuple(
        folder for folder in sorted(archive.glob("*/*")) if (end := _end_of_day(folder.name)) and now - end > keep
    )


def _end_of_day(name: str) -> float | None:
    try:
        return datetime.strptime(name, "%Y-%m-%d").astimezone().timestamp() + DAY
    except ValueError:
        return None
