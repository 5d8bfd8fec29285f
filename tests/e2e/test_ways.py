"""The ways that drops, jobs and orders can go, each through a daemon that runs as a process."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from pathlib import Path

from daemon.model import Status

DONE = (Status.DONE,)


def statuses(place) -> dict[str, Status]:
    return {job.item: job.status for job in place.jobs()}


def result(place, *parts: str) -> Path:
    return place.root.joinpath("results", *parts)


def started(place, item: str) -> float:
    """When the stage of a job began, by its own word."""
    (job,) = (j for j in place.jobs() if j.item == item)
    return float((place.root / "work" / job.id / "stages/noop/starts").read_text().split()[1])


# ---------------------------------------------------------------- names and sameness


def test_a_used_name_with_other_content_gets_a_number(place):
    for content in ("one", "two"):
        place.drop("noop/x/a.noop", content)
        assert place.visaged("run", "--once").returncode == 0
    assert sorted(p.name for p in result(place, "noop").iterdir()) == ["x", "x-2"]
    assert len(list((place.root / "archive/noop").glob("*/x*"))) == 2


def test_the_same_drop_again_is_answered_by_the_result_that_is_there(place):
    for _ in range(2):
        place.drop("noop/x/a.noop", "same")
        assert place.visaged("run", "--once").returncode == 0
    assert [p.name for p in result(place, "noop").iterdir()] == ["x"]
    first, second = place.jobs()
    assert (second.status, second.answered_by, place.attempts(second)) == (Status.DONE, first.id, ())


def test_the_same_content_under_another_name_points_to_the_result(place):
    for name in ("x", "y"):
        place.drop(f"noop/{name}/a.noop", "same")
        assert place.visaged("run", "--once").returncode == 0
    receipt = json.loads((result(place, "noop", "y") / "receipt.json").read_text())
    assert receipt["answer"] == "x"
    assert "x" in (result(place, "noop", "y") / "SEE.txt").read_text()


def test_when_the_result_is_gone_the_work_is_done_again(place):
    place.drop("noop/x/a.noop", "same")
    assert place.visaged("run", "--once").returncode == 0
    (result(place, "noop", "x")).rename(place.root / "taken-away")
    place.drop("noop/x/a.noop", "same")
    assert place.visaged("run", "--once").returncode == 0
    assert (result(place, "noop", "x") / "seen.txt").is_file()


# ---------------------------------------------------------------- manifests, archives, keys


def test_a_manifest_that_lists_its_files_is_taken_the_moment_they_are_all_there(place):
    place.configure(daemon="", rest="")
    (place.root / "config.toml").write_text("[daemon]\nsettle_seconds = 60\ndisk_min = 0\n")
    content = b"all of it"
    digest = hashlib.sha256(content).hexdigest()
    place.drop("noop/x/manifest.toml", f'[[files]]\npath = "a.noop"\nsize = {len(content)}\nsha256 = "{digest}"\n')
    place.start()
    place.wait_for(lambda: "a.noop" in place.visaged("explain", str(place.inbox / "noop/x")).stdout)
    place.drop("noop/x/a.noop", content)
    place.wait_for((result(place, "noop", "x") / "receipt.json").is_file, 10)


def test_options_of_a_manifest_win_over_the_inbox_and_the_configuration(place):
    place.configure(
        rest='[pipelines.noop]\nrefuse = "by config"\n[[inbox]]\n[inbox.defaults.noop]\nrefuse = "by inbox"\n'
    )
    place.drop("noop/x/a.noop", "1")
    place.drop("noop/y/a.noop", "2")
    place.drop("noop/y/manifest.toml", '[options]\nrefuse = "by manifest"\n')
    place.visaged("run", "--once")
    reasons = {job.item: job.reason for job in place.jobs()}
    assert reasons == {"x": "by inbox", "y": "by manifest"}


def test_of_two_queued_jobs_the_one_with_the_higher_priority_starts_first(place):
    place.configure(daemon="slots = 1\n", rest="[pipelines.noop]\nsleep = 0.3\n")
    for name, priority in (("a", 0), ("b", 0), ("c", 9)):
        place.drop(f"noop/{name}/x.noop", name)
        place.drop(f"noop/{name}/manifest.toml", f"priority = {priority}\n")
    assert place.visaged("pause").returncode == 0
    place.start()
    place.wait_for(lambda: list(statuses(place).values()) == [Status.QUEUED] * 3)
    assert place.visaged("resume").returncode == 0
    place.wait_for(lambda: set(statuses(place).values()) == {Status.DONE})
    assert started(place, "c") < min(started(place, "a"), started(place, "b"))


def test_of_a_key_one_job_runs_at_a_time_in_order_and_other_keys_pass(place):
    place.configure(rest="[pipelines.counted]\nsleep = 0.8\n")
    place.drop("counted/k/first.count", "1")
    place.start()
    place.wait_for(lambda: Status.RUNNING in statuses(place).values())
    place.drop("counted/k/second.count", "12")
    place.drop("counted/other/third.count", "123")
    place.wait_for(lambda: statuses(place).get("third") is Status.RUNNING)
    assert statuses(place).get("second") in (None, Status.ACCEPTING, Status.QUEUED)
    place.wait_for(lambda: set(statuses(place).values()) == {Status.DONE})
    assert (result(place, "counted", "k") / "second.txt").read_text() == "2\n"
    assert (result(place, "counted", "other") / "third.txt").read_text() == "3\n"


# ---------------------------------------------------------------- originals that must stay


def test_a_copied_original_stays_and_is_taken_once(place):
    place.configure(rest='[[inbox]]\ntake = "copy"\n')
    original = place.drop("noop/x/a.noop", "stays")
    for _ in range(2):
        assert place.visaged("run", "--once").returncode == 0
    assert original.read_text() == "stays"
    assert len(place.jobs()) == 1
    assert (result(place, "noop", "x") / "seen.txt").is_file()


def test_a_referenced_original_is_read_in_place_and_a_changed_one_is_new_work(place):
    place.configure(rest='[[inbox]]\ntake = "reference"\n')
    original = place.drop("noop/x/a.noop", "first")
    assert place.visaged("run", "--once").returncode == 0
    digest = hashlib.sha256(b"first").hexdigest()
    assert digest in (result(place, "noop", "x") / "seen.txt").read_text()
    original.write_text("second")
    assert place.visaged("run", "--once").returncode == 0
    assert (result(place, "noop", "x-2") / "seen.txt").is_file()
    assert original.read_text() == "second"


def test_two_inboxes_have_their_own_results(place):
    inboxes = '[[inbox]]\nname = "{0}"\npath = "in-{0}"\nresults = "out-{0}"\n'
    place.configure(rest=inboxes.format("a") + inboxes.format("b"))
    assert place.visaged("init", str(place.root)).returncode == 0
    for name in ("a", "b"):
        folder = place.root / f"in-{name}/noop"
        folder.mkdir(exist_ok=True)
        (folder / "x.noop").write_text(name)
    assert place.visaged("run", "--once").returncode == 0
    for name in ("a", "b"):
        assert (place.root / f"out-{name}/noop/x/seen.txt").is_file()


# ---------------------------------------------------------------- failures and orders


def test_a_stage_that_crashes_is_tried_again(place):
    place.configure(rest="[pipelines.noop]\ncrash = 1\n")
    place.drop("noop/x.noop", "x")
    assert place.visaged("run", "--once").returncode == 0
    (job,) = place.jobs()
    assert [a.status for a in place.attempts(job)] == ["failed", "done"]


def test_a_running_job_can_be_cancelled_and_its_files_are_in_the_failed_folder(place):
    place.configure(rest="[pipelines.noop]\nsleep = 60\n")
    place.drop("noop/x/a.noop", "x")
    place.start()
    place.wait_for(lambda: statuses(place).get("x") is Status.RUNNING)
    assert place.visaged("cancel", "x").returncode == 0
    place.wait_for(lambda: statuses(place).get("x") is Status.CANCELLED)
    assert (place.root / "failed/noop/x/a.noop").read_text() == "x"
    assert "cancelled" in (place.root / "failed/noop/x/WHY.txt").read_text()


def test_inputs_of_a_finished_job_can_be_had_back(place):
    place.drop("noop/x/a.noop", "mine")
    assert place.visaged("run", "--once").returncode == 0
    assert place.visaged("restore-inputs", "x", "--to", str(place.root / "back")).returncode == 0
    assert (place.root / "back/x/a.noop").read_text() == "mine"
    assert statuses(place) == {"x": Status.RETURNED}


def test_a_paused_daemon_starts_nothing_and_once_says_that_something_waits(place):
    place.drop("noop/x.noop", "x")
    assert place.visaged("pause").returncode == 0
    assert place.visaged("run", "--once").returncode == 3
    assert place.visaged("resume").returncode == 0
    assert place.visaged("run", "--once").returncode == 0


def test_a_disk_that_is_nearly_full_pauses_the_queue_and_says_so(place):
    place.drop("noop/x.noop", "x")
    (place.root / "config.toml").write_text('[daemon]\nsettle_seconds = 0.3\ndisk_min = "900 TB"\n')
    assert place.visaged("run", "--once").returncode == 3
    assert "disk" in place.visaged("explain", "x").stdout
    place.configure()
    assert place.visaged("run", "--once").returncode == 0


# ---------------------------------------------------------------- the daemon itself


def test_after_a_polite_end_the_next_daemon_adopts_what_runs(place):
    place.configure(rest="[pipelines.noop]\nsleep = 3\n")
    place.drop("noop/x.noop", "x")
    place.start()
    place.wait_for(lambda: statuses(place).get("x") is Status.RUNNING and started(place, "x"))
    place.stop()
    assert statuses(place) == {"x": Status.RUNNING}
    assert place.visaged("run", "--once").returncode == 0
    (job,) = place.jobs()
    assert len((place.root / "work" / job.id / "stages/noop/starts").read_text().splitlines()) == 1


def test_a_second_daemon_on_the_same_folder_is_refused(place):
    place.start()
    place.wait_for(lambda: place.visaged("status").returncode == 0)
    second = place.visaged("run", "--once")
    assert second.returncode == 4
    assert "already" in second.stderr


def test_hup_reads_the_configuration_again_and_a_mistake_in_it_changes_nothing(place):
    place.configure(rest='[pipelines.noop]\nrefuse = "old"\n')
    daemon = place.start()
    place.wait_for((place.root / "state/visaged.db").is_file)
    place.wait_for(lambda: place.store().inboxes()[0].mode)
    place.configure(rest="[pipelines.noop]\nnonsense = 1\n")
    daemon.send_signal(signal.SIGHUP)
    place.drop("noop/a.noop", "a")
    place.wait_for(lambda: statuses(place).get("a") is Status.FAILED)
    place.configure(rest="")
    daemon.send_signal(signal.SIGHUP)
    time.sleep(1)
    place.drop("noop/b.noop", "b")
    place.wait_for(lambda: statuses(place).get("b") is Status.DONE)
    assert daemon.poll() is None


def test_a_share_that_vanishes_and_returns_causes_no_work(place):
    place.configure(rest='[[inbox]]\ntake = "reference"\n')
    place.drop("noop/x/a.noop", "x")
    place.start()
    place.wait_for(lambda: statuses(place).get("x") is Status.DONE)
    place.inbox.rename(place.root / "unplugged")
    place.inbox.mkdir()
    place.wait_for(lambda: "marker" in str(place.store().inboxes()[0].problem))
    place.inbox.rmdir()
    (place.root / "unplugged").rename(place.inbox)
    place.wait_for(lambda: place.store().inboxes()[0].problem is None)
    place.drop("noop/y/b.noop", "y")
    place.wait_for(lambda: statuses(place).get("y") is Status.DONE)
    assert len(place.jobs()) == 2


def test_files_left_by_a_broken_copy_are_never_taken(place):
    place.drop("noop/x/a.noop.part", "half")
    place.drop("noop/x/a.noop", "whole")
    ran = place.visaged("run", "--once")
    assert ran.returncode == 3
    assert place.jobs() == ()


def test_results_have_the_umask_that_is_configured(place):
    place.configure(daemon='umask = "027"\n')
    place.drop("noop/x/a.noop", "x")
    assert place.visaged("run", "--once").returncode == 0
    modes = {oct(p.stat().st_mode & 0o777) for p in result(place, "noop", "x").iterdir()}
    assert modes == {"0o640"}


def test_the_users_own_command_is_told_when_a_job_is_over(place):
    told = place.root / "told.json"
    place.configure(daemon=f'notify = ["tee", "-a", "{told}"]\n')
    place.drop("noop/good/a.noop", "x")
    place.drop("noop/bad/a.xyz", "x")
    place.visaged("run", "--once")
    said = {one["item"]: one["status"] for one in map(json.loads, told.read_text().splitlines())}
    assert said == {"good": "done", "bad": "failed"}


def test_a_command_that_does_not_work_stops_nothing(place):
    place.configure(daemon='notify = ["/no/such/program"]\n')
    place.drop("noop/good/a.noop", "x")
    assert place.visaged("run", "--once").returncode == 0
