"""Why has it not started, why did it fail: every answer that there is, by what a person points at."""

import json
import os
from dataclasses import replace

import pytest

from daemon.errors import CannotDo
from daemon.gpus import Capacity
from daemon.model import Kind, Slot, Status, Take
from daemon.store import AttemptStatus, InboxRow
from daemon.view import as_json, explain, find_job
from pipelines.contract import Fault
from tests.unit.view_world import MORPH, NOW, World, a_job, an_attempt, waiting

ONE, TWO = "261120-aaaaaaa", "261120-bbbbbbb"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def said(target, scene):
    return " ".join(explain(str(target), scene).sentences)


# ---------------------------------------------------------------- what is meant


def test_a_job_is_found_by_its_id_by_a_beginning_of_it_and_by_its_item(world):
    world.store.add([a_job(ONE, item="smile"), a_job(TWO, item="frown", name="frown")])
    assert {find_job(world.store, wanted).id for wanted in (ONE, "261120-a", "smile")} == {ONE}


def test_a_beginning_that_fits_several_jobs_is_refused_with_their_ids(world):
    world.store.add([a_job(ONE), a_job(TWO)])
    with pytest.raises(CannotDo, match=f"(?s)could be 2 jobs.*{ONE}"):
        find_job(world.store, "2611")


@pytest.mark.parametrize("wanted", ["nothing", "", "%", "_", "261120", "\udcff"])
def test_what_is_neither_a_job_nor_a_file_is_refused_plainly(world, wanted):
    world.store.add([a_job("999999-aaaaaaa", item="x")])
    with pytest.raises(CannotDo, match="There is no job"):
        find_job(world.store, wanted)


# ---------------------------------------------------------------- why it has not started


def test_the_next_job_is_said_to_be_next(world):
    world.store.add([a_job(ONE)])
    assert said(ONE, world.scene()) == "It is the next to start."


def test_a_queued_job_tells_how_many_go_before_it(world):
    world.store.add([a_job(ONE), a_job(TWO), a_job("261120-ccccccc", priority=5), a_job("261120-ddddddd")])
    assert "3 jobs go before it." in said("261120-ddddddd", world.scene())
    assert "1 job goes before it." in said(ONE, world.scene())


def test_a_queued_job_tells_for_what_it_waits_of_the_machine(world):
    world.run(a_job(ONE, status=Status.RUNNING), an_attempt(ONE, slot=Slot(cpus=2.0)))
    world.store.add([a_job(TWO)])
    assert "Its stage read waits for 1 core of 2." in said(TWO, world.scene())


def test_a_job_that_can_never_run_here_says_so(world):
    world.store.add([a_job(ONE)])
    greedy = replace(MORPH, stages=(replace(MORPH.stages[0], memory=10**12),))
    scene = world.scene(pipelines={"morph": greedy}, capacity=Capacity(cpus=2.0, memory=10**9, slots=2))
    assert "asks for 1e+03 GB of memory" in said(ONE, scene)


def test_a_job_of_a_pipeline_that_was_disabled_says_so(world):
    world.store.add([a_job(ONE)])
    assert "The pipeline morph is not enabled in config.toml" in said(ONE, world.scene(pipelines={}))


def test_a_job_behind_another_of_its_key_names_that_one(world):
    world.run(a_job(ONE, key="holiday", item="first", status=Status.RUNNING), an_attempt(ONE))
    world.store.add([a_job(TWO, key="holiday")])
    assert f"It waits for first (job {ONE}), which adds to holiday too" in said(TWO, world.scene())


def test_a_job_whose_work_is_being_done_names_who_does_it(world):
    world.run(a_job(ONE, identity="same", item="first", status=Status.RUNNING), an_attempt(ONE))
    world.store.add([a_job(TWO, identity="same")])
    assert "its result will answer for this one too" in said(TWO, world.scene())


def test_a_job_that_backs_off_tells_what_failed_and_when_it_is_tried_again(world):
    world.store.add([a_job(ONE, not_before=NOW + 20)])
    failed = an_attempt(ONE, status=AttemptStatus.FAILED, kind=Kind.CRASH, reason="It broke off", ended=NOW)
    world.store.end(world.store.job(ONE), failed)
    answer = said(ONE, world.scene())
    assert "Attempt 1 of the stage blend failed (crash): It broke off." in answer
    assert "in 20 s, as attempt 2 of 3." in answer


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ("paused", "nothing new starts until `visaged resume`"),
        ("disk_full", "The work disk is nearly full (0 GB free)"),
    ],
)
def test_what_holds_everything_up_is_said_first(world, fact, says):
    world.store.add([a_job(ONE)])
    world.store.remember(fact, 0)
    assert says in explain(ONE, world.scene()).sentences[0]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.ACCEPTING, Status.PUBLISHING, Status.RUNNING])
