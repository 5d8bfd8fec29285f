"""Whether one item is complete: the decision in the order of DESIGN.md section 3, step 2.

Time is monotonic seconds that the caller hands in; what only a look at the disk can tell comes through ``Evidence``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from daemon.model import Arrival, Manifest, Seen
from daemon.watch.items import Candidate
from daemon.watch.listed import MANIFEST_QUIET, Fault, Times, fault_of
from daemon.watch.members import archive_stem
from daemon.watch.scan import BLOCKED
from daemon.watch.shown import shown
from pipelines.contract import Entry

AGAIN: Final = 1.0
"""Seconds until what passes by itself is looked at again (a file held open); an event usually tells earlier."""
RIGHTS: Final = 15.0
"""Seconds until a file that may not be read is tried again: no event tells of a right that is given."""
PROBED: Final = 1000
"""How many files of an item are probed: the last to change, since a transfer is broken off at its end."""
STALE: Final = 600.0
"""Seconds after which a temporary file that does not change no longer keeps the loose files beside it waiting."""


class Evidence(Protocol):
    """What a look at the disk tells. Paths are relative to the inbox."""

    def manifest(self, seen: Seen) -> Manifest:
        """A manifest's content."""

    def readable(self, path: str) -> bool:
        """Whether the daemon may read the file."""

    def held(self, path: str) -> bool:
        """Whether a local program has the file open for writing."""

    def ends_early(self, path: str) -> bool:
        """Whether the file lacks the end that its format has."""

    def digest(self, seen: Seen) -> str | None:
        """The file's SHA-256, lower case; empty where it cannot be read; None while it is being computed."""

    def members(self, seen: Seen) -> tuple[Entry, ...] | str | None:
        """An archive's content, or why it cannot be listed; None while it is being listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How patient to be, in seconds. listed_patience: for files that a manifest promises and that are not there."""

    inbox: str
    settle_seconds: float
    probe_patience: float = 60.0
    listed_patience: float = 24 * 3600.0

    @property
    def patience(self) -> float:
        """For files that are there but do not look complete."""
        return max(self.settle_seconds, self.probe_patience)


@dataclass(slots=True, kw_only=True)
class Memory:
    """What is known of one candidate, as long as its files stay the same.

    since: when the last change was seen. changed: what changed, the begin of a sentence. temporary, held, doubtful: the
    first file with a temporary name, that was held open, that ended early. unreadable: the first file that may not be
    read. readable, probed: whether unreadable, doubtful are known.
    """

    candidate: Candidate
    manifest: Manifest | None
    since: float
    changed: str
    temporary: str | None
    unreadable: str | None = None
    readable: bool = False
    held: str | None = None
    doubtful: Seen | None = None
    probed: bool = False
    arrival: Arrival | None = None


