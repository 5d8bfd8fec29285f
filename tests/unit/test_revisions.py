"""A key's state: a job's next revision is whole or not there, whatever is killed, and old ones cost what changed."""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.failpoints import Step
from daemon.model import Failed, Kind
from daemon.revisions import (
    Change,
    Damaged,
    commit,
    current,
    earlier,
    jobs_in,
    manifest,
    prepare,
    prepare_again,
    prepared,
    present,
    prune,
    revisions,
)
from tests.killing import OTHER, attempt, files, listed, plant
from tests.unit.tree_world import interrupted

ODD = "r\udcff ü\n.bin"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "state"


@pytest.fixture(params=["near", "far"])
def work(request, tmp_path):
    """A work folder, on the file system of the state and on another."""
    if request.param == "near":
        yield tmp_path / "work"
        return
    if not OTHER.is_dir() or OTHER.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("NOT TESTED: a state on another file system than the work folder needs /dev/shm")
    with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=OTHER) as folder:
        yield Path(folder)


def changed(work, new=None, keep=(), job="job1", base=0):
    folder = None
    if new is not None:
        folder = work / job / "state"
        folder.mkdir(parents=True, exist_ok=True)
        plant(folder, new)
    return Change(job=job, base=base, new=folder, keep=tuple(keep), at=5.0)


def advance(root, work, new=None, keep=(), job="job1"):
    now = current(root)
    revision = prepare(root, changed(work, new, keep, job, now.number if now else 0))
    assert not isinstance(revision, Failed), revision
    commit(root, revision)
    return revision


def read(root, revision):
    return {path: (root / stored.at).read_bytes() for path, stored in revision.files.items()}


def test_a_key_has_no_state_before_its_first_revision(root):
    assert current(root) is None
    assert revisions(root) == ()
    assert prepared(root, "job1") is None


def test_a_prepared_revision_holds_only_when_it_is_committed(root, work):
    revision = prepare(root, changed(work, {"a": b"1", f"deep/{ODD}": b"2"}))
    assert current(root) is None
    assert prepared(root, "job1") == revision
    assert prepared(root, "job2") is None
    commit(root, revision)
    assert current(root) == revision == prepared(root, "job1")
    assert (revision.number, revision.base, revision.job, revision.at) == (1, 0, "job1", 5.0)
    assert read(root, revision) == {"a": b"1", f"deep/{ODD}": b"2"}
    assert not (work / "job1" / "state").exists()


def test_the_next_revision_has_what_is_new_and_what_it_keeps_and_shares_that(root, work):
    first = advance(root, work, {"a": b"1", "b": b"2", "c": b"3"})
    second = advance(root, work, {"b": b"two", "d": b"4"}, keep=("a", "b"), job="job2")
    assert read(root, second) == {"a": b"1", "b": b"two", "d": b"4"}
    assert second.files["a"].at == first.files["a"].at
    assert read(root, first) == {"a": b"1", "b": b"2", "c": b"3"}


def test_a_revision_that_only_drops_files_is_one(root, work):
    advance(root, work, {"a": b"1", "b": b"2"})
    assert read(root, advance(root, work, keep=("b",), job="job2")) == {"b": b"2"}


@pytest.mark.parametrize("new", [None, {}])
def test_where_nothing_changes_the_revision_that_holds_is_the_answer(root, work, new):
    first = advance(root, work, {"a": b"1"})
    assert prepare(root, changed(work, new, ("a",), "job2", 1)) == first
    assert prepared(root, "job2") is None
    assert len(revisions(root)) == 1


def test_nothing_at_all_becomes_no_revision(root, work):
    commit(root, prepare(root, changed(work)))
    assert current(root) is None


def test_preparing_and_committing_twice_is_doing_it_once(root, work):
    change = changed(work, {"a": b"1"})
    first = prepare(root, change)
    assert prepare(root, change) == first
    commit(root, first)
    assert prepare(root, change) == first
    commit(root, first)
    assert current(root) == first
    assert len(files(root / "files")) == 1


def test_a_stage_that_ran_again_before_the_commit_has_the_last_word(root, work):
    prepare(root, changed(work, {"a": b"old", "extra": b"x"}))
    revision = prepare(root, changed(work, {"a": b"new"}))
    assert read(root, revision) == {"a": b"new"}
    assert list(files(root / "files").values()) == [b"new"]


