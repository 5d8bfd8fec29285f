"""The reconciler: the thread that keeps the truth about one inbox. Scans decide; events only wake it earlier."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from daemon.errors import InboxOffline
from daemon.model import Inventory
from daemon.watch.complete import Rules
from daemon.watch.evidence import OnDisk
from daemon.watch.items import Lanes, group
from daemon.watch.mounts import Mode
from daemon.watch.pace import Bell, Pace
from daemon.watch.scan import ignores, scan
from daemon.watch.settle import Settling
from daemon.watch.watcher import Watcher

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a reconciler needs to know of its inbox. Times in seconds.

    marker: the id that the marker must hold, or None. ignore: globs of names. rescan: the mean time between scans where
    events are reported (they are jittered by a third); polled inboxes find their own.
    """

    name: str
    path: Path
    lanes: Lanes
    mode: Mode = Mode.AUTO
    settle_seconds: float = 5.0
    probe_patience: float = 60.0
    listed_patience: float = 24 * 3600.0
    ignore: tuple[str, ...] = ()
    marker: str | None = None
    rescan: float = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastScan:
    """How it goes. at: wall clock of the last good scan (0: none yet). cost: seconds. note: why there are no events."""

    mode: Mode
    at: float = 0.0
    cost: float = 0.0
    files: int = 0
    scans: int = 0
    problem: str | None = None
    note: str | None = None


class Reconciler:
    """One thread that scans one inbox and tells on_inventory (in that thread) what it holds whenever this changes.

    The first inventory comes at once after ``start``. An inbox that is away has a ``problem`` and nothing else; when it
    is back, everything in it settles anew. on_beat: called (in that thread) every few seconds, but not during a scan.
    """

    def __init__(
        self,
        settings: Settings,
        on_inventory: Callable[[Inventory], None],
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing runs yet."""
        self._settings = settings
        self._on_inventory = on_inventory
        self._on_beat = on_beat
        self._ignored = ignores(settings.ignore)
        self._bell = Bell()
        self._evidence = OnDisk(settings.path, self.nudge)
        rules = Rules(
            inbox=settings.name,
            settle_seconds=settings.settle_seconds,
            probe_patience=settings.probe_patience,
            listed_patience=settings.listed_patience,
        )
        self._settling = Settling(rules, self._evidence)
        self._watcher = Watcher(settings.path, settings.mode, self.nudge)
        self._pace = Pace(rescan=settings.rescan)
        self._sent: Inventory | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{settings.name}", daemon=True)
        self.last_scan = LastScan(mode=settings.mode)

    def start(self) -> None:
        """Afterwards the inbox is watched."""
        self._thread.start()

    def stop(self) -> None:
        """Afterwards nothing more is told; a scan that runs is waited for up to 10 s (a dead server never answers)."""
        self._bell.ring(stop=True)
        if self._thread.ident is not None:
            self._thread.join(10.0)

    def nudge(self, path: Path | None = None) -> None:
        """Afterwards a scan of the whole inbox is due, whatever path changed in it."""
        del path
        self._bell.ring()

    def _run(self) -> None:
        try:
            while self._bell.wait(self._pace, self._sound):
                self._beat()
                self._once()
        finally:
            self._watcher.stop()
            self._evidence.close()

    def _sound(self) -> bool:
        self._beat()
        try:
            return self._watcher.sound()
        except Exception:  # the scan that this asks for tells what is wrong
            log.exception("the watcher cannot be asked", inbox=self._settings.name)
            return False

    def _beat(self) -> None:
        try:
            self._on_beat()
        except Exception:  # a sign of life that is not heard is no reason to die
            log.exception("the watcher's beat failed", inbox=self._settings.name)

    def _once(self) -> None:
        hinted = self._bell.quiet()
        try:
            inventory = self._look(hinted=hinted)
        except InboxOffline as error:
            inventory = self._offline(str(error))
        except Exception as error:  # a daemon whose watcher died would look idle for ever
            log.exception("the watcher failed", inbox=self._settings.name)
            inventory = self._offline(f"The watcher of {self._settings.path} failed ({error!r}) and tries again.")
        if inventory != self._sent and not self._bell.stopping:
            self._sent = inventory
            self._on_inventory(inventory)

    def _look(self, *, hinted: bool) -> Inventory:
        mode = self._watcher.ready(hinted=hinted)
        self._evidence.leases = mode is Mode.EVENTS
        self._evidence.turn()
        began, used = time.monotonic(), time.thread_time()
        files = scan(self._settings.path, self._ignored, self._settings.marker)
        ended = time.monotonic()
        candidates = group(files, self._settings.lanes, self._evidence.manifest, self._settling.apart)
        cost = _cost(mode, time.monotonic() - began, time.thread_time() - used)
        review = self._settling.review(candidates, began, ended)
        if review.fresh and not hinted:
            self._watcher.missed_something()
        self._pace.scanned(time.monotonic(), cost, review.due, polled=not self._watcher.hinting)
        self.last_scan = LastScan(
            mode=mode,
            at=time.time(),
            cost=cost,
            files=len(files),
            scans=self.last_scan.scans + 1,
            note=self._watcher.note,
        )
        return Inventory(inbox=self._settings.name, mode=mode.value, settled=review.settled, unsettled=review.unsettled)

    def _offline(self, problem: str) -> Inventory:
        self._settling.forget()
        self._watcher.stop()
        self._pace.offline(time.monotonic())
        if problem != self.last_scan.problem:
            log.warning("inbox offline", inbox=self._settings.name, problem=problem)
        self.last_scan = replace(self.last_scan, problem=problem)
        return Inventory(inbox=self._settings.name, mode=self.last_scan.mode.value, problem=problem)


def _cost(mode: Mode, took: float, used: float) -> float:
    """What a scan cost, in seconds: the time of its server where it asks one, else only what it computed itself.

    A busy machine makes a scan take long; to wait for a multiple of that would make drops wait for nothing.
    """
    return took if mode is Mode.POLLED else used
