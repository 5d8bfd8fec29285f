"""The result tree becomes what the stage wants, and nothing of the user's is overwritten, removed or lost."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from daemon.folders import Ownership
from daemon.model import Failed, Kind
from daemon.tree import Applied, apply, recorded
from daemon.tree.carry import carry
from daemon.tree.disk import read_disk
from daemon.tree.plan import plan
from daemon.tree.record import begin_journal
from daemon.tree.wants import wanted
from pipelines.contract import Leaf, Place
from tests.killing import OTHER, files, listed, plant
from tests.unit.tree_world import World, leaf, made, sha, snapshot

A, B, C = b"anna", b"bert is longer", b"c"


@pytest.fixture
def world(tmp_path):
    one = World(tmp_path)
    one.drop(A, B, C)
    return one


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system."""
    if not OTHER.is_dir() or OTHER.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("NOT TESTED: a tree on another file system than the archive needs /dev/shm")
    with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=OTHER) as folder:
        yield Path(folder)


def counts(applied):
    return applied.placed, applied.moved, applied.removed, applied.kept, applied.left, applied.unknown


# ---------------------------------------------------------------- what is wanted comes


def test_a_tree_holds_what_is_wanted_and_nothing_else(world):
    applied = world.show(
        [leaf("people/p1/a.jpg", A), leaf("unsorted/b.jpg", B), made("faces.csv")], {"faces.csv": b"x"}
    )
    assert world.seen() == {"people/p1/a.jpg": A, "unsorted/b.jpg": B, "faces.csv": b"x"}
    assert counts(applied) == (3, 0, 0, 0, 0, 0)
    assert listed(world.tree) == {"people", "unsorted", "faces.csv", ".visaged-tree"}


def test_a_picture_is_the_archived_file_itself_where_that_can_be(world):
    world.show([leaf("p/a.jpg", A), leaf("q/a.jpg", A)])
    (original,) = world.archived[sha(A)]
    assert (world.tree / "p/a.jpg").samefile(original)
    assert (world.tree / "q/a.jpg").samefile(original)


@pytest.mark.parametrize("place", [Place.COPY, Place.REFLINK])
def test_a_copy_is_one_and_keeps_its_time(world, place):
    (original,) = world.archived[sha(A)]
    os.utime(original, ns=(5, 10**18))
    world.show([leaf("p/a.jpg", A, place=place)])
    assert not (world.tree / "p/a.jpg").samefile(original)
    assert (world.tree / "p/a.jpg").stat().st_mtime_ns == 10**18


@pytest.mark.parametrize("place", list(Place))
def test_across_file_systems_everything_is_copied(world, elsewhere, place):
    world.place = elsewhere
    leaves = [leaf("p/a.jpg", A, place=place), leaf("q/a.jpg", A, place=place), made("m.jpg")]
    world.show(leaves, {"m.jpg": b"m"})
    assert world.seen() == {"p/a.jpg": A, "q/a.jpg": A, "m.jpg": b"m"}
    assert world.show(leaves, {"m.jpg": b"m"}) == Applied()


def test_an_original_that_was_only_referred_to_is_read_and_never_linked(world, tmp_path):
    plant(tmp_path / "share", {"d.jpg": b"d"})
    before = snapshot(tmp_path / "share")
    plant(tmp_path / "in", {})
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "d.jpg").symlink_to(tmp_path / "share" / "d.jpg")
    world.show([leaf("p/d.jpg", b"d")], sources={sha(b"d"): (tmp_path / "in" / "d.jpg",)})
    assert world.seen() == {"p/d.jpg": b"d"}
    assert not (world.tree / "p/d.jpg").is_symlink()
    assert snapshot(tmp_path / "share") == before


def test_a_source_whose_content_has_changed_is_not_shown_as_what_it_was(world, tmp_path):
    plant(tmp_path, {"changed.jpg": b"other"})
    applied = world.show([leaf("p/d.jpg", b"d", place=Place.COPY)], sources={sha(b"d"): (tmp_path / "changed.jpg",)})
    assert applied.unknown == 1
    assert world.seen() == {}


