"""What the end of a container means."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.model import End
from daemon.runners.docker.answers import Container
from daemon.runners.docker.control import Stop
from daemon.runners.docker.ending import Course, ended

MIB = 1 << 20
OVER = Container(id="c", name="n", state="exited", started=100.0, ended=110.0)
COURSE = Course(task="j.s.1", memory=512 * MIB)


def end(container, course=COURSE, words=""):
    made = ended(container, course, words)
    return made.end, made.status


def test_what_exits_by_itself_has_its_status():
    assert end(OVER) == (End.EXITED, 0)
    assert end(replace(OVER, status=65)) == (End.EXITED, 65)


def test_a_status_of_a_signal_is_that_signal():
    assert end(replace(OVER, status=139)) == (End.KILLED, 11)


def test_what_the_engine_calls_out_of_memory_is():
    assert end(replace(OVER, status=137, out_of_memory=True)) == (End.OUT_OF_MEMORY, None)


def test_a_child_that_ran_out_of_memory_takes_the_stage_with_it():
    assert end(replace(OVER, status=1, out_of_memory=True)) == (End.OUT_OF_MEMORY, None)
    assert end(replace(OVER, status=0, out_of_memory=True)) == (End.EXITED, 0)


def test_a_kill_without_a_word_is_out_of_memory_only_close_to_the_limit():
    killed = replace(OVER, status=137)
    assert end(killed, replace(COURSE, peak=500 * MIB)) == (End.OUT_OF_MEMORY, None)
    assert end(killed, replace(COURSE, peak=100 * MIB)) == (End.KILLED, 9)
    assert end(killed, replace(COURSE, memory=0, peak=500 * MIB)) == (End.KILLED, 9)


@pytest.mark.parametrize("status", [0, 1, 137, 143])
@pytest.mark.parametrize("why", [End.TIMEOUT, End.CANCELLED])
def test_what_we_stopped_ended_for_our_reason(status, why):
    stopped = replace(COURSE, stop=Stop(why=why, at=109.0), peak=512 * MIB)
    assert end(replace(OVER, status=status), stopped) == (why, None)


def test_what_ended_before_it_was_stopped_ended_by_itself():
    assert end(OVER, replace(COURSE, stop=Stop(why=End.CANCELLED, at=150.0))) == (End.EXITED, 0)


def test_what_the_engine_took_with_it_is_lost():
    shaken = replace(COURSE, shaken=True)
    assert end(replace(OVER, status=137), shaken) == (End.LOST, None)
    assert end(replace(OVER, status=143), shaken) == (End.LOST, None)
    assert end(replace(OVER, status=1), shaken) == (End.EXITED, 1)
    assert end(OVER, shaken) == (End.EXITED, 0)


@pytest.mark.parametrize("words", ["Failed to initialize NVML: Unknown Error", "NVML Unknown Error"])
def test_a_stage_that_lost_its_gpu_is_lost_only_if_it_had_one_and_failed(words):
    assert end(replace(OVER, status=1), replace(COURSE, gpus=True), words) == (End.LOST, None)
    assert end(replace(OVER, status=1), COURSE, words) == (End.EXITED, 1)
    assert end(OVER, replace(COURSE, gpus=True), words) == (End.EXITED, 0)


@given(st.integers(0, 255), st.booleans(), st.booleans(), st.integers(0, 1024 * MIB))
def test_every_end_has_one_meaning_and_only_success_is_success(status, oom, shaken, peak):
    found, said = end(replace(OVER, status=status, out_of_memory=oom), replace(COURSE, shaken=shaken, peak=peak))
    assert (status == 0) == ((found, said) == (End.EXITED, 0))
    assert found in {End.EXITED, End.KILLED, End.OUT_OF_MEMORY, End.LOST}
