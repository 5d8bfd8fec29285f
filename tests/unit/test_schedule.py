"""What is done at set times, and what is removed with time."""

import queue
import threading
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from daemon.dispatch import Keep, Limits, Retention, Site
from daemon.dispatch.retention import old_days
from daemon.model import Status
from daemon.schedule import DAY, Nightly, Schedule, missed
from daemon.store import Store, connect
from tests.unit.test_store import job

NIGHTS = {"retention": Nightly(name="retention", cron="30 3 * * *"), "other": Nightly(name="other", cron="0 4 * * *")}


def test_what_was_never_done_is_missed():
    assert missed(NIGHTS, {}, now=10 * DAY) == ("retention", "other")


@given(st.floats(0, 3 * DAY), st.floats(0, 3 * DAY))
def test_a_job_is_missed_exactly_when_its_last_success_is_over_a_day_ago(one, other):
    now = 100 * DAY
    found = missed(NIGHTS, {"retention": now - one, "other": now - other}, now)
    assert ("retention" in found, "other" in found) == (now - (now - one) > DAY, now - (now - other) > DAY)


def test_a_due_job_is_posted_from_the_schedulers_thread():
    posted = queue.SimpleQueue()
    schedule = Schedule({"often": Nightly(name="often", cron="* * * * *")}, posted.put)
    schedule.start()
    try:
        schedule._scheduler.get_job("often").modify(next_run_time=_now())
        assert posted.get(timeout=10) == "often"
    finally:
        schedule.stop()


def _now():
    return datetime.now(UTC)


def site(root: Path) -> Site:
    return Site(
        work=root / "work",
        archive=root / "archive",
        failed=root / "failed",
        inboxes={},
        pipelines={},
        runner_of={},
        limits=Limits(partner_timeout=1, disk_min=0, unpack=1),
        umask=0o022,
        group=None,
        state=root / "state",
        models=root / "models",
        fetches=False,
    )


def removed(root: Path, store: Store, keep: Keep, now: float) -> None:
    done = threading.Event()
    Retention(store, site(root), keep, done.set)(now)
    assert done.wait(10)


def test_work_folders_of_jobs_that_are_long_over_go_and_all_others_stay(tmp_path):
    store = Store(connect(tmp_path / "visaged.db"))
    store.add(
        [
            job("old", status=Status.DONE, updated=0.0),
            job("new", status=Status.DONE, updated=9 * DAY),
            job("busy", status=Status.RUNNING, updated=0.0),
        ]
    )
    for name in ("old", "new", "busy", "of-nobody"):
        (tmp_path / "work" / name / "stages").mkdir(parents=True)
    removed(tmp_path, store, Keep(work=7 * DAY, archive=None), now=10 * DAY)
    store.close()
    assert sorted(p.name for p in (tmp_path / "work").iterdir()) == ["busy", "new", "of-nobody"]


def test_without_a_retention_everything_stays(tmp_path):
    store = Store(connect(tmp_path / "visaged.db"))
    store.add([job("old", status=Status.DONE, updated=0.0)])
    (tmp_path / "work/old").mkdir(parents=True)
    (tmp_path / "archive/morph/2001-01-01/x").mkdir(parents=True)
    removed(tmp_path, store, Keep(work=None, archive=None), now=1000 * DAY)
    store.close()
    assert (tmp_path / "work/old").is_dir()
    assert (tmp_path / "archive/morph/2001-01-01/x").is_dir()


def test_archived_days_go_when_the_whole_day_is_too_old_and_other_folders_never(tmp_path):
    for name in ("2026-11-01", "2026-11-10", "keep-me", "2026-13-45"):
        (tmp_path / "morph" / name).mkdir(parents=True)
    now = datetime(2026, 11, 11, 12, tzinfo=UTC).timestamp()
    assert [p.name for p in old_days(tmp_path, 5 * DAY, now)] == ["2026-11-01"]
    assert [p.name for p in old_days(tmp_path, 0.6 * DAY, now)] == ["2026-11-01"]
    assert [p.name for p in old_days(tmp_path, 0.4 * DAY, now)] == ["2026-11-01", "2026-11-10"]
    assert old_days(tmp_path, None, now) == ()
