"""The trees by gender, age, emotion and race, and the filter: which faces may show, by what was estimated of them."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int32

from pipelines.contract import Leaf
from pipelines.faces.people.words import NOBODY, Standing
from pipelines.faces.tree.attributes import NAMES, UNKNOWN, Attributes
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.naming import Placed
from pipelines.faces.tree.places import Kind

Values = Sequence[str]
"""One for each face; empty where it is not known."""
_OF_PEOPLE = ("gender", "race")
"""What all pictures of a person agree on: that which most of its faces speak for, by their scores."""
_SPAN = 10


def values(holdings: Holdings, attributes: Attributes, name: str) -> Values:
    """What each face is: of gender and race the person's, of emotion its own, of age the decade."""
    if name == "age":
        decades = np.nan_to_num(attributes.age, nan=-_SPAN) // _SPAN * _SPAN
        return [f"{d}-{d + _SPAN - 1}" if d >= 0 else "" for d in decades.astype(int).tolist()]
    kind = attributes.kind[name]
    if name in _OF_PEOPLE:
        kind = _agreed(holdings, kind, np.nan_to_num(attributes.score[name], nan=0.0))
    return [NAMES[name][k] if k != UNKNOWN else "" for k in kind.tolist()]


def chosen(holdings: Holdings, attributes: Attributes, wish: Mapping[str, str]) -> Bool[np.ndarray, " n"]:
    """The faces that are as wished: gender and emotion by name, age in years from low to high."""
    found = np.ones(len(holdings.faces), dtype=bool)
    for name, value in wish.items():
        if name == "age":
            low, _, high = value.partition("-")
            years = np.floor(attributes.age)
            found &= (years >= int(low)) & (years <= int(high or low))
        else:
            found &= np.asarray([one == value for one in values(holdings, attributes, name)], dtype=bool)
    return found


def mirrored(name: str, of: Values, each: Iterable[tuple[Placed, Leaf]]) -> Iterator[Leaf]:
    """Leaves of ``by-<name>/<value>/…`` for all that stands with people or unsorted, by the faces for which it does."""
    for one, leaf in each:
        if one.spot.kind in (Kind.PEOPLE, Kind.UNSORTED):
            below = one.path.removeprefix(f"{Kind.PEOPLE}/")
            for value in dict.fromkeys(of[face] for face in one.spot.faces):
                if value:
                    yield replace(leaf, path=f"by-{name}/{value}/{below}")


def _agreed(holdings: Holdings, kind: Int32[np.ndarray, " n"], score: np.ndarray) -> Int32[np.ndarray, " n"]:
    census = holdings.census
    settled = np.isin(census.standing, (Standing.JOINED, Standing.PLACED)) & (census.person != NOBODY)
    people, at = np.unique(census.person[settled], return_inverse=True)
    votes = np.zeros((len(people), int(kind.max(initial=0)) + 1))
    speaks = kind[settled] != UNKNOWN
    np.add.at(votes, (at[speaks], kind[settled][speaks]), score[settled][speaks] + np.finfo(np.float32).eps)
    winner = np.where(votes.any(axis=1), votes.argmax(axis=1), UNKNOWN)
    found = kind.copy()
    found[settled] = winner[at]
    return found
