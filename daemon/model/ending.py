"""How things end, and when they are tried again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.contract import Result


class Kind(StrEnum):
    """Classes of failure that differ in what helps."""

    BAD_INPUT = "bad input"
    INFRASTRUCTURE = "infrastructure"
    OUT_OF_MEMORY = "out of memory"
    TIMEOUT = "timeout"
    CRASH = "crash"
    CANCELLED = "cancelled"
    SETUP = "setup"  # something of the machine is missing, and only a person can mend it


@dataclass(frozen=True, slots=True)
class Done:
    """It worked; a stage's result comes with it."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work. reason: what happened, where, and what to do."""

    reason: str
    kind: Kind


Outcome = Done | Failed


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more after delay seconds. burns: whether this attempt counts."""

    delay: float
    burns: bool


ATTEMPTS = {Kind.CRASH: 3, Kind.TIMEOUT: 2, Kind.OUT_OF_MEMORY: 2}
"""How many attempts a stage has that ends so; what is not here has one, but infrastructure has no limit."""


def after(failed: Failed, burned: int, infra: int) -> Again | None:
    """When to try a stage again, or None to give up.

    burned: attempts of this stage that counted, this one included; infra: failures of the infrastructure in a row.
    Delays double: 10 s, 20 s, … at most 10 min (infrastructure: from 2 s, at most 5 min).
    """
    if failed.kind is Kind.INFRASTRUCTURE:
        return Again(min(2.0 * 2.0 ** min(infra, 10), 300.0), burns=False)
    if burned < ATTEMPTS.get(failed.kind, 1):
        return Again(min(10.0 * 2.0 ** (burned - 1), 600.0), burns=True)
    return None