def test_a_stage_that_ran_again_and_brings_nothing_now_leaves_nothing_of_before(root, work):
    advance(root, work, {"a": b"1", "b": b"2"})
    prepare(root, changed(work, {"x": b"x"}, ("a", "b"), "job2", 1))
    assert read(root, prepare(root, changed(work, {}, ("a",), "job2", 1))) == {"a": b"1"}


def test_what_another_job_prepared_and_never_committed_is_replaced(root, work):
    advance(root, work, {"a": b"1"})
    prepare(root, changed(work, {"a": b"lost"}, job="job2", base=1))
    revision = prepare(root, changed(work, {"a": b"3"}, job="job3", base=1))
    assert revision.number == 2
    assert prepared(root, "job2") is None
    assert sorted(files(root / "files").values()) == [b"1", b"3"]


@pytest.mark.parametrize(("keep", "words"), [
    (("nope",), "keeps nope"), (("../a",), "keeps ../a"), (("/etc/passwd",), "keeps /etc/passwd"),
])  # fmt: skip
def test_a_stage_can_keep_only_what_there_is(root, work, keep, words):
    advance(root, work, {"a": b"1"})
    failed = prepare(root, changed(work, {"b": b""}, keep, "job2", 1))
    assert isinstance(failed, Failed)
    assert failed.kind is Kind.CRASH
    assert words in failed.reason
    assert len(revisions(root)) == 1


@pytest.mark.parametrize("strange", ["link", "pipe", "folder link"])
def test_what_is_no_plain_file_never_gets_into_the_state(root, work, strange):
    change = changed(work, {"a": b"1"})
    if strange == "pipe":
        os.mkfifo(change.new / "b")
    else:
        (change.new / "b").symlink_to("/etc" if strange == "folder link" else "/etc/passwd")
    failed = prepare(root, change)
    assert isinstance(failed, Failed)
    assert failed.kind is Kind.CRASH
    assert "b in the new state is a link or a device" in failed.reason
    assert current(root) is None


def test_a_link_in_the_place_of_the_new_state_is_not_followed(root, work):
    change = changed(work, {"a": b"1"})
    (work / "link").symlink_to(change.new)
    assert isinstance(prepare(root, replace(change, new=work / "link")), Failed)
    assert files(change.new) == {"a": b"1"}


def test_a_file_cannot_be_a_folder_too(root, work):
    advance(root, work, {"a": b"1"})
    failed = prepare(root, changed(work, {"a/b": b"2"}, ("a",), "job2", 1))
    assert isinstance(failed, Failed)
    assert "a is a file of the state, and a/b too" in failed.reason


def test_a_job_that_read_an_older_revision_is_told_so(root, work):
    advance(root, work, {"a": b"1"})
    failed = prepare(root, changed(work, {"b": b"2"}, (), "job2", 0))
    assert isinstance(failed, Failed)
    assert "retry the job" in failed.reason


def test_what_a_stage_left_and_somebody_removed_is_missed(root, work):
    change = changed(work, {"a": b"1"})
    (change.new / "a").unlink()
    change.new.rmdir()
    failed = prepare(root, change)
    assert isinstance(failed, Failed)
    assert "is gone; retry" in failed.reason


# ---------------------------------------------------------------- what a stage is given


def test_a_stage_is_given_exactly_the_files_of_the_revision_read_only(root, work):
    revision = advance(root, work, {"a": b"1", f"deep/{ODD}": b"2"})
    into = work / "job2" / "state"
    plant(into, {"half": b"made"})
    for _ in range(2):
        present(root, revision, into)
        assert files(into) == {"a": b"1", f"deep/{ODD}": b"2"}
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in into.rglob("*") if path.is_file())
    assert listed(work / "job2") == {"state"}


def test_a_stage_that_writes_to_what_it_was_given_is_found_out(root, tmp_path):
    work = tmp_path / "work"
    first = advance(root, work, {"a": b"1", "b": b"2"})
    present(root, first, work / "job2" / "given")
    (work / "job2" / "given" / "a").chmod(0o644)
    with (work / "job2" / "given" / "a").open("r+b") as file:
        file.write(b"X")
    os.utime(work / "job2" / "given" / "a", ns=(1, 1))
    failed = prepare(root, changed(work, {"c": b"3"}, ("a", "b"), "job2", 1))
    assert isinstance(failed, Failed)
    assert failed.kind is Kind.CRASH
    assert "a of the state is not as revision 1 left it" in failed.reason
    assert current(root) == first


def test_a_state_that_was_restored_from_a_backup_without_times_is_as_good(root, work):
    first = advance(root, work, {"a": b"1"})
    os.utime(root / first.files["a"].at, ns=(1, 1))
    assert read(root, advance(root, work, {"b": b"2"}, ("a",), "job2")) == {"a": b"1", "b": b"2"}


