"""What a job needs next."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.dispatch.progression import Finished, GaveUp, Next, judge, progression
from daemon.model import Done, End, Ended, Failed, Kind, Slot
from daemon.store import Attempt, AttemptStatus
from pipelines.contract import EXIT_BAD_INPUT, EXIT_UNREADY, Refusal, Result, Stage

READ, DRAW = Stage(name="read"), Stage(name="draw")
SPLIT, EACH, JOIN = Stage(name="split"), Stage(name="each", sharded=True), Stage(name="join")


def attempt(stage, number=1, status=AttemptStatus.DONE, kind=None, shard=None, ended=100.0):
    return Attempt(
        job="j",
        stage=stage.name,
        shard=shard,
        number=number,
        status=status,
        runner="local",
        slot=Slot(cpus=1),
        started=ended - 1,
        ended=None if status is AttemptStatus.RUNNING else ended,
        kind=kind,
        burns=kind is not Kind.INFRASTRUCTURE,
        reason="why" if kind else None,
    )


def failed(stage, kind, number=1, **kwargs):
    return attempt(stage, number, AttemptStatus.FAILED, kind, **kwargs)


def test_a_new_job_wants_its_first_stage_at_once():
    match progression((READ, DRAW), (), {}):
        case Next(wanted=(one,), running=0):
            assert (one.stage, one.number, one.at) == (READ, 1, 0.0)
        case other:
            pytest.fail(str(other))


def test_the_second_stage_follows_the_first():
    match progression((READ, DRAW), (attempt(READ),), {}):
        case Next(wanted=(one,)):
            assert one.stage == DRAW
        case other:
            pytest.fail(str(other))


def test_a_job_whose_stages_are_all_done_is_finished():
    assert progression((READ, DRAW), (attempt(READ), attempt(DRAW)), {}) == Finished()


def test_nothing_is_wanted_while_a_stage_runs():
    assert progression((READ,), (attempt(READ, status=AttemptStatus.RUNNING),), {}) == Next((), 1)


def test_bad_input_is_never_tried_again():
    assert progression((READ,), (failed(READ, Kind.BAD_INPUT),), {}) == GaveUp(Failed("why", Kind.BAD_INPUT), 0)


def test_a_crash_is_tried_three_times_with_growing_delays():
    first = progression((READ,), (failed(READ, Kind.CRASH),), {})
    second = progression((READ,), (failed(READ, Kind.CRASH), failed(READ, Kind.CRASH, 2)), {})
    third = progression((READ,), tuple(failed(READ, Kind.CRASH, n) for n in (1, 2, 3)), {})
    assert isinstance(first, Next)
    assert isinstance(second, Next)
    assert (first.wanted[0].at, second.wanted[0].at) == (110.0, 120.0)
    assert isinstance(third, GaveUp)


def test_failures_of_the_infrastructure_burn_no_attempt():
    history = tuple(failed(READ, Kind.INFRASTRUCTURE, n) for n in range(1, 30))
    assert isinstance(progression((READ,), history, {}), Next)


def test_what_the_user_forgave_is_tried_again_at_once():
    forgiven = replace(failed(READ, Kind.BAD_INPUT), burns=False, kind=None)
    match progression((READ,), (forgiven,), {}):
        case Next(wanted=(one,)):
            assert (one.number, one.at) == (2, 0.0)
        case other:
            pytest.fail(str(other))


def test_shards_run_side_by_side_and_the_next_stage_waits_for_all():
    shards = {"each": ("0", "1", "2")}
    done = (attempt(SPLIT), attempt(EACH, shard="0"), attempt(EACH, status=AttemptStatus.RUNNING, shard="1"))
    match progression((SPLIT, EACH, JOIN), done, shards):
        case Next(wanted=(one,), running=1):
            assert (one.stage, one.shard) == (EACH, "2")
        case other:
            pytest.fail(str(other))
    rest = (attempt(EACH, shard="1"), attempt(EACH, shard="2"))
    match progression((SPLIT, EACH, JOIN), (*done[:2], *rest), shards):
        case Next(wanted=(one,)):
            assert one.stage == JOIN
        case other:
            pytest.fail(str(other))


def test_a_shard_that_failed_for_good_ends_the_job_once_the_others_are_over():
    shards = {"each": ("0", "1")}
    history = (attempt(SPLIT), failed(EACH, Kind.BAD_INPUT, shard="0"))
    running = attempt(EACH, status=AttemptStatus.RUNNING, shard="1")
    assert progression((SPLIT, EACH), (*history, running), shards) == GaveUp(Failed("why", Kind.BAD_INPUT), 1)


@given(st.lists(st.sampled_from([*Kind, None]), max_size=12))
def test_whatever_happened_a_job_wants_something_or_is_over(ends):
    history = tuple(
        attempt(READ, n, AttemptStatus.DONE if kind is None else AttemptStatus.FAILED, kind)
        for n, kind in enumerate(ends, 1)
    )
    match progression((READ,), history, {}):
        case Next(wanted, running):
            assert wanted or running
        case Finished():
            assert None in ends
        case GaveUp(_, running):
            assert running == 0


def ended(end, status=None):
    return Ended(task="t", end=end, status=status)


def test_status_0_with_a_result_is_done():
    assert judge(ended(End.EXITED, 0), "read", Result(), "") == Done(Result())


def test_status_0_without_a_result_is_a_failure():
    outcome = judge(ended(End.EXITED, 0), "read", None, "bye")
    assert isinstance(outcome, Failed)
    assert outcome.kind is Kind.CRASH
    assert "bye" in outcome.reason


def test_a_refusal_is_shown_as_it_is():
    assert judge(ended(End.EXITED, EXIT_BAD_INPUT), "read", Refusal(reason="a.obj is empty."), "") == Failed(
        "a.obj is empty.", Kind.BAD_INPUT
    )


def test_what_was_cancelled_says_so_once():
    over = Ended(task="t", end=End.CANCELLED, detail="it was cancelled")
    assert judge(over, "read", None, "") == Failed("It was cancelled.", Kind.CANCELLED)


def test_a_stage_that_cannot_run_here_says_what_is_missing_and_its_input_is_not_blamed():
    assert judge(ended(End.EXITED, EXIT_UNREADY), "read", Refusal(reason="torch is missing."), "") == Failed(
        "torch is missing.", Kind.SETUP
    )


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (End.KILLED, Kind.CRASH),
        (End.OUT_OF_MEMORY, Kind.OUT_OF_MEMORY),
        (End.TIMEOUT, Kind.TIMEOUT),
        (End.CANCELLED, Kind.CANCELLED),
        (End.LOST, Kind.INFRASTRUCTURE),
        (End.NEVER_STARTED, Kind.INFRASTRUCTURE),
    ],
)
def test_each_end_has_its_class(end, kind):
    outcome = judge(ended(end, 9), "read", Result(), "")
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
