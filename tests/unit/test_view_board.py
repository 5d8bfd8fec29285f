"""STATUS.txt: what people on the share read."""

import os
from dataclasses import replace

import pytest

from daemon.model import Kind, Status
from daemon.store import InboxRow
from daemon.view import board, snapshot, write_board
from daemon.view.board import LINES, PARTIAL
from pipelines.contract import Fault
from tests.unit.view_world import NOW, World, a_job, an_attempt, fill, waiting


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def text(world, now=NOW, **changes):
    return board(replace(snapshot(world.store, world.work, now), **changes), "inbox", now)


def test_an_idle_inbox_says_so(world):
    assert "Nothing is waiting and nothing is running." in text(world)


def test_the_board_tells_what_waits_runs_failed_and_is_done_and_where(world):
    fill(world)
    said = text(world)
    assert "- ada_bruno (morph): blend, 56 %" in said
    assert "- a (morph): waits for a second mesh, since" in said
    assert "broken.obj has 3 faces that name vertices which are not there." in said
    assert "More in failed/morph/broken/WHY.txt" in said
    assert ": results/morph/a__b" in said


def test_every_line_ends_as_notepad_wants_it(world):
    fill(world)
    said = text(world)
    assert said.count("\r\n") == said.count("\n") == said.count("\r")


def test_looking_again_without_a_change_gives_the_same_text(world):
    fill(world)
    world.store.remember("paused", NOW - 100)
    before = text(world, NOW + 30).split("\r\n")
    after = text(world, NOW + 31).split("\r\n")
    assert [a for a, b in zip(before, after, strict=True) if a != b and "%" not in a] == []


def test_a_name_that_would_forge_a_line_stands_on_one(world):
    world.store.set_waiting("inbox", [waiting("x\r\nDONE (1)\r\n- all is well\x1b[2J")])
    said = text(world)
    assert "\x1b" not in said
    assert not [line for line in said.split("\r\n") if line.startswith("DONE")]


def test_what_happens_in_another_inbox_is_not_told(world):
    world.store.set_inbox(InboxRow(name="other", path="/o", results="/r", mode="polled"))
    world.run(a_job("261120-theirs2", inbox="other", item="secret", status=Status.RUNNING))
    world.store.set_waiting("other", [waiting("private", inbox="other")])
    assert "secret" not in text(world)
    assert "private" not in text(world)


def test_of_thousands_that_wait_some_are_named_and_all_are_counted(world):
    world.store.set_waiting("inbox", [waiting(f"head{n:05}") for n in range(3000)])
    said = text(world)
    assert "WAITING IN THIS FOLDER (3,000)" in said
    assert f"- and {3000 - LINES:,} more" in said
    assert said.count("\r\n") < 40


def test_of_many_complaints_the_board_has_the_first_and_their_number(world):
    reason = "a.obj is empty.\nb.obj is empty.\nc.obj is empty."
    world.store.add([a_job(status=Status.FAILED, kind=Kind.BAD_INPUT, reason=reason, inputs_at="/f/smile")])
    assert "a.obj is empty. (and 2 more)" in text(world)
    assert "b.obj" not in text(world)


def test_what_ended_two_days_ago_is_not_told_any_more(world):
    world.store.add([a_job(item="ancient", status=Status.DONE, result="ancient", updated=NOW - 2 * 86400)])
    assert "ancient" not in text(world)


@pytest.mark.parametrize(
    ("fact", "says"), [("paused", "Paused since"), ("disk_full", "The disk is nearly full: nothing new starts")]
)
def test_the_board_says_why_nothing_starts(world, fact, says):
    world.store.remember(fact, 0)
    assert says in text(world)


def test_a_job_whose_pipeline_is_unknown_has_a_name_all_the_same(world):
    world.run(a_job(pipeline=None, lane=None, status=Status.FAILING))
    assert "- smile has failed; its files are being put aside" in text(world)


def test_a_job_between_two_stages_is_said_to_be_running(world):
    world.run(a_job(status=Status.RUNNING), an_attempt(), replace(an_attempt(), status="done"))
    assert "- smile (morph): between two steps" in text(world)