def test_content_that_nobody_has_is_named_and_the_rest_is_shown(world):
    for _ in range(2):
        applied = world.show([leaf("p/a.jpg", A), leaf("p/lost.jpg", b"lost")])
        assert applied.unknown == 1
        (fault,) = applied.faults
        assert (fault.what, "drop the file again" in fault.why) == ("p/lost.jpg", True)
    assert world.seen() == {"p/a.jpg": A}


def test_content_that_only_the_tree_holds_is_taken_from_there(world):
    world.show([leaf("p/a.jpg", A)])
    world.archived.clear()
    applied = world.show([leaf("q/a.jpg", A), leaf("r/a.jpg", A)])
    assert world.seen() == {"q/a.jpg": A, "r/a.jpg": A}
    assert counts(applied) == (1, 1, 0, 0, 0, 0)


def test_what_stands_beside_is_not_told_to_stages(world):
    world.show([leaf("p/a.jpg", A)], beside={"receipt.json": b"{}", "WHY.txt": b"why"})
    assert world.published() == {"p/a.jpg": ("p/a.jpg", "faces:1")}
    world.show([leaf("p/a.jpg", A)], beside={"receipt.json": b"{2}"})
    assert world.seen() == {"p/a.jpg": A, "receipt.json": b"{2}"}


def test_all_of_it_has_the_configured_rights(world):
    world.show([leaf("p/a.jpg", A), made("p/m.jpg")], {"p/m.jpg": b"m"}, ownership=Ownership(0o027))
    assert {p.stat().st_mode & 0o777 for p in world.tree.rglob("*") if p.is_file()} == {0o640}
    assert {p.stat().st_mode & 0o777 for p in (world.tree, world.tree / "p")} == {0o750}


# ---------------------------------------------------------------- and goes


def test_what_is_wanted_no_more_goes_with_the_folders_that_it_leaves_empty(world):
    world.show([leaf("people/p1/a.jpg", A), leaf("people/p2/b.jpg", B), leaf("people/p2/deep/er/c.jpg", C)])
    (world.tree / "people" / "p2" / "Thumbs.db").write_bytes(b"junk")
    applied = world.show([leaf("people/p1/a.jpg", A)])
    assert world.seen() == {"people/p1/a.jpg": A}
    assert listed(world.tree / "people") == {"p1"}
    assert counts(applied) == (0, 0, 2, 0, 0, 0)
    assert not world.kept.exists()


def test_folders_that_the_user_made_stay(world):
    world.show([leaf("p/a.jpg", A)])
    (world.tree / "mine" / "empty").mkdir(parents=True)
    (world.tree / "p" / "mine").mkdir()
    world.show([])
    assert {p.relative_to(world.tree).as_posix() for p in world.tree.rglob("*") if p.is_dir()} == {
        "mine", "mine/empty", "p", "p/mine",
    }  # fmt: skip


def test_the_last_copy_of_a_users_picture_is_never_removed_but_kept(world):
    world.show([leaf("people/Anna/a.jpg", A), leaf("b.jpg", B)])
    world.archived[sha(A)][0].unlink()
    world.archived.clear()
    applied = world.show([])
    assert counts(applied) == (0, 0, 2, 1, 0, 0)
    assert files(world.kept) == {"people/Anna/a.jpg": A}
    assert (world.root / "archive" / f"{sha(B)[:8]}.jpg").read_bytes() == B


def test_two_names_of_one_last_copy_are_kept_once(world):
    world.show([leaf("p/a.jpg", A), leaf("q/a.jpg", A)])
    world.archived[sha(A)][0].unlink()
    world.archived.clear()
    world.show([])
    assert list(files(world.kept).values()) == [A]


def test_what_is_kept_never_overwrites_what_was_kept(world):
    plant(world.kept, {"p/a.jpg": b"earlier"})
    world.show([leaf("p/a.jpg", A, place=Place.COPY)], sources=world.archived)
    world.show([], sources={})
    assert files(world.kept) == {"p/a.jpg": b"earlier", "p/a-2.jpg": A}


