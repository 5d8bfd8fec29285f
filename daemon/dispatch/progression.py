"""What a job needs next, from its stages and what became of their attempts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daemon.model import Done, End, Ended, Failed, Kind, Outcome, after
from daemon.store import Attempt, AttemptStatus
from pipelines.contract import EXIT_BAD_INPUT, EXIT_UNREADY, Refusal, Result, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An attempt that should be made. at: not before that wall clock, seconds."""

    stage: Stage
    shard: str | None
    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Next:
    """Attempts that should be made; running: how many are under way. Both empty never happens."""

    wanted: tuple[Wanted, ...]
    running: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Every stage is done."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A stage failed for good. running: how many attempts are still under way."""

    failed: Failed
    running: int


Shards = Mapping[str, tuple[str, ...]]
"""Sharded stage -> the names of its shards, known once the stage before it is done."""


def progression(stages: Sequence[Stage], attempts: Sequence[Attempt], shards: Shards) -> Next | Finished | GaveUp:
    """What a job needs next.

    Stages run one after another; the shards of a stage side by side, and the stage after waits for all of them.
    """
    for stage in stages:
        names: tuple[str | None, ...] | None = shards.get(stage.name) if stage.sharded else (None,)
        if names is None:
            why = f"The stage before {stage.name} left no usable list of its shards (shards.json)."
            return GaveUp(Failed(why, Kind.CRASH), 0)
        mine = [[a for a in attempts if a.stage == stage.name and a.shard == name] for name in names]
        running = sum(a.status is AttemptStatus.RUNNING for history in mine for a in history)
        for history in mine:
            failed = _failed_for_good(history)
            if failed:
                return GaveUp(failed, running)
        wanted = tuple(
            _wanted(stage, name, history) for name, history in zip(names, mine, strict=True) if _open(history)
        )
        if wanted or running:
            return Next(wanted, running)
    return Finished()


def _open(history: Sequence[Attempt]) -> bool:
    return all(a.status is AttemptStatus.FAILED for a in history)


def _failed_for_good(history: Sequence[Attempt]) -> Failed | None:
    if not history or not _open(history) or _forgiven(history[-1]):
        return None
    last = _failure(history[-1])
    return last if after(last, _burned(history), _infra(history)) is None else None


def _forgiven(attempt: Attempt) -> bool:
    """Whether the user asked for another try since."""
    return not attempt.burns and attempt.kind is None


def _wanted(stage: Stage, shard: str | None, history: Sequence[Attempt]) -> Wanted:
    at = 0.0
    if history and not _forgiven(history[-1]):
        again = after(_failure(history[-1]), _burned(history), _infra(history))
        at = (history[-1].ended or 0.0) + (again.delay if again else 0.0)
    return Wanted(stage=stage, shard=shard, number=len(history) + 1, at=at)


def _failure(attempt: Attempt) -> Failed:
    return Failed(attempt.reason or "", attempt.kind or Kind.CRASH)


def _burned(history: Sequence[Attempt]) -> int:
    return sum(a.burns for a in history)


def _infra(history: Sequence[Attempt]) -> int:
    row = 0
    for attempt in reversed(history):
        if attempt.kind is not Kind.INFRASTRUCTURE:
            break
        row += 1
    return row


# ---------------------------------------------------------------- how an attempt ended


def judge(ended: Ended, stage: str, left: Result | Refusal | None, last_words: str) -> Outcome:
    """What the end of an attempt means. left: what the stage left behind. last_words: the last line of its log."""
    said = f" Its last words: {last_words}" if last_words else ""
    match ended.end, ended.status, left:
        case End.EXITED, 0, Result():
            return Done(left)
        case End.EXITED, code, Refusal(reason=reason) if code == EXIT_BAD_INPUT:
            return Failed(reason, Kind.BAD_INPUT)
        case End.EXITED, code, Refusal(reason=reason) if code == EXIT_UNREADY:
            return Failed(reason, Kind.SETUP)
        case End.EXITED, 0, _:
            how = f"The stage {stage} ended without leaving a result.{said}"
        case End.EXITED, code, _:
            how = f"The stage {stage} broke off (exit status {code}).{said}"
        case End.KILLED, signal, _:
            how = f"The stage {stage} was killed (signal {signal}).{said}"
        case End.CANCELLED, _, _:
            how = HOW[End.CANCELLED]
        case _:
            how = f"{HOW[ended.end].format(stage=stage)} {ended.detail}".rstrip()
    return Failed(how, KINDS[ended.end])


KINDS = {
    End.EXITED: Kind.CRASH,
    End.KILLED: Kind.CRASH,
    End.OUT_OF_MEMORY: Kind.OUT_OF_MEMORY,
    End.TIMEOUT: Kind.TIMEOUT,
    End.CANCELLED: Kind.CANCELLED,
    End.LOST: Kind.INFRASTRUCTURE,
    End.NEVER_STARTED: Kind.INFRASTRUCTURE,
    End.IMPOSSIBLE: Kind.SETUP,
}
HOW = {
    End.OUT_OF_MEMORY: "The stage {stage} needed more memory than it may have.",
    End.TIMEOUT: "The stage {stage} took longer than it may.",
    End.CANCELLED: "It was cancelled.",
    End.LOST: "The stage {stage} was lost.",
    End.NEVER_STARTED: "The stage {stage} could not be started.",
    End.IMPOSSIBLE: "The stage {stage} cannot run here.",
}
