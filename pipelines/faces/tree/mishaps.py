"""What befell a whole part of the tree at once, and says nothing about anybody: it is not heard then. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.contract import Shown
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.names import fold
from pipelines.faces.tree.places import FOLDERS, Kind
from pipelines.faces.tree.sights import Mishap, Sight, Sights, sights

_AWAY = (None, Kind.ELSEWHERE)
_GONE = (
    "all its folders were gone at once, deleted or under another name. That is taken for a mishap: nobody is hidden, "
    "and they were put back. To hide everybody, delete all folders but one, and that one later"
)
_BLOCKED = (
    "a file of this name stands where the folder belongs. Until you move the file away, or give it another name, what "
    "belongs there stands in a folder beside it"
)


def seen(holdings: Holdings, shown: Sequence[Shown]) -> Sights:
    """What the files of the tree are; where a part of it is gone by a mishap, as if it were as we left it."""
    now = sights(holdings, shown)
    known = now.known
    blocked = {Kind(name): line.path for line in shown if (name := fold(line.path)) in FOLDERS}
    mishaps = [Mishap(what=path, why=_BLOCKED) for path in blocked.values()]
    gone = {kind for kind in blocked if _is_gone(kind, known)}
    if Kind.PEOPLE not in blocked and _is_gone(Kind.PEOPLE, known) and _people(known) > 1:
        gone.add(Kind.PEOPLE)
        mishaps.append(Mishap(what=str(Kind.PEOPLE), why=_GONE))
    mended = tuple(_unmoved(sight) if _is_away(sight, gone) else sight for sight in known)
    return replace(now, known=mended, mishaps=tuple(mishaps))


def _is_gone(kind: Kind, known: Iterable[Sight]) -> bool:
    """Whether files stood there, and none does now."""
    stood = False
    for sight in known:
        if sight.now is not None and sight.now.kind is kind:
            return False
        stood = stood or (sight.was is not None and sight.was.kind is kind)
    return stood


def _people(known: Iterable[Sight]) -> int:
    """How many people had a folder."""
    return len({sight.was.folder for sight in known if sight.was is not None and sight.was.kind is Kind.PEOPLE})


def _is_away(sight: Sight, gone: set[Kind]) -> bool:
    was, now = sight.was, sight.now
    return was is not None and was.kind in gone and (now.kind if now else None) in _AWAY


def _unmoved(sight: Sight) -> Sight:
    line = replace(sight.line, path=sight.line.was or "")
    return replace(sight, now=sight.was, line=line, missing=not sight.line.path)
