"""What other threads tell the dispatcher: frozen values through one queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.model import Ended, Failed, Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class TookIn:
    """The inputs of a job are in its work folder and its request is written. identity: of the work that it asks for."""

    identity: str


@dataclass(frozen=True, slots=True)
class GaveBack:
    """The item is in the inbox again, or never left it; why says for what reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The last move of a job is made: its result and its inputs are where they stay."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the stages of a job need is in its work folder. again: the stages whose earlier answers do not hold now.

    licences: of the weights that it works with, pack -> sentence.
    """

    again: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unprepared:
    """What the stages of a job need is not there: for good, or it is to be tried again (of the infrastructure)."""

    failed: Failed


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Somebody else has taken the name that was chosen; nothing has moved there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A move of a job's files is over, or must be tried again (Failed of kind infrastructure)."""

    job: str
    outcome: TookIn | Prepared | Unprepared | GaveBack | Settled | NameTaken | Failed


@dataclass(frozen=True, slots=True)
class Due:
    """A job of the scheduler should be done now."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEdited:
    """The user has changed the tree of a key, and is done with it."""

    pipeline: str
    inbox: str
    key: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A job of the scheduler was done."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The daemon should end; stages run on."""


Event = Inventory | Ended | Moved | Due | TreeEdited | Succeeded | Stop