def test_what_shall_be_forgotten_is_not_kept(world):
    world.show([leaf("p/a.jpg", A, place=Place.COPY), leaf("p/b.jpg", B, place=Place.COPY)])
    world.show([], sources={}, forget=frozenset({sha(A)}))
    assert files(world.kept) == {"p/b.jpg": B}


def test_what_the_stage_made_is_replaced_and_removed_freely(world):
    world.show([made("sheet.jpg"), made("p/faces.csv")], {"sheet.jpg": b"1", "p/faces.csv": b"1"})
    world.show([made("sheet.jpg")], {"sheet.jpg": b"two"})
    assert world.seen() == {"sheet.jpg": b"two"}
    assert not world.kept.exists()


def test_what_the_stage_made_stays_when_it_asks_for_it_by_its_content(world):
    world.show([made("sheet.jpg")], {"sheet.jpg": b"sheet"})
    world.show([Leaf(path="sheet.jpg", sha256=sha(b"sheet"), tag="ours")])
    assert world.seen() == {"sheet.jpg": b"sheet"}
    world.show([])
    assert not world.kept.exists()


def test_a_file_that_is_wanted_elsewhere_is_moved_there(world):
    world.show([leaf("people/p1/a.jpg", A, place=Place.COPY), leaf("people/p1/b.jpg", B, place=Place.COPY)])
    inode = (world.tree / "people/p1/a.jpg").stat().st_ino
    applied = world.show([leaf("people/Anna/a.jpg", A), leaf("people/Anna/b.jpg", B)])
    assert world.seen() == {"people/Anna/a.jpg": A, "people/Anna/b.jpg": B}
    assert listed(world.tree / "people") == {"Anna"}
    assert (world.tree / "people/Anna/a.jpg").stat().st_ino == inode
    assert counts(applied) == (0, 2, 0, 0, 0, 0)


def test_files_and_folders_can_change_places(world):
    world.show([leaf("p/x.jpg", A), leaf("q/x.jpg", B), leaf("r/x.jpg", C), made("s.jpg"), made("t.jpg")],
               {"s.jpg": b"s", "t.jpg": b"t"})  # fmt: skip
    applied = world.show([leaf("q/x.jpg", A), leaf("r/x.jpg", B), leaf("p/x.jpg", C), made("s.jpg"), made("t.jpg")],
                         {"s.jpg": b"t", "t.jpg": b"s"})  # fmt: skip
    assert world.seen() == {"q/x.jpg": A, "r/x.jpg": B, "p/x.jpg": C, "s.jpg": b"t", "t.jpg": b"s"}
    assert not (world.tree / ".visaged-partial").exists()
    assert applied.moved == 3


# ---------------------------------------------------------------- nothing of the user's


def test_a_users_file_stays_and_ours_stands_beside_it(world):
    plant(world.tree, {"p/a.jpg": b"mine", "p/a (2).jpg": b"mine too", "faces.csv": b"my table"})
    for _ in range(3):
        world.show([leaf("p/a.jpg", A), made("faces.csv")], {"faces.csv": b"1"})
        assert world.seen() == {
            "p/a.jpg": b"mine", "p/a (2).jpg": b"mine too", "p/a (3).jpg": A,
            "faces.csv": b"my table", "faces (2).csv": b"1",
        }  # fmt: skip
    world.show([made("faces.csv")], {"faces.csv": b"2"})
    assert world.seen() == {
        "p/a.jpg": b"mine", "p/a (2).jpg": b"mine too", "faces.csv": b"my table", "faces (2).csv": b"2",
    }  # fmt: skip


def test_a_users_file_that_is_just_what_is_wanted_counts(world):
    plant(world.tree, {"p/a.jpg": A})
    inode = (world.tree / "p/a.jpg").stat().st_ino
    assert counts(world.show([leaf("p/a.jpg", A)])) == (0, 0, 0, 0, 0, 0)
    assert (world.tree / "p/a.jpg").stat().st_ino == inode
    assert world.published() == {"p/a.jpg": ("p/a.jpg", "faces:1")}


