"""kill -9 of the daemon at every labelled step of the docker runner: a stage runs once, and no container is left."""

import os
import signal
import time

import pytest

from daemon.failpoints import Step
from daemon.model import Status
from tests.containers import configured, have_image, inspect, ours, stages

pytestmark = pytest.mark.docker

STEPS = [step for step in Step if step.startswith("docker:")] + [Step.STAGE_INTENT, Step.STAGE_SUBMITTED]


@pytest.fixture(scope="session", autouse=True)
def image():
    have_image()


def starts(place):
    (job,) = (job for job in place.jobs() if job.status is Status.DONE)
    return len((place.root / "work" / job.id / "stages/noop/starts").read_text().splitlines())


@pytest.mark.parametrize("label", STEPS)
def test_killed_at_any_step_of_the_docker_runner_it_recovers_by_itself(place, label):
    place.configure(daemon='runner = "docker"', rest=f"{configured('noop')}sleep = 0.3\n")
    place.drop("noop/one.noop", "one")
    killed = place.visaged("run", "--once", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    ran = place.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    (job,) = place.jobs()
    assert (job.status, starts(place)) == (Status.DONE, 1)
    assert [a.number for a in place.attempts(job)] == [1]
    assert ours(place.root / "work") == []


def test_a_container_that_runs_when_the_daemon_is_killed_is_adopted_and_not_started_again(place):
    place.configure(daemon='runner = "docker"', rest=f"{configured('noop')}sleep = 4.0\n")
    place.drop("noop/long.noop", "long")
    daemon = place.start()
    place.wait_for(lambda: stages(place.root / "work"))
    (name,) = stages(place.root / "work")
    place.wait_for(lambda: inspect(name)["State"]["Running"])
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    place.daemons.clear()
    time.sleep(0.5)
    assert inspect(name)["State"]["Running"]
    place.start()
    place.wait_for(lambda: place.jobs()[0].status is Status.DONE)
    assert starts(place) == 1
    place.wait_for(lambda: ours(place.root / "work") == [])


def test_a_container_that_ends_while_no_daemon_runs_is_harvested(place):
    place.configure(daemon='runner = "docker"', rest=f"{configured('noop')}sleep = 1.0\n")
    place.drop("noop/short.noop", "short")
    place.visaged("run", "--once", kill_at=Step.DOCKER_STARTED)
    (name,) = ours(place.root / "work")
    place.wait_for(lambda: not inspect(name)["State"]["Running"])
    ran = place.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert starts(place) == 1
    assert ours(place.root / "work") == []
