"""The steps of a change of a tree, made in their order, each only if the file is still the one that was meant."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from daemon.custody.places import back
from daemon.failpoints import Step, step
from daemon.folders import make_folder, sync_folder
from daemon.moves import rename_new
from daemon.names import shown
from daemon.tree.branches import Branches
from daemon.tree.bring import Bringer
from daemon.tree.contents import Contents
from daemon.tree.steps import NOTES, Drop, Hold, Plan
from daemon.tree.words import Applied, Entry, Owner, TreeChange, folder_of

T = TypeVar("T")
_TOGETHER: Final = 2000
"""Files that are made durable, and noted, at once."""


def carry(change: TreeChange, plan: Plan) -> tuple[Mapping[str, Entry], Applied]:
    """Afterwards all steps are made, durably; the answer says what has come to its place, and what came of all.

    Raises OSError; then a new plan goes on from there.
    """
    return _Carrier(change, plan).carry()


class _Carrier:
    def __init__(self, change: TreeChange, plan: Plan) -> None:
        self._change = change
        self._plan = plan
        self._contents = Contents(change.tree, plan.files, change.sources)
        self._branches = Branches(change.tree, change.ownership)
        self._counts: Counter[str] = Counter()
        self._left: list[str] = []

    def carry(self) -> tuple[Mapping[str, Entry], Applied]:
        plan = self._plan
        for old, new in plan.respell:
            self._branches.respell(old, new)
        for hold in plan.holds:
            self._hold(hold)
        bringer = Bringer(self._change, self._contents, self._branches)
        for some in _in_parts(sorted(plan.brings, key=lambda bring: bring.put.origin is None)):
            bringer.bring(some)
        for gone in _in_parts((*plan.drops, *bringer.late)):
            self._drop_all(gone)
        for folder in plan.empty:
            self._branches.clear(folder)
        self._branches.sync(folder_of(folder) for folder in plan.empty)
        return bringer.entries, Applied(
            placed=bringer.counts["placed"],
            moved=bringer.counts["moved"],
            removed=self._counts["removed"],
            kept=self._counts["kept"],
            left=len(plan.left) + len(self._left),
            unknown=len(plan.unknown) + bringer.counts["unknown"],
            faults=(*plan.faults, *bringer.faults)[:NOTES],
            notes=(*plan.notes, *self._left[:NOTES]),
        )

    def _hold(self, hold: Hold) -> None:
        if self._contents.identity(hold.path) != hold.identity:
            self._leave(hold.path)
            return
        aside = self._change.tree / hold.aside
        aside.parent.mkdir(parents=True, exist_ok=True)
        rename_new(self._change.tree / hold.path, aside)
        sync_folder(aside.parent)
        step(Step.TREE_HELD)

    def _drop_all(self, drops: Sequence[Drop]) -> None:
        for drop in drops:
            self._drop(drop)
            step(Step.TREE_REMOVED)
        self._branches.sync(folder_of(drop.path) for drop in drops)

    def _drop(self, drop: Drop) -> None:
        path = self._change.tree / drop.path
        if self._contents.identity(drop.path) != drop.identity:
            if os.path.lexists(path):
                self._leave(drop.path)
            return
        last = drop.owner is Owner.USER and not self._contents.stays_without(drop.path, drop.sha256)
        if last and drop.sha256 not in self._change.forget:
            place = self._change.kept / drop.name
            make_folder(place.parent, self._change.ownership)
            back(path, place)
            self._counts["kept"] += 1
        else:
            path.unlink()
        self._counts["removed"] += 1

    def _leave(self, path: str) -> None:
        self._left.append(f"{shown(path)} was changed by a user just now and is left as it is.")


def _in_parts(all_: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(all_), _TOGETHER):
        yield all_[start : start + _TOGETHER]