@pytest.mark.parametrize("obstacle", ["link", "folder link", "folder", "pipe", "dead link"])
def test_nothing_is_written_through_or_over_what_is_no_file(world, tmp_path, obstacle):
    outside = tmp_path / "outside"
    outside.mkdir()
    place = world.tree / "p" / "a.jpg"
    place.parent.mkdir(parents=True)
    match obstacle:
        case "link":
            plant(outside, {"x": b"x"})
            place.symlink_to(outside / "x")
        case "dead link":
            place.symlink_to(outside / "nothing")
        case "folder link":
            place.parent.rmdir()
            place.parent.symlink_to(outside)
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
    before = files(outside)
    world.show([leaf("p/a.jpg", A)])
    assert files(outside) == before
    where = "p (2)/a.jpg" if obstacle == "folder link" else "p/a (2).jpg"
    assert (world.tree / where).read_bytes() == A
    assert world.show([leaf("p/a.jpg", A)]) == Applied()


def test_a_picture_that_the_user_has_changed_is_left_alone(world):
    world.show([leaf("p/a.jpg", A)])
    world.write("p/a.jpg", b"rotated")
    applied = world.show([leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/a.jpg": b"rotated", "p/b.jpg": B}
    assert applied.left == 1
    assert applied.notes == ("p/a.jpg was changed by a user meanwhile and is left as it is.",)
    assert world.published()["p/a.jpg"] == ("p/a.jpg", "faces:1")
    world.show([leaf("p/b.jpg", B)])
    assert world.seen() == {"p/a.jpg": b"rotated", "p/b.jpg": B}


def test_a_table_that_the_user_has_changed_stays_beside_the_new_one(world):
    world.show([made("faces.csv")], {"faces.csv": b"1"})
    world.write("faces.csv", b"1, and my notes")
    world.show([made("faces.csv")], {"faces.csv": b"2"})
    world.show([made("faces.csv")], {"faces.csv": b"3"})
    assert world.seen() == {"faces.csv": b"1, and my notes", "faces (2).csv": b"3"}


def test_a_users_file_in_a_folder_spelt_otherwise_is_not_taken_for_ours(world):
    plant(world.tree, {"P/x.jpg": b"mine"})
    world.show([made("P/x.jpg")], {"P/x.jpg": b"1"})
    world.write("p/x (2).jpg", b"mine too")
    world.show([made("P/x.jpg")], {"P/x.jpg": b"2"})
    assert world.seen() == {"P/x.jpg": b"mine", "P/x (2).jpg": b"2", "p/x (2).jpg": b"mine too"}


def test_a_folder_that_the_user_renamed_takes_our_sheets_and_maps_along(world):
    p1 = [leaf("people/p1/a.jpg", A), made("people/p1/sheet.jpg"), made("people/p1/.visaged-faces.json")]
    world.show(p1, {"people/p1/sheet.jpg": b"p1", "people/p1/.visaged-faces.json": b"{1}"})
    world.move("people/p1", "people/Anna")
    assert world.published() == {
        "people/Anna/a.jpg": ("people/p1/a.jpg", "faces:1"),
        "people/Anna/sheet.jpg": ("people/p1/sheet.jpg", "ours"),
    }
    anna = [leaf("people/Anna/a.jpg", A), made("people/Anna/sheet.jpg"), made("people/Anna/.visaged-faces.json")]
    world.show(anna, {"people/Anna/sheet.jpg": b"Anna", "people/Anna/.visaged-faces.json": b"{2}"})
    assert files(world.tree / "people") == {
        "Anna/a.jpg": A, "Anna/sheet.jpg": b"Anna", "Anna/.visaged-faces.json": b"{2}",
    }  # fmt: skip


def test_a_folder_that_the_user_copied_may_become_a_persons(world):
    p1 = [leaf("p1/a.jpg", A), made("p1/sheet.jpg"), made("p1/.visaged-faces.json")]
    contents = {"p1/sheet.jpg": b"p1", "p1/.visaged-faces.json": b"{1}"}
    world.show(p1, contents)
    for path, content in files(world.tree / "p1").items():
        world.write(f"Anna/{path}", content)
    anna = [leaf("Anna/a.jpg", A), made("Anna/sheet.jpg"), made("Anna/.visaged-faces.json")]
    world.show([*p1, *anna], contents | {"Anna/sheet.jpg": b"Anna", "Anna/.visaged-faces.json": b"{2}"})
    assert files(world.tree / "Anna") == {"a.jpg": A, "sheet.jpg": b"Anna", ".visaged-faces.json": b"{2}"}


def test_an_emptied_folder_of_a_person_goes(world):
    world.show([leaf("p/a.jpg", A), made("p/.visaged-faces.json")], {"p/.visaged-faces.json": b"{}"})
    world.move("p/a.jpg", "q/a.jpg")
    world.show([leaf("q/a.jpg", A)])
    assert listed(world.tree) == {"q", ".visaged-tree"}


def test_what_a_user_moved_can_be_moved_back_by_the_stage_that_knows_of_it(world):
    world.show([leaf("p/a.jpg", A)])
    world.move("p/a.jpg", "q/renamed.jpg")
    applied = world.show([leaf("p/a.jpg", A)])
    assert world.seen() == {"p/a.jpg": A}
    assert applied.moved == 1


# ---------------------------------------------------------------- edits between the look and the change


def edited_meanwhile(world, edit, leaves):
    world.show([leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    change = world.change(leaves)
    edit()
    first = apply(change)
    assert isinstance(first, Applied)
    assert apply(change) == first
    return first


def test_a_file_deleted_since_the_look_is_not_put_back_and_told_to_the_next_job(world):
    applied = edited_meanwhile(world, lambda: world.remove("p/a.jpg"), [leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/b.jpg": B}
    assert applied.left == 1
    assert world.published() == {"p/b.jpg": ("p/b.jpg", "faces:1"), "-p/a.jpg": ("p/a.jpg", "faces:1")}
    world.show([leaf("p/b.jpg", B)])
    assert world.published() == {"p/b.jpg": ("p/b.jpg", "faces:1")}


def test_a_file_moved_since_the_look_stays_there_and_is_told_to_the_next_job(world):
    edited_meanwhile(world, lambda: world.move("p/a.jpg", "q/a.jpg"), [leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/b.jpg": B, "q/a.jpg": A}
    assert world.published()["q/a.jpg"] == ("p/a.jpg", "faces:1")


def test_a_file_moved_since_the_look_is_not_lost_where_the_stage_wants_it_elsewhere(world):
    edited_meanwhile(world, lambda: world.move("p/a.jpg", "q/a.jpg"), [leaf("r/a.jpg", A), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/b.jpg": B, "q/a.jpg": A, "r/a.jpg": A}
    assert world.published()["q/a.jpg"] == ("p/a.jpg", "faces:1")


def test_a_file_moved_before_the_look_and_deleted_after_it_stays_deleted(world):
    world.show([leaf("p/a.jpg", A)])
    world.move("p/a.jpg", "q/a.jpg")
    change = world.change([leaf("q/a.jpg", A, "faces:7")])
    world.remove("q/a.jpg")
    assert isinstance(apply(change), Applied)
    assert world.seen() == {}
    assert world.published() == {"-q/a.jpg": ("q/a.jpg", "faces:1")}


def test_a_file_that_came_since_the_look_is_nobodys_but_the_users(world):
    edited_meanwhile(world, lambda: world.write("p/c.jpg", b"new"), [leaf("p/c.jpg", C), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/b.jpg": B, "p/c.jpg": b"new", "p/c (2).jpg": C}


def test_a_place_that_a_user_has_emptied_since_the_look_is_not_filled_before_it_is_told(world):
    edited_meanwhile(world, lambda: world.remove("p/a.jpg"), [leaf("p/a.jpg", C), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/a (2).jpg": C, "p/b.jpg": B}
    assert "-p/a.jpg" in world.published()


def test_where_users_and_stage_agree_on_a_swap_the_same_call_again_changes_nothing(world):
    swap_by_users(world)
    change = world.change([leaf("q/x.jpg", A), leaf("p/x.jpg", B)])
    first = apply(change)
    assert apply(change) == first
    assert first.left == 0
    assert world.seen() == {"q/x.jpg": A, "p/x.jpg": B}


def test_what_a_user_does_after_the_change_is_theirs_when_it_is_asked_for_again(world):
    swap_by_users(world)
    change = world.change([leaf("q/x.jpg", A), leaf("p/x.jpg", B)])
    apply(change)
    world.move("p/x.jpg", "r/x.jpg")
    world.move("q/x.jpg", "p/x.jpg")
    apply(change)
    assert world.seen() == {"p/x.jpg": A, "r/x.jpg": B}


def swap_by_users(world):
    world.show([leaf("p/x.jpg", A), leaf("q/x.jpg", B)])
    world.move("p/x.jpg", "tmp.jpg")
    world.move("q/x.jpg", "p/x.jpg")
    world.move("tmp.jpg", "q/x.jpg")


# ---------------------------------------------------------------- edits while the steps are made


def overtaken(world, edit, leaves, made=None):
    """The steps are planned, then the user is faster."""
    if not world.tree.exists():
        world.show([])
    change = world.change(leaves, made, seen=False)
    record = recorded(world.state)
    disk = read_disk(world.tree, record)
    todo = plan(wanted(change, record.hashes()), disk, record, None, change.sources)
    edit()
    begin_journal(world.state, record, todo.journal(change.job))
    return carry(change, todo)[1]


def test_a_file_that_is_saved_anew_just_before_it_is_replaced_stays(world):
    world.show([made("faces.csv")], {"faces.csv": b"1"})
    overtaken(world, lambda: world.write("faces.csv", b"mine"), [made("faces.csv")], {"faces.csv": b"2"})
    assert world.seen() == {"faces.csv": b"mine", "faces (2).csv": b"2"}


def test_a_file_that_is_saved_anew_just_before_it_is_removed_stays(world):
    world.show([leaf("p/a.jpg", A)])
    applied = overtaken(world, lambda: world.write("p/a.jpg", b"mine"), [])
    assert world.seen() == {"p/a.jpg": b"mine"}
    assert applied.notes == ("p/a.jpg was changed by a user just now and is left as it is.",)


def test_a_file_that_is_saved_anew_just_before_it_is_moved_or_set_aside_stays(world):
    world.show([leaf("p/x.jpg", A), leaf("q/x.jpg", B)])
    overtaken(world, lambda: world.write("p/x.jpg", b"mine"), [leaf("p/x.jpg", B), leaf("q/x.jpg", A)])
    assert world.seen() == {"p/x.jpg": b"mine", "p/x (2).jpg": B, "q/x.jpg": A}


def test_a_place_that_is_taken_just_before_it_is_filled_stays_taken(world):
    overtaken(
        world, lambda: world.write("p/a.jpg", b"mine"), [leaf("p/a.jpg", A), leaf("p/a.jpg", B, place=Place.COPY)]
    )
    assert world.seen() == {"p/a.jpg": b"mine", "p/a (2).jpg": A, "p/a (2) (2).jpg": B}


def test_a_folder_that_becomes_a_link_just_before_it_is_filled_leads_nowhere(world, tmp_path):
    (tmp_path / "outside").mkdir()
    with pytest.raises(NotADirectoryError):
        overtaken(world, lambda: linked(world.tree / "p", tmp_path / "outside"), [leaf("p/a.jpg", A)])
    assert listed(tmp_path / "outside") == set()


def linked(place, target):
    place.symlink_to(target)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(("wish", "there"), [
    ("p/CON.jpg", "p/_CON.jpg"), ("p./a?.jpg", "p/a_.jpg"), ("p/a\\b.jpg", "p/a_b.jpg"), (" p /.a.jpg", "p/_a.jpg"),
    ("p/\udcff.jpg", "p/%FF.jpg"), ("p/e\u0301.jpg", "p/\u00e9.jpg"), ("AUX/a.jpg", "_AUX/a.jpg"),
])  # fmt: skip
def test_names_are_safe_everywhere(world, wish, there):
    for _ in range(2):
        world.show([leaf(wish, A)])
        assert world.seen() == {there: A}


def test_a_long_name_keeps_its_suffix(world):
    world.show([leaf("p/" + "ü" * 120 + ".jpeg", A)])
    (path,) = world.seen()
    assert path.endswith(".jpeg")
    assert len(path.encode()) < 200


def test_a_name_that_the_user_gave_stays_even_if_another_system_could_not_have_it(world):
    world.show([leaf("p/a.jpg", A)])
    odd = "wh\udcfft?\n\x07" + "n" * 200 + ".jpg"
    world.move("p/a.jpg", f"p/{odd}")
    (path,) = world.published()
    world.show([leaf(path, A)])
    assert os.fsencode(path) == os.fsencode(f"p/{odd}")
    assert set(world.seen()) == {path}


def test_names_that_some_system_takes_for_one_are_kept_apart(world):
    leaves = [
        leaf("p/a.jpg", A),
        leaf("p/A.JPG", B),
        leaf("p/\u00e5.jpg", A),
        leaf("p/a\u030a.jpg", C),
        leaf("P/a.jpg", C),
    ]
    there = {"p/a.jpg": A, "p/A (2).JPG": B, "p/\u00e5.jpg": A, "p/\u00e5 (2).jpg": C, "p/a (3).jpg": C}
    for order in (leaves, leaves[::-1], leaves):
        world.show(order)
        if order is leaves:
            assert world.seen() == there
    assert world.seen() == there


def test_a_folder_gets_the_spelling_that_is_wanted_now(world):
    p = [leaf("people/anna/a.jpg", A), made("people/anna/s.jpg")]
    world.show(p, {"people/anna/s.jpg": b"s"})
    world.write("people/anna/note.txt", b"mine")
    applied = world.show([leaf("people/Anna/a.jpg", A), made("people/Anna/s.jpg")], {"people/Anna/s.jpg": b"t"})
    assert world.seen() == {"people/Anna/a.jpg": A, "people/Anna/s.jpg": b"t", "people/Anna/note.txt": b"mine"}
    assert listed(world.tree / "people") == {"Anna"}
    assert world.published()["people/Anna/a.jpg"] == ("people/Anna/a.jpg", "faces:1")
    assert applied.left == 0


def test_the_same_place_for_the_same_content_twice_is_once(world):
    world.show([leaf("p/a.jpg", A), leaf("p/a.jpg", A)])
    assert world.seen() == {"p/a.jpg": A}


# ---------------------------------------------------------------- what a stage can get wrong


@pytest.mark.parametrize("wrong", [
    Leaf(path="../a", sha256=sha(A)), Leaf(path="/a", sha256=sha(A)), Leaf(path="a//b", sha256=sha(A)),
    Leaf(path="", sha256=sha(A)), Leaf(path="a/./b", sha256=sha(A)), Leaf(path="a\0b", sha256=sha(A)),
    Leaf(path="a"), Leaf(path="a", sha256=sha(A), file="m"), Leaf(path="a", sha256="nope"),
    Leaf(path="a", file="nope"), Leaf(path="a", file="../published.jsonl"), Leaf(path="a", file="link"),
])  # fmt: skip
def test_a_leaf_that_is_none_fails_the_job_and_touches_nothing(world, wrong):
    world.show([leaf("p/a.jpg", A)])
    change = world.change([leaf("q/a.jpg", A), wrong], {"m": b"m"})
    (change.staged / "link").symlink_to("/etc/passwd")
    failed = apply(change)
    assert isinstance(failed, Failed)
    assert failed.kind is Kind.CRASH
    assert "fault of the pipeline" in failed.reason
    assert world.seen() == {"p/a.jpg": A}


@pytest.mark.parametrize("text", [b"", b"nonsense\n", b"[]\n", b'{"path": "a", "what": 1}\n', None])
def test_a_tree_file_that_is_none_fails_the_job(world, text):
    change = world.change([])
    if text is None:
        (change.staged / "tree.jsonl").unlink()
    else:
        (change.staged / "tree.jsonl").write_bytes(text)
    outcome = apply(change)
    assert isinstance(outcome, Applied if text == b"" else Failed)


# ---------------------------------------------------------------- lost trees, full disks, nothing to do


def test_a_change_that_changes_nothing_writes_nothing(world):
    leaves = [leaf("p/a.jpg", A), leaf("q/b.jpg", B), made("m.jpg"), leaf("lost.jpg", b"?")]
    world.show(leaves, {"m.jpg": b"m"})
    plant(world.tree, {"p/mine.txt": b"mine"})
    change = world.change(leaves, {"m.jpg": b"m"})
    apply(change)
    before = snapshot(world.tree, world.state)
    again = apply(change)
    assert (again.placed, again.moved, again.removed, again.unknown) == (0, 0, 0, 1)
    assert snapshot(world.tree, world.state) == before


@pytest.mark.parametrize("harm", ["tree", "marker", "other marker"])
def test_a_tree_that_is_lost_says_nothing_and_is_built_again(world, harm):
    world.show([leaf("p/a.jpg", A), leaf("q/b.jpg", B)])
    if harm == "tree":
        world.remove("")
    elif harm == "marker":
        world.remove(".visaged-tree")
    else:
        world.write(".visaged-tree", b"0" * 32)
    assert world.look().lost
    assert world.look().shown == ()
    world.show([leaf("p/a.jpg", A), leaf("r/b.jpg", B)])
    assert world.seen().items() >= {"p/a.jpg": A, "r/b.jpg": B}.items()
    assert not world.look().lost
    assert world.published()["r/b.jpg"] == ("r/b.jpg", "faces:1")


def test_a_tree_whose_share_is_away_is_waited_for(world):
    world.show([leaf("p/a.jpg", A)])
    world.tree.parent.rename(world.root / "away")
    assert world.look().lost
    change = world.change([leaf("p/a.jpg", A)])
    failed = apply(change)
    assert failed.kind is Kind.INFRASTRUCTURE
    assert "mount its share" in failed.reason
    assert not world.tree.parent.exists()
    (world.root / "away").rename(world.tree.parent)
    assert isinstance(apply(change), Applied)


def test_a_full_disk_in_the_middle_is_completed_later(world, elsewhere, monkeypatch):
    world.place = elsewhere
    pictures = {f"p/{n}.jpg": b"%d" % n * 1000 for n in range(20)}
    world.drop(*pictures.values())
    change = world.change([leaf(path, content) for path, content in pictures.items()])
    written = 0

    def full(*_, **__):
        nonlocal written
        written += 1
        if written > 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("daemon.tree.place.os.utime", full)
        failed = apply(change)
    assert failed.kind is Kind.INFRASTRUCTURE
    assert "/family/p/" in failed.reason
    assert "free some space" in failed.reason
    assert len(world.seen()) == 7
    assert not list((world.tree / ".visaged-partial").glob("new-*"))
    applied = apply(change)
    assert world.seen() == pictures
    assert applied.placed == 20


def test_a_name_that_the_file_system_refuses_is_named_and_the_rest_is_shown(world, monkeypatch):
    real = os.link

    def refusing(source, target, **options):
        if "b.jpg" in str(target):
            raise OSError(errno.EILSEQ, os.strerror(errno.EILSEQ))
        real(source, target, **options)

    monkeypatch.setattr("daemon.tree.place.os.link", refusing)
    applied = world.show([leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    assert world.seen() == {"p/a.jpg": A}
    assert "refuses it" in applied.faults[0].why


def test_the_record_says_how_the_tree_was_left(world):
    world.show([leaf("p/a.jpg", A, "faces:1,2")])
    record = recorded(world.state)
    assert [(e.path, e.tag, e.sha256) for e in record.entries.values()] == [("p/a.jpg", "faces:1,2", sha(A))]
    assert (world.tree / ".visaged-tree").read_text().strip() == record.id
    assert not (world.state / "tree.journal.jsonl").exists()
