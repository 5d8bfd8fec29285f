"""An engine that is killed, stopped, paused or missing: jobs wait, nothing runs twice, no attempt is burned."""

import signal
import tempfile
import time
from pathlib import Path

import pytest

from daemon.model import Status
from tests.containers import PrivateEngine, configured, docker, have_image, inspect, ours, stages

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def engine():
    have_image()
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="vg-")), hooks=False)
    engine.start()
    engine.load()
    yield engine
    engine.end()


@pytest.fixture
def there(place, engine):
    """A place whose stages run on the engine that tests may kill, each for three seconds."""
    yield at(place, engine)
    place.stop()
    left = docker("ps", "-aq", host=engine.host).split()
    assert left == []


def at(place, engine, more="sleep = 3.0\n"):
    rest = f'[docker]\naddress = "{engine.host}"\n{configured("noop")}{more}'
    place.configure(daemon='runner = "docker"\nslots = 4', rest=rest)
    return place


def running(place, engine):
    (name,) = stages(place.root / "work", engine.host)
    (begun,) = (place.root / "work").glob("*/stages/noop/starts")
    return inspect(name, engine.host)["State"]["Running"] and begun.read_text()


def ended_once(place, engine, starts, attempts):
    place.wait_for(lambda: place.jobs()[0].status is Status.DONE, 60)
    (job,) = place.jobs()
    assert len((place.root / "work" / job.id / "stages/noop/starts").read_text().splitlines()) == starts
    made = place.attempts(job)
    assert len(made) == attempts
    assert all(not attempt.burns for attempt in made[:-1])
    place.wait_for(lambda: ours(place.root / "work", engine.host) == [])


def test_an_engine_that_is_killed_in_the_middle_of_a_stage_burns_no_attempt(there, engine):
    there.drop("noop/a.noop", "a")
    there.start()
    there.wait_for(lambda: running(there, engine))
    engine.signal(signal.SIGKILL)
    time.sleep(1.0)
    engine.start()
    ended_once(there, engine, starts=2, attempts=2)


def test_an_engine_that_is_stopped_in_the_middle_of_a_stage_burns_no_attempt(there, engine):
    there.drop("noop/a.noop", "a")
    there.start()
    there.wait_for(lambda: running(there, engine))
    engine.signal(signal.SIGTERM)
    time.sleep(1.0)
    engine.start()
    ended_once(there, engine, starts=2, attempts=2)


def test_an_engine_that_is_paused_is_waited_for(there, engine):
    there.drop("noop/a.noop", "a")
    there.start()
    there.wait_for(lambda: running(there, engine))
    engine.signal(signal.SIGSTOP)
    time.sleep(6.0)
    there.drop("noop/b.noop", "b")
    there.wait_for(lambda: len(there.jobs()) == 2)
    engine.signal(signal.SIGCONT)
    there.wait_for(lambda: [job.status for job in there.jobs()] == [Status.DONE] * 2, 60)
    assert [len(there.attempts(job)) for job in there.jobs()] == [1, 1]


def test_jobs_wait_for_an_engine_that_is_not_there_and_can_be_cancelled_meanwhile(there, engine):
    engine.signal(signal.SIGTERM)
    try:
        for name in ("a", "b", "c"):
            there.drop(f"noop/{name}.noop", name)
        there.start()
        there.wait_for(lambda: [job.status for job in there.jobs()] == [Status.RUNNING] * 3)
        (unwanted,) = (job for job in there.jobs() if job.item == "b")
        assert there.visaged("cancel", unwanted.id).returncode == 0
        there.wait_for(lambda: status_of(there, "b") is Status.CANCELLED)
    finally:
        engine.start()
    there.wait_for(lambda: [status_of(there, name) for name in ("a", "c")] == [Status.DONE] * 2, 60)
    assert [len(there.attempts(job)) for job in there.jobs()] == [1, 1, 1]


def status_of(place, item):
    (job,) = (job for job in place.jobs() if job.item == item)
    return job.status