def test_without_a_daemon_an_unfinished_job_says_that_none_runs(world, status):
    world.run(a_job(ONE, status=status))
    assert "No daemon is running" in said(ONE, world.scene(running=False))


# ---------------------------------------------------------------- how it goes, how it went


def test_a_running_job_tells_how_far_it_is(world):
    world.run(a_job(ONE, status=Status.RUNNING), an_attempt(ONE, number=2))
    world.report(ONE, (20, 0, 40, None), (0, 10, 40, None))
    answer = said(ONE, world.scene())
    assert "The stage blend has been running since" in answer
    assert "attempt 2" in answer
    assert "It has done 10 of 40 frames (25 %), 0.5 frames a second, about 1 min left." in answer


def test_a_stage_that_has_fallen_silent_is_told_of(world):
    world.run(a_job(ONE, status=Status.RUNNING), an_attempt(ONE, started=NOW - 1000))
    world.report(ONE, (900, 1, 40, None))
    assert "It has not reported for 15 min." in said(ONE, world.scene())


def test_a_failed_job_tells_each_reason_where_its_files_are_and_what_helps(world):
    reason = "a.obj is empty.\nb.obj has no faces."
    failed = a_job(ONE, status=Status.FAILED, kind=Kind.BAD_INPUT, reason=reason, inputs_at="/f/smile")
    world.store.add([failed])
    sentences = explain(ONE, world.scene()).sentences
    assert {"a.obj is empty.", "b.obj has no faces.", "Its files are in /f/smile."} <= set(sentences)
    assert "move the folder back into the inbox" in sentences[-1]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_class_of_failure_has_its_advice(world, kind):
    world.store.add([a_job(ONE, status=Status.FAILED, kind=kind, reason="x")])
    advice = explain(ONE, world.scene()).sentences[-1]
    assert "{" not in advice
    assert kind is Kind.BAD_INPUT or f"visaged retry {ONE}" in advice


def test_the_log_of_the_last_attempt_is_named_if_it_is_there(world):
    world.run(a_job(ONE, status=Status.FAILED, kind=Kind.CRASH), an_attempt(ONE, status=AttemptStatus.FAILED))
    assert explain(ONE, world.scene()).log is None
    log = world.work / ONE / "logs" / "blend.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback")
    assert explain(ONE, world.scene()).log == str(log)


def test_a_done_job_tells_where_its_result_is_and_which_parts_failed(world):
    faults = (Fault(what="a and c", why="c.obj is empty"),)
    world.store.add([a_job(ONE, status=Status.DONE, result="smile", faults=faults, answered_by=TWO)])
    answer = said(ONE, world.scene())
    assert str(world.results / "morph" / "smile") in answer
    assert "A part of it failed: a and c: c.obj is empty." in answer
    assert f"by job {TWO}" in answer


# ---------------------------------------------------------------- a path


def test_what_waits_says_for_what_and_since_when(world):
    world.store.set_waiting("inbox", [waiting("a")])
    (world.inbox / "morph" / "a.obj").touch()
    found = explain(str(world.inbox / "morph" / "a.obj"), world.scene())
    assert found.standing == "waiting"
    assert found.sentences[0].startswith("a: waits for a second mesh, since ")


def test_a_file_inside_a_folder_that_waits_is_answered_by_the_folder(world):
    world.store.set_waiting("inbox", [waiting("set", tops=("morph/set",))])
    assert "set: waits" in said(world.inbox / "morph" / "set" / "deep" / "a.obj", world.scene())
    assert "set2" not in said(world.inbox / "morph" / "set", world.scene())


def test_a_name_that_only_begins_alike_is_another_item(world):
    world.store.set_waiting("inbox", [waiting("set", tops=("morph/set",))])
    assert explain(str(world.inbox / "morph" / "set2"), world.scene()).standing == "unknown"


def test_a_path_whose_file_was_taken_is_answered_by_the_job(world):
    world.store.add([a_job(ONE, tops=("morph/a.obj", "morph/b.obj"))])
    assert explain(str(world.inbox / "morph" / "b.obj"), world.scene()).job == ONE


def test_a_name_with_quotes_is_not_taken_for_its_end(world):
    world.store.add([a_job(ONE, tops=('morph/x"morph/a.obj',))])
    assert explain(str(world.inbox / "morph" / "a.obj"), world.scene()).standing == "unknown"
    assert explain(str(world.inbox / 'morph/x"morph/a.obj'), world.scene()).job == ONE