# ---------------------------------------------------------------- the file


def test_the_board_is_written_whole_and_nothing_else_is_left(tmp_path):
    assert write_board(tmp_path / "STATUS.txt", "hello\r\n")
    assert (tmp_path / "STATUS.txt").read_bytes() == b"hello\r\n"
    assert names(tmp_path) == ["STATUS.txt"]


def test_a_board_that_says_the_same_is_not_written_again(tmp_path):
    write_board(tmp_path / "STATUS.txt", "same")
    before = (tmp_path / "STATUS.txt").stat()
    assert write_board(tmp_path / "STATUS.txt", "same")
    assert (tmp_path / "STATUS.txt").stat().st_ino == before.st_ino


def test_a_share_that_refuses_is_no_trouble(tmp_path):
    assert not write_board(tmp_path / "gone" / "STATUS.txt", "text")
    (tmp_path / "STATUS.txt").mkdir()
    assert not write_board(tmp_path / "STATUS.txt", "text")


def test_a_link_in_the_place_of_the_partial_leads_nowhere(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / PARTIAL).symlink_to(victim)
    assert write_board(tmp_path / "STATUS.txt", "text")
    assert victim.read_text() == "precious"


def test_a_link_or_a_pipe_in_the_place_of_the_board_is_replaced_unread(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for make in (lambda path: path.symlink_to(victim), os.mkfifo):
        path = tmp_path / "STATUS.txt"
        make(path)
        assert write_board(path, "text")
        assert path.read_text() == "text"
        path.unlink()
    assert victim.read_text() == "precious"


def test_a_link_to_the_very_same_text_is_replaced_all_the_same(tmp_path):
    victim = tmp_path / "victim"
    text = "x" * len(str(victim))
    victim.write_text(text)
    path = tmp_path / "STATUS.txt"
    path.symlink_to(victim)
    assert write_board(path, text)
    assert not path.is_symlink()


def test_a_name_in_any_bytes_can_be_written(tmp_path):
    assert write_board(tmp_path / "STATUS.txt", "caf\udce9")
    assert b"\\udce9" in (tmp_path / "STATUS.txt").read_bytes()


def test_the_first_job_that_works_with_weights_tells_their_licence_and_no_later_one(world):
    first, later = a_job("261120-aaaaaaa", status=Status.DONE), a_job("261120-bbbbbbb", status=Status.DONE)
    for job in (first, later):
        world.run(job)
        world.store.note_licences(job.id, {"eyes": "for research only"})
    world.store.note_licences(later.id, {"mind": "free for all"})
    assert world.store.licences() == {first.id: ("eyes: for research only",), later.id: ("mind: free for all",)}
    said = text(world)
    assert "LICENCES OF THE WEIGHTS THAT WERE USED FOR THE FIRST TIME (2)" in said
    assert "- eyes: for research only." in said
    assert "LICENCES" not in text(world, NOW + 3 * 86400)


def test_what_was_done_by_itself_and_needs_a_look_is_told(world):
    fault = Fault(what="people", why="they were put back.")
    job = a_job(item="edits (by itself)", command="edits", status=Status.DONE, faults=(fault,), result=".")
    quiet = a_job("261120-bbbbbbb", item="night (by itself)", command="night", status=Status.DONE, result=".")
    for one in (job, quiet):
        world.run(one)
    said = text(world)
    assert "edits (by itself)" in said
    assert "1 part of it failed, see WHY.txt there" in said
    assert "night (by itself)" not in said


def test_what_waits_for_another_of_its_key_says_for_which_and_how_far_that_is(world):
    world.run(a_job("261120-runnxyz", item="take", key="anna", status=Status.RUNNING), an_attempt("261120-runnxyz"))
    world.report("261120-runnxyz", (90, 1, 41, None), (60, 2, 41, None), (30, 3, 41, None), (1, 4, 41, None))
    world.store.add([a_job("261120-queue22", item="hello", key="anna"), a_job("261120-other22", item="yes", key="eve")])
    said = text(world)
    assert "- hello (morph): waits for take (blend, about 18 min left), which is for anna too\r\n" in said
    assert "- yes (morph)\r\n" in said