def test_a_revision_whose_file_was_cut_off_is_not_committed(root, work):
    revision = prepare(root, changed(work, {"a": b"123"}))
    path = root / revision.files["a"].at
    path.chmod(0o644)
    path.write_bytes(b"")
    with pytest.raises(Damaged, match="not as it was left"):
        commit(root, revision)
    assert current(root) is None


@pytest.mark.parametrize("harm", ["current.json", "revisions/1.json", "revisions"])
def test_a_damaged_state_is_never_taken_for_none(root, work, harm):
    advance(root, work, {"a": b"1"})
    if (root / harm).is_dir():
        (root / harm / "1.json").unlink()
    else:
        (root / harm).write_bytes(b'{"number": "x"')
    with pytest.raises(Damaged, match="restore a backup"):
        current(root)


# ---------------------------------------------------------------- old revisions


def grown(root, work, count=4):
    """Each revision has a file of its own, one of the one before, and one of the first."""
    advance(root, work, {"first": b"0", "1": b"1"}, job="job1")
    for n in range(2, count + 1):
        advance(root, work, {str(n): b"%d" % n}, ("first", str(n - 1)), f"job{n}")


def test_only_the_last_revisions_stay_and_the_files_that_they_name(root, work):
    grown(root, work)
    prune(root, 2)
    assert [revision.number for revision in revisions(root)] == [3, 4]
    assert read(root, revisions(root)[0]) == {"first": b"0", "2": b"2", "3": b"3"}
    assert sorted(files(root / "files").values()) == [b"0", b"2", b"3", b"4"]
    prune(root, 0)
    assert [revision.number for revision in revisions(root)] == [4]
    assert sorted(files(root / "files").values()) == [b"0", b"3", b"4"]
    assert read(root, current(root)) == {"first": b"0", "3": b"3", "4": b"4"}
    assert len(listed(root / "files")) == 3


def test_pruning_leaves_what_is_prepared_alone(root, work):
    grown(root, work, 2)
    taken = changed(work, {"half": b"taken"}, (), "job3", 2)
    attempt("state:taken", prepare, root, taken)
    prune(root, 1)
    assert read(root, prepare(root, taken)) == {"half": b"taken"}
    revision = prepare(root, changed(work, {"3": b"3"}, ("1",), "job3", 2))
    prune(root, 1)
    commit(root, revision)
    assert read(root, current(root)) == {"1": b"1", "3": b"3"}


def returned(root, number, job="back"):
    revision = prepare_again(root, number, job, 9.0)
    assert not isinstance(revision, Failed), revision
    commit(root, revision)
    return revision


def test_an_earlier_revision_becomes_the_next_one_and_that_can_be_undone_too(root, work):
    grown(root, work)
    back = returned(root, 2)
    assert (back.number, back.base, back.again, back.job) == (5, 4, 2, "back")
    assert read(root, current(root)) == {"first": b"0", "1": b"1", "2": b"2"}
    assert returned(root, 4, "forth").number == 6
    assert read(root, current(root)) == {"first": b"0", "3": b"3", "4": b"4"}


def test_to_go_back_costs_no_file(root, work):
    grown(root, work)
    before = files(root / "files")
    returned(root, 2)
    assert files(root / "files") == before


def test_what_an_earlier_revision_brought_stays_after_that_one_was_dropped(root, work):
    grown(root, work)
    returned(root, 2)
    prune(root, 1)
    assert [revision.number for revision in revisions(root)] == [5]
    assert read(root, current(root)) == {"first": b"0", "1": b"1", "2": b"2"}


def test_to_go_back_twice_for_one_job_is_doing_it_once(root, work):
    grown(root, work)
    first = prepare_again(root, 2, "back", 9.0)
    assert prepare_again(root, 2, "back", 9.0) == first
    commit(root, first)
    assert prepare_again(root, 2, "back", 9.0) == first
    assert [revision.number for revision in revisions(root)] == [1, 2, 3, 4, 5]


def test_a_job_that_is_retried_after_going_back_is_new_work(root, work):
    grown(root, work)
    returned(root, 2)
    revision = advance(root, work, {"3": b"better"}, ("first",), "job3")
    assert (revision.number, read(root, revision)) == (6, {"first": b"0", "3": b"better"})


