"""What a hostile reader once found, each held to what should happen."""

from __future__ import annotations

import shutil
import signal
import time

from daemon.model import Status
from daemon.store import Store, connect


def statuses(place):
    return {job.item: job.status for job in place.jobs()}


def shown(place, *parts):
    folder = place.root.joinpath("results", *parts)
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def test_a_second_drop_of_a_name_that_is_being_taken_is_taken_after_it(place):
    place.drop("noop/a.noop", b"x" * 400_000_000)  # takes a while to hash
    place.start()
    place.wait_for(lambda: statuses(place).get("a") is Status.ACCEPTING)
    place.wait_for(lambda: not (place.inbox / "noop/a.noop").exists())  # else the second is written over the first
    place.drop("noop/a.noop", "second")
    place.wait_for(lambda: [job.status for job in place.jobs()] == [Status.DONE] * 2, 60)
    assert shown(place, "noop") == ["a", "a-2"]


def test_the_same_work_in_two_inboxes_has_a_result_in_each(place):
    inboxes = '[[inbox]]\nname = "{0}"\npath = "in-{0}"\nresults = "out-{0}"\n'
    place.configure(rest=inboxes.format("a") + inboxes.format("b"))
    assert place.visaged("init", str(place.root)).returncode == 0
    for name in ("a", "b"):
        (place.root / f"in-{name}/noop/x.noop").write_text("the same")
        assert place.visaged("run", "--once").returncode == 0
    assert (place.root / "out-b/noop/x/seen.txt").is_file()


def test_an_answered_job_that_is_retried_has_a_result_of_its_own(place):
    for name in ("first", "second"):
        place.drop(f"noop/{name}/a.noop", "the same")
        assert place.visaged("run", "--once").returncode == 0
    assert place.visaged("retry", "second").returncode == 0
    assert place.visaged("run", "--once").returncode == 0
    found = place.root / "results/noop"
    assert any((found / name / "seen.txt").is_file() for name in shown(place, "noop") if name.startswith("second"))


def test_the_same_work_dropped_at_once_is_done_once(place):
    for name in ("one", "two", "three"):
        place.drop(f"noop/{name}/a.noop", "the same")
    assert place.visaged("run", "--once").returncode == 0
    assert sum(bool(place.attempts(job)) for job in place.jobs()) == 1
    assert statuses(place) == dict.fromkeys(("one", "two", "three"), Status.DONE)


def test_the_same_work_for_a_key_that_is_busy_ends_nothing(place):
    place.configure(rest="[pipelines.counted]\nsleep = 1\n")
    place.drop("counted/k/a.count", "same")
    assert place.visaged("run", "--once").returncode == 0
    place.start()
    place.drop("counted/k/b.count", "other")
    place.wait_for(lambda: statuses(place).get("b") is Status.RUNNING)
    place.drop("counted/k/a.count", "same")
    place.wait_for(lambda: [job.status for job in place.jobs()] == [Status.DONE] * 3)


def test_after_retention_a_retry_begins_from_the_beginning(place):
    place.drop("counted/k/a.count", "12345")
    assert place.visaged("run", "--once").returncode == 0
    (job,) = place.jobs()
    shutil.rmtree(place.root / "work" / job.id)
    (place.root / "results/counted/k/a.txt").unlink()
    assert place.visaged("retry", job.id).returncode == 0
    assert place.visaged("run", "--once").returncode == 0
    assert [p.read_text() for p in (place.root / "results/counted/k").glob("*.txt")] == ["5\n"]


def test_jobs_of_a_disabled_pipeline_wait_and_are_in_nobodys_way(place):
    assert place.visaged("pause").returncode == 0
    place.drop("noop/a.noop", "a")
    assert place.visaged("run", "--once").returncode == 3
    assert place.visaged("resume").returncode == 0
    place.configure(rest="[pipelines.noop]\nenabled = false\n")
    place.drop("counted/b.count", "b")
    assert place.visaged("run", "--once", timeout=30).returncode == 3
    assert statuses(place) == {"a": Status.QUEUED, "b": Status.DONE}
    place.configure()
    assert place.visaged("run", "--once").returncode == 0


def test_a_stage_of_a_pipeline_that_is_disabled_meanwhile_runs_on(place):
    place.configure(rest="[pipelines.noop]\nsleep = 4\n")
    place.drop("noop/a.noop", "a")
    place.start()
    place.wait_for(lambda: statuses(place).get("a") is Status.RUNNING)
    place.stop()
    place.configure(rest="[pipelines.noop]\nenabled = false\nsleep = 4\n")
    assert place.visaged("run", "--once").returncode == 3
    place.configure(rest="[pipelines.noop]\nsleep = 4\n")
    assert place.visaged("run", "--once").returncode == 0
    (job,) = place.jobs()
    assert len(place.attempts(job)) == 1


def test_signals_may_come_at_any_time_and_many_at_once(place):
    daemon = place.start()
    for _ in range(8):
        time.sleep(0.15)
        if (place.root / "state/daemon.lock").exists():
            daemon.send_signal(signal.SIGHUP)
    place.drop("noop/a.noop", "a")
    place.wait_for(lambda: statuses(place).get("a") is Status.DONE)
    assert daemon.poll() is None


def test_an_inbox_without_a_marker_in_a_new_configuration_changes_nothing(place):
    daemon = place.start()
    place.wait_for(lambda: place.store().inboxes()[0].mode)
    place.configure(rest='[[inbox]]\n[[inbox]]\nname = "new"\npath = "new"\nresults = "new-results"\n')
    daemon.send_signal(signal.SIGHUP)
    place.drop("noop/a.noop", "a")
    place.wait_for(lambda: statuses(place).get("a") is Status.DONE)
    assert daemon.poll() is None


def test_an_inbox_with_jobs_under_way_cannot_be_taken_out_of_the_configuration(place):
    assert place.visaged("pause").returncode == 0
    place.drop("noop/a.noop", "a")
    assert place.visaged("run", "--once").returncode == 3
    place.configure(rest='[[inbox]]\nname = "other"\n')
    ran = place.visaged("run", "--once")
    assert ran.returncode == 2
    assert "are not over" in ran.stderr


def test_an_order_that_says_what_is_not_utf_8_is_refused_or_carried_out_but_ends_nothing(place):
    place.drop("noop/a.noop", "a")
    assert place.visaged("run", "--once").returncode == 0
    (job,) = place.jobs()
    store = Store(connect(place.root / "state/visaged.db"))
    store.order("restore-inputs", {"job": job.id, "to": str(place.root / "x\udcff")}, 1.0)
    store.close()
    assert "Traceback" not in place.visaged("run", "--once").stderr


def test_two_failing_items_of_one_name_are_two_folders(place):
    place.drop("noop/x/same.xyz", "same")
    place.drop("counted/default/x/same.xyz", "same")
    place.drop("x/same.xyz", "same")
    place.visaged("run", "--once")
    places = [job.inputs_at for job in place.jobs()]
    assert len(set(places)) == 3
    assert sum(p.name == "same.xyz" for p in (place.root / "failed").rglob("*")) == 3
