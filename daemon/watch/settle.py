"""The memory of an inbox: what was seen when, and so which items are settled. Time is monotonic seconds, handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.model import Arrival, Manifest, Seen, Unsettled
from daemon.watch.complete import STALE, Evidence, Judge, Memory, Rules
from daemon.watch.items import Candidate
from daemon.watch.listed import Fault
from daemon.watch.shown import shown
from daemon.watch.temporary import is_temporary


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All items, once each.

    due: when to look again, monotonic seconds, even if nothing happens; None: no need. fresh: whether any item is new
    or changed.
    """

    settled: tuple[Arrival, ...]
    unsettled: tuple[Unsettled, ...]
    due: float | None
    fresh: bool


class Settling:
    """The reviews of one inbox, one after the other.

    apart: paths of temporary files that have gone stale, for ``items.group``.
    """

    def __init__(self, rules: Rules, evidence: Evidence) -> None:
        """Nothing is remembered, so whatever is seen first starts to settle."""
        self.apart: frozenset[str] = frozenset()
        self._inbox = rules.inbox
        self._evidence = evidence
        self._judge = Judge(rules, evidence)
        self._memories: dict[str, Memory] = {}

    def forget(self) -> None:
        """Afterwards everything settles anew; for an inbox that was away."""
        self.apart = frozenset()
        self._memories = {}

    def review(self, candidates: Iterable[Candidate], began: float, ended: float) -> Review:
        """Which candidates are items by now, and what the others wait for.

        began, ended: of the scan that saw them. A change may have happened as late as ended, so only a scan that begins
        a full settle time after that can see that it was the last.
        """
        settled: list[Arrival] = []
        unsettled: list[Unsettled] = []
        dues: list[float] = []
        memories: dict[str, Memory] = {}
        for candidate in candidates:
            memory = memories[candidate.ident] = self._remembered(candidate, ended)
            match memory.arrival or self._judge.judge(memory, began):
                case Arrival() as arrival:
                    memory.arrival = arrival
                    settled.append(arrival)
                case Fault() as fault:
                    dues.append(fault.until)
                    unsettled.append(self._waiting(candidate, fault.why))
        fresh = any(self._memories.get(ident) is not memory for ident, memory in memories.items())
        self._memories = memories
        if self._part_stale(began):
            dues.append(began)
        return Review(settled=tuple(settled), unsettled=tuple(unsettled), due=min(dues, default=None), fresh=fresh)

    def _remembered(self, candidate: Candidate, ended: float) -> Memory:
        manifest = self._manifest(candidate)
        memory = self._memories.get(candidate.ident)
        if memory and memory.candidate == candidate and memory.manifest == manifest:
            return memory
        return Memory(
            candidate=candidate,
            manifest=manifest,
            since=ended,
            changed=_change(memory.candidate.files if memory else (), candidate.files),
            temporary=_temporary(candidate),
        )

    def _manifest(self, candidate: Candidate) -> Manifest | None:
        if not candidate.sidecars:
            return None
        first, *others = candidate.sidecars
        if not others:
            return self._evidence.manifest(first)
        names = " and ".join(shown(seen.path) for seen in candidate.sidecars)
        return Manifest(path=first.path, problem=f"There are {names}: keep one manifest and remove the other.")

    def _part_stale(self, now: float) -> bool:
        """Whether there are new ones, so that the groups must be made again."""
        stale = {
            memory.temporary
            for memory in self._memories.values()
            if memory.temporary and not memory.candidate.folder and len(memory.candidate.files) > 1
            if now >= memory.since + STALE
        }
        present = {top for m in self._memories.values() for top in m.candidate.tops} if self.apart else set()
        self.apart = (self.apart & present) | stale
        return bool(stale)

    def _waiting(self, candidate: Candidate, why: str) -> Unsettled:
        return Unsettled(inbox=self._inbox, lane=candidate.lane, tops=candidate.tops, name=candidate.name, why=why)


def _temporary(candidate: Candidate) -> str | None:
    """The first path on which, from the dropped top on, any name is a temporary one."""
    start = candidate.tops[0].rfind("/") + 1
    return next((seen.path for seen in candidate.files if any(map(is_temporary, seen.path[start:].split("/")))), None)


def _change(before: tuple[Seen, ...], now: tuple[Seen, ...]) -> str:
    """The begin of a sentence that ends in "within the last 5 s"."""
    if not before:
        return "was first seen"
    old = {seen.path: seen for seen in before}
    other = next((seen for seen in now if old.get(seen.path) != seen), None)
    if other is None:
        return "some of it was removed"
    return f"still being written: {shown(other.path)} {'changed' if other.path in old else 'came'}"