def test_whose_work_a_revision_holds_follows_the_way_back(root, work):
    grown(root, work)
    returned(root, 2)
    advance(root, work, {"9": b"9"}, ("first",), "job9")
    assert jobs_in(revisions(root), 6) == {"job1", "job2", "job9"}
    assert jobs_in(revisions(root), 4) == {"job1", "job2", "job3", "job4"}


def test_a_revision_that_is_not_there_is_none_to_go_back_to(root, work):
    grown(root, work, 2)
    assert earlier(root, 7) == Failed("Revision 7 was never there. There are: 1, 2.", Kind.BAD_INPUT)
    prune(root, 1)
    assert earlier(root, 1) == Failed("Revision 1 is not there any more. There are: 2.", Kind.BAD_INPUT)


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_revision_that_is_not_whole_is_none_to_go_back_to(root, work, harm):
    grown(root, work)
    path = root / earlier(root, 2).files["2"].at
    path.chmod(0o644)
    path.unlink() if harm == "gone" else path.write_bytes(b"X")
    failed = prepare_again(root, 2, "back", 9.0)
    assert isinstance(failed, Failed)
    assert "2 of revision 2 is gone, or is not as it was left" in failed.reason


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_one_can_go_back_from_a_revision_of_which_the_manifest_is_lost(root, work, harm):
    grown(root, work)
    path = manifest(root, 4)
    path.unlink() if harm == "gone" else path.write_bytes(b"{")
    with pytest.raises(Damaged, match="visaged rollback"):
        current(root)
    returned(root, 3)
    prune(root, 3)
    assert read(root, current(root)) == read(root, earlier(root, 3))


@pytest.mark.parametrize("label", [Step.STATE_PREPARED, Step.STATE_COMMITTED])
def test_going_back_survives_a_kill(root, work, label):
    grown(root, work)
    assert attempt(label, returned, root, 2)
    assert returned(root, 2).number == 5
    assert read(root, current(root)) == {"first": b"0", "1": b"1", "2": b"2"}
    assert [revision.number for revision in revisions(root)] == [1, 2, 3, 4, 5]


# ---------------------------------------------------------------- kills


def whole_change(root, change):
    revision = prepare(root, change)
    commit(root, revision)
    prune(root, 1)


@pytest.mark.parametrize("label", [s for s in Step if s.startswith("state:")])
def test_killed_at_any_step_the_same_calls_complete_it(root, work, label):
    grown(root, work, 2)
    change = changed(work, {"3": b"3", "1": b"one"}, ("first", "2"), "job3", 2)
    assert attempt(label, whole_change, root, change)
    assert current(root).number in {2, 3}
    assert set(read(root, current(root)).values()) in ({b"0", b"1", b"2"}, {b"0", b"2", b"3", b"one"})
    whole_change(root, change)
    assert read(root, current(root)) == {"first": b"0", "1": b"one", "2": b"2", "3": b"3"}
    assert [r.number for r in revisions(root)] == [3]
    assert sorted(files(root / "files").values()) == [b"0", b"2", b"3", b"one"]
    assert not (root / "incoming").exists()


@pytest.mark.parametrize("label", [s for s in Step if s.startswith("move:")])
def test_killed_while_files_cross_file_systems_it_recovers_too(root, work, label):
    change = changed(work, {"a": b"1", "b": b"2"})
    attempt(label, whole_change, root, change)
    whole_change(root, change)
    assert read(root, current(root)) == {"a": b"1", "b": b"2"}
    assert not (work / "job1" / "state").exists()


def test_killed_before_any_single_write_the_same_calls_complete_it(tmp_path):
    far = OTHER if OTHER.is_dir() else tmp_path
    for at in range(1, 200):
        with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=far) as work:
            root = tmp_path / str(at)
            advance(root, Path(work), {"a": b"1", "b": b"2"})
            change = changed(Path(work), {"c": b"3", "d/e": b"4", "b": b"two"}, ("a",), "job2", 1)
            killed = interrupted(at, whole_change, root, change)
            assert set(read(root, current(root)).values()) in ({b"1", b"2"}, {b"1", b"two", b"3", b"4"})
            whole_change(root, change)
            assert read(root, current(root)) == {"a": b"1", "b": b"two", "c": b"3", "d/e": b"4"}
        if not killed:
            assert at > 20
            return
    pytest.fail("it never ended")


def test_a_manifest_is_json_that_a_person_can_read(root, work):
    advance(root, work, {"a": b"12"})
    said = json.loads((root / "revisions" / "1.json").read_bytes())
    assert said["files"]["a"]["size"] == 2
    assert json.loads((root / "current.json").read_bytes()) == {"number": 1}