def test_a_new_file_where_an_earlier_one_was_taken_is_not_yet_seen(world):
    world.store.add([a_job(ONE, tops=("morph/a.obj",), status=Status.DONE)])
    path = world.inbox / "morph" / "a.obj"
    path.touch()
    assert "The daemon has not looked at it yet" in said(path, world.scene())


def test_an_original_that_stays_in_the_inbox_is_answered_by_its_job(world):
    world.store.add([a_job(ONE, tops=("morph/a.obj",), status=Status.DONE, take=Take.COPY)])
    path = world.inbox / "morph" / "a.obj"
    path.touch()
    assert explain(str(path), world.scene()).job == ONE


def test_a_path_in_the_work_the_failed_or_the_results_folder_leads_to_its_job(world):
    kept = world.root / "failed" / "morph" / "smile"
    world.store.add([
        a_job(ONE, status=Status.FAILED, kind=Kind.CRASH, inputs_at=str(kept)),
        a_job(TWO, status=Status.DONE, result="nice"),
    ])  # fmt: skip
    assert explain(str(world.work / ONE / "logs"), world.scene()).job == ONE
    assert explain(str(kept / "WHY.txt"), world.scene()).job == ONE
    assert explain(str(world.results / "morph" / "nice" / "frames" / "1.png"), world.scene()).job == TWO


def test_a_result_that_was_moved_elsewhere_is_known_by_its_receipt(world):
    world.store.add([a_job(ONE, status=Status.DONE)])
    moved = world.root / "elsewhere"
    moved.mkdir()
    (moved / "receipt.json").write_text(json.dumps({"job": ONE}))
    assert explain(str(moved / "animation.mp4"), world.scene()).job == ONE


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"job": 7}', "\xff"])
def test_a_receipt_that_is_none_is_passed_over(world, content):
    (world.root / "receipt.json").write_text(content, encoding="latin-1")
    assert explain(str(world.root / "x"), world.scene()).standing == "unknown"


def test_two_inboxes_that_share_their_results_are_told_apart(world):
    world.store.set_inbox(InboxRow(name="zweite", path="/z", results=str(world.results), mode="polled"))
    world.store.add([a_job(ONE, inbox="zweite", status=Status.DONE, result="nice")])
    assert explain(str(world.results / "morph" / "nice"), world.scene()).job == ONE


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("inbox/.DS_Store", "left alone"),
        ("inbox/morph/old.bak", "left alone"),
        ("inbox/STATUS.txt", "It belongs to visaged itself"),
        ("inbox/.visaged-inbox", "It belongs to visaged itself"),
        ("inbox/morph", "This is the lane of morph"),
        ("inbox/morph/nothing", "There is nothing at this path"),
        ("inbox/morph/empty", "This folder is empty"),
        ("inbox/moprh", "Did you mean morph?"),
        ("elsewhere", "It is not in an inbox"),
    ],
)
def test_a_path_that_cannot_start_says_why(world, path, says):
    (world.inbox / "morph" / "empty").mkdir()
    (world.inbox / "moprh").mkdir()
    (world.inbox / "moprh" / "a.obj").touch()
    assert says in said(world.root / path, world.scene())


def test_an_offline_inbox_answers_for_everything_in_it(world):
    row = world.store.inboxes()[0]
    world.store.set_inbox(replace(row, problem="The share is gone: mount it"))
    assert "The share is gone: mount it." in said(world.inbox / "morph" / "a.obj", world.scene())
    assert explain(str(world.inbox), world.scene()).standing == "offline"


def test_the_inbox_itself_tells_how_changes_are_noticed_and_what_waits(world):
    world.store.set_waiting("inbox", [waiting("a"), waiting("b")])
    answer = said(world.inbox, world.scene())
    assert "changes are noticed at once" in answer
    assert "2 items wait in it" in answer


def test_a_path_through_a_link_to_the_inbox_is_known(world):
    world.store.set_waiting("inbox", [waiting("a")])
    link = world.root / "share"
    link.symlink_to(world.inbox)
    assert "a: waits for a second mesh" in said(link / "morph" / "a.obj", world.scene())


def test_a_path_in_any_bytes_is_answered(world):
    name = os.fsdecode(b"caf\xe9")
    world.store.add([a_job(ONE, tops=(f"morph/{name}",))])
    assert explain(str(world.inbox / "morph" / name), world.scene()).job == ONE
    assert "caf\\xe9" in explain(str(world.root / name), world.scene()).subject


def test_an_explanation_is_json(world):
    world.store.add([a_job(ONE)])
    told = json.loads(json.dumps(as_json(explain(ONE, world.scene()))))
    assert told["standing"] == "queued"
    assert told["job"] == ONE
