"""The switch that kills at a labelled step, tried with real processes."""

import os
import signal
import subprocess
import sys

import pytest

from daemon.errors import ConfigError
from daemon.failpoints import VARIABLE, Step, arm, step

PROGRAM = (
    "from daemon.failpoints import Step, step\n"
    "for _ in range(3): step(Step.ACCEPT_ROW); print('passed', flush=True)\n"
    "step(Step.QUEUE_ROW)"
)


def run(wish):
    environment = {**os.environ, VARIABLE: wish}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize(
    ("wish", "passed"), [("accept:row", 0), ("accept:row:1", 0), ("accept:row:3", 2), ("queue:row", 3)]
)
def test_the_process_is_killed_at_the_step_that_is_armed(wish, passed):
    ended = run(wish)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.count("passed") == passed


@pytest.mark.parametrize("wish", ["", "accept:row:4", "publish:renamed"])
def test_nothing_happens_where_no_step_is_reached(wish):
    assert run(wish).returncode == 0


@pytest.mark.parametrize("wish", ["accept", "accept:rows", "accept:row:0", "accept:row:x", ":", "3"])
def test_an_unknown_step_is_refused_at_import_with_a_sentence(wish):
    ended = run(wish)
    assert ended.returncode == 1
    assert "there is no such step" in ended.stderr
    assert "accept:renamed" in ended.stderr


def test_a_step_that_is_not_armed_costs_nothing():
    arm(None)
    step(Step.ACCEPT_ROW)


def test_arming_an_unknown_step_is_refused():
    with pytest.raises(ConfigError, match="no such step"):
        arm("nowhere")


def test_labels_are_unique_and_never_end_in_a_number():
    assert len({s.value for s in Step}) == len(Step.__members__)
    assert not any(s.value.rpartition(":")[2].isdecimal() for s in Step)