class Judge:
    """Decides by the rules of an inbox and the evidence on its disk."""

    def __init__(self, rules: Rules, evidence: Evidence) -> None:
        """Rules and evidence are the same for all items of an inbox."""
        self._rules = rules
        self._evidence = evidence

    def judge(self, memory: Memory, began: float) -> Arrival | Fault:
        """The item, or why it is not complete as a scan saw it that began then."""
        blocked = next((seen for seen in memory.candidate.files if seen.kind == BLOCKED), None)
        if blocked:
            why = f"the folder {shown(blocked.path)} may not be read by the daemon: allow its user or group to read it"
            return Fault(why=why, until=began + STALE)
        listed = memory.manifest is not None and memory.manifest.files
        fault = self._not_as_listed(memory, began) if listed else self._not_yet(memory, began)
        if fault and (fault.problem is None or began < fault.until):
            return fault
        return self._arrival(memory, began, fault.problem if fault else None)

    def _not_as_listed(self, memory: Memory, began: float) -> Fault | None:
        quiet = memory.since + MANIFEST_QUIET
        if began < quiet or memory.manifest is None:
            return Fault(why=self._still(memory), until=quiet)
        times = Times(
            now=began,
            again=began + AGAIN,
            differs=memory.since + self._rules.patience,
            missing=memory.since + self._rules.listed_patience,
        )
        return self._unreadable(memory, began) or fault_of(
            memory.candidate.files, memory.manifest, self._evidence, times
        )

    def _not_yet(self, memory: Memory, began: float) -> Fault | None:
        quiet = memory.since + self._rules.settle_seconds
        if memory.temporary:
            name, stale = shown(memory.temporary), memory.since + STALE
            why = f"{name} is still being transferred, its name says; delete it if the transfer was broken off"
            return Fault(why=why, until=stale if began < stale else began + STALE)
        if began < quiet:
            return Fault(why=self._still(memory), until=quiet)
        if _is_orphan(memory.candidate):
            name = shown(memory.candidate.sidecars[0].path)
            return Fault(
                why=f"{name} waits for the files that it belongs to",
                until=memory.since + self._rules.listed_patience,
                problem=f"{name} belongs to no file here: drop it together with the files that it is about.",
            )
        return (
            self._unreadable(memory, began)
            or self._doubted(memory, began)
            or self._held_open(memory, began)
            or self._probed(memory, began)
        )

    def _unreadable(self, memory: Memory, began: float) -> Fault | None:
        if memory.readable:
            return None
        last = (memory.unreadable,) if memory.unreadable else ()
        paths = (*last, *(seen.path for seen in memory.candidate.files if seen.kind == "file"))
        memory.unreadable = next((path for path in paths if not self._evidence.readable(path)), None)
        memory.readable = memory.unreadable is None
        if memory.unreadable is None:
            return None
        why = f"{shown(memory.unreadable)} cannot be read by visaged; give its user the right to read it (chmod a+r)"
        return Fault(why=why, until=began + RIGHTS)

    def _held_open(self, memory: Memory, began: float) -> Fault | None:
        last = (memory.held,) if memory.held else ()
        paths = (*last, *(seen.path for seen in memory.candidate.files if seen.kind == "file"))
        memory.held = next((path for path in paths if self._evidence.held(path)), None)
        if memory.held is None:
            return None
        return Fault(why=f"waits: a program still has {shown(memory.held)} open", until=began + AGAIN)

    def _probed(self, memory: Memory, began: float) -> Fault | None:
        if not memory.probed:
            files = sorted((s for s in memory.candidate.files if s.kind == "file"), key=lambda s: -s.ctime_ns)[:PROBED]
            memory.doubtful = next((seen for seen in files if self._evidence.ends_early(seen.path)), None)
            memory.probed = True
        return self._doubted(memory, began)

    def _doubted(self, memory: Memory, began: float) -> Fault | None:
        until = memory.since + self._rules.patience
        if memory.doubtful is None or began >= until:
            return None
        state = "ends in the middle" if memory.doubtful.size else "is empty"
        why = f"{shown(memory.doubtful.path)} {state}; waiting up to {self._rules.patience:g} s for the rest"
        return Fault(why=why, until=until)

    def _arrival(self, memory: Memory, began: float, problem: str | None) -> Arrival | Fault:
        candidate = memory.candidate
        members: tuple[Entry, ...] = ()
        if candidate.archive and problem is None:
            packed = next(seen for seen in candidate.files if archive_stem(seen.path) is not None)
            found = self._evidence.members(packed)
            if found is None:
                return Fault(why=f"the content of {shown(packed.path)} is being listed", until=began + AGAIN)
            problem, members = (found, ()) if isinstance(found, str) else (None, found)
        return Arrival(
            inbox=self._rules.inbox,
            lane=candidate.lane,
            key=candidate.key,
            name=candidate.name,
            tops=candidate.tops,
            files=candidate.files,
            folder=candidate.folder,
            archive=candidate.archive,
            members=members,
            manifest=memory.manifest,
            problem=problem,
        )

    def _still(self, memory: Memory) -> str:
        return f"{memory.changed} within the last {self._rules.settle_seconds:g} s"


def _is_orphan(candidate: Candidate) -> bool:
    return not candidate.folder and len(candidate.sidecars) == len(candidate.files)
