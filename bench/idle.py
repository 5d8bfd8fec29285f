"""What a daemon costs that has nothing to do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import cpu, memory
from bench.place import Place, set_up
from bench.report import Report, Table
from daemon.model import Job, Status, Take
from daemon.store import Store, connect

FILES = 10_000
SECONDS = 60.0
REST = 5.0
"""Seconds between the last work and the measurement."""
GOAL = 1.0
"""Percent of a core."""
ABOUT = """
A daemon that nothing is dropped for: user and system time of its process over 60 s, as a share of one core. All rows
are measured at the same time. settle_seconds = 5, everything else as it comes.

- empty: nothing is there. The floor of the others.
- archive: 10,000 files lie in `archive/`, and 10,000 finished jobs are in the database. The goal is meant for this row.
- inbox: 10,000 files in ten folders lie in the inbox itself, done, with take = "reference": every scan sees them.
- polled: the same, but mode = "polled", as on a network share, where nothing tells of changes.
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What one daemon used. share: percent of a core. held: bytes of memory."""

    what: str
    share: float
    held: int


def measure(folder: Path) -> Report:
    """All daemons at once, for a minute."""
    places = {what: make(folder / what) for what, make in PLACES.items()}
    found = _measured(places)
    shares = {idle.what: idle.share for idle in found}
    verdict = "met" if shares["archive"] < GOAL else "missed"
    return Report(
        name="idle",
        title="What an idle daemon costs",
        about=ABOUT,
        tables=(
            Table(
                title=f"CPU over {SECONDS:.0f} s",
                columns=("daemon", "% of a core", "memory MiB"),
                rows=tuple((idle.what, f"{idle.share:.2f}", f"{idle.held / 2**20:.0f}") for idle in found),
            ),
        ),
        verdicts=(f"goal: under {GOAL:g} % of a core with the archive: {verdict} ({shares['archive']:.2f} %)",),
    )


def _measured(places: Mapping[str, Place]) -> tuple[Idle, ...]:
    with contextlib.ExitStack() as stack:
        pids = {what: stack.enter_context(place.running()) for what, place in places.items()}
        for place in places.values():
            place.wait_for("the end of all work", partial(_is_idle, place))
        time.sleep(REST)
        before, began = {what: cpu(pid) for what, pid in pids.items()}, time.monotonic()
        time.sleep(SECONDS)
        used, took = {what: cpu(pid) - before[what] for what, pid in pids.items()}, time.monotonic() - began
        return tuple(
            Idle(what=what, share=100.0 * used[what] / took, held=memory(pid)[0]) for what, pid in pids.items()
        )


def _is_idle(place: Place) -> bool:
    dropped = sum(1 for _ in (place.inbox / "noop").iterdir())
    with contextlib.closing(place.store()) as store:
        return not store.active_counts() and not store.waiting_counts() and place.count(Status.DONE) >= dropped


# ---------------------------------------------------------------- the places


def _empty(root: Path) -> Place:
    return set_up(root)


def _archive(root: Path) -> Place:
    place = set_up(root)
    _write(root / "archive" / "noop" / "2026-01-01", 1)
    store = Store(connect(root / "state" / "visaged.db"))
    store.add(_finished(number, root) for number in range(FILES))
    store.close()
    return place


def _inbox(root: Path) -> Place:
    return _full(root, "")


def _polled(root: Path) -> Place:
    return _full(root, 'mode = "polled"')


def _full(root: Path, mode: str) -> Place:
    place = set_up(root, inbox=f'take = "reference"\n{mode}')
    _write(place.inbox / "noop", FILES // 10)
    return place


def _write(folder: Path, each: int) -> None:
    """FILES files in folders of so many below folder."""
    for number in range(FILES):
        inside = folder / f"item-{number // each:05}"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / f"{number:05}.noop").write_text(f"{folder} {number}")


def _finished(number: int, root: Path) -> Job:
    name = f"item-{number:05}"
    return Job(
        id=f"260101-{number:07}",
        pipeline="noop",
        inbox="inbox",
        lane="noop",
        key=None,
        item=name,
        name=name,
        status=Status.DONE,
        priority=0,
        take=Take.MOVE,
        tops=(f"noop/{name}",),
        fingerprint=f"{number:064}",
        archive=False,
        folder=True,
        roles={"file": (f"{number:05}.noop",)},
        options={},
        created=time.time(),
        updated=time.time(),
        identity=f"{number:064}",
        inputs_at=str(root / "archive" / "noop" / "2026-01-01" / name),
        result=name,
    )


PLACES: Mapping[str, Callable[[Path], Place]] = {
    "empty": _empty,
    "archive": _archive,
    "inbox": _inbox,
    "polled": _polled,
}
