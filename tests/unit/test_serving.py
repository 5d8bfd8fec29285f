"""A stage that is of another version than the daemon says so, once, whichever pipeline it is of."""

import subprocess
import sys
from pathlib import Path

import pytest

from daemon.dispatch.progression import GaveUp, judge, progression
from daemon.model import End, Ended, Failed, Kind
from daemon.store import Attempt, AttemptStatus
from pipelines.contract import EXIT_UNREADY, Request, dump, read_refusal, stage_folder
from pipelines.registry import ours

ROOT = Path(__file__).resolve().parents[2]


def refused(job, pipeline, stage, options):
    """What a stage of that pipeline says to a request with these options, as the daemon hears it."""
    request = Request(job="j", pipeline=pipeline.name, name="x", inputs=(), options=options)
    (job / "request.json").write_bytes(dump(request))
    asked = [sys.executable, "-m", pipeline.run_as, stage, str(job)]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_UNREADY, ended.stderr
    assert "Traceback" not in ended.stderr
    left = read_refusal(stage_folder(job, stage))
    return judge(Ended(task="t", end=End.EXITED, status=ended.returncode), stage, left, "")


def is_given_up(stage, failed):
    first = Attempt(
        job="j",
        stage=stage.name,
        shard=None,
        number=1,
        status=AttemptStatus.FAILED,
        runner="local",
        slot=None,
        started=1.0,
        kind=failed.kind,
        reason=failed.reason,
        burns=True,
    )
    return progression([stage], [first], {}) == GaveUp(failed, 0)


@pytest.mark.parametrize("name", ours())
def test_a_stage_that_does_not_know_an_option_says_at_once_that_its_image_has_to_be_built_anew(tmp_path, name):
    pipeline = ours()[name]
    stage = pipeline.stages[0]
    failed = refused(tmp_path, pipeline, stage.name, {"of_tomorrow": 1})
    assert isinstance(failed, Failed)
    assert failed.kind is Kind.SETUP
    assert f"the stages of {name} is of another version than the daemon" in failed.reason
    assert "it does not know the option of_tomorrow." in failed.reason
    assert "build their images anew (`make images`)" in failed.reason
    if not stage.sharded:
        assert is_given_up(stage, failed), "it is not tried again"


@pytest.mark.parametrize(
    ("stage", "options", "words"),
    [
        ("ingest", {"engine": "of_tomorrow"}, 'it does not take an option: engine = "of_tomorrow": it must be one of'),
        ("dream", {}, "it does not know the stage dream."),
    ],
)
def test_so_says_one_that_does_not_know_a_value_or_the_stage_itself(tmp_path, stage, options, words):
    assert words in refused(tmp_path, ours()["talking_head"], stage, options).reason
