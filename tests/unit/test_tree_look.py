"""A look at a tree: what stands where it was left, what was moved, what is new and what is gone."""

import itertools
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.tree import look, recorded, signature_left
from daemon.tree.match import match
from daemon.tree.words import Entry, Found, Identity
from pipelines.contract import read_shown, write_lines
from tests.killing import plant
from tests.unit.tree_world import World, leaf, made, sha

A, B, C = b"anna", b"bert is longer", b"c"


@pytest.fixture
def world(tmp_path):
    one = World(tmp_path)
    one.drop(A, B, C)
    return one


def was(world):
    return {path: was for path, (was, _) in world.published().items()}


def test_a_tree_that_never_was_shows_nothing_and_is_not_lost(world):
    assert world.look().shown == ()
    assert not world.look().lost


def test_a_folder_that_is_there_before_us_shows_newcomers(world):
    plant(world.tree, {"mine.jpg": A})
    assert was(world) == {"mine.jpg": None}


def test_a_look_says_what_stands_where(world):
    world.show([leaf("p/a.jpg", A, "faces:1"), made("faces.csv"), made("p/.visaged-faces.json")],
               {"faces.csv": b"x", "p/.visaged-faces.json": b"{}"})  # fmt: skip
    shown = {line.path: line for line in world.look().shown}
    assert set(shown) == {"p/a.jpg", "faces.csv"}
    line = shown["p/a.jpg"]
    assert (line.inode, line.size, line.sha256) == ((world.tree / "p/a.jpg").stat().st_ino, 4, sha(A))
    assert (line.was, line.tag) == ("p/a.jpg", "faces:1")
    assert shown["faces.csv"].tag == "ours"


@pytest.mark.parametrize("how", ["rename", "copy and delete"])
def test_a_file_or_folder_that_was_moved_is_found_again(world, how):
    world.show([leaf("p/a.jpg", A), leaf("p/b.jpg", B)])
    if how == "rename":
        world.move("p", "Anna")
        world.move("Anna/b.jpg", "q/other name.jpg")
    else:
        shutil.copytree(world.tree / "p", world.tree / "Anna")
        shutil.rmtree(world.tree / "p")
        (world.tree / "q").mkdir()
        shutil.copyfile(world.tree / "Anna" / "b.jpg", world.tree / "q" / "other name.jpg")
        world.remove("Anna/b.jpg")
    assert was(world) == {"Anna/a.jpg": "p/a.jpg", "q/other name.jpg": "p/b.jpg"}


def test_a_copy_beside_the_first_is_a_newcomer(world):
    world.show([leaf("p/a.jpg", A)])
    world.write("q/a.jpg", A)
    assert was(world) == {"p/a.jpg": "p/a.jpg", "q/a.jpg": None}


def test_what_is_gone_is_told_with_its_tag(world):
    world.show([leaf("p/a.jpg", A, "faces:7"), leaf("q/b.jpg", B)])
    world.remove("p")
    assert world.published() == {"q/b.jpg": ("q/b.jpg", "faces:1"), "-p/a.jpg": ("p/a.jpg", "faces:7")}


def test_two_files_that_changed_places_are_told_apart_by_content(world):
    world.show([leaf("p/x.jpg", A), leaf("q/x.jpg", B)])
    world.move("p/x.jpg", "tmp.jpg")
    world.move("q/x.jpg", "p/x.jpg")
    world.move("tmp.jpg", "q/x.jpg")
    assert was(world) == {"p/x.jpg": "q/x.jpg", "q/x.jpg": "p/x.jpg"}


def test_two_folders_that_changed_names_are_told_apart_though_they_share_a_picture(world):
    world.show([leaf("p/x.jpg", A), leaf("p/both.jpg", C), leaf("q/y.jpg", B), leaf("q/both.jpg", C)])
    world.move("p", "Zoe")
    world.move("q", "Bert")
    assert was(world) == {
        "Zoe/x.jpg": "p/x.jpg", "Zoe/both.jpg": "p/both.jpg", "Bert/y.jpg": "q/y.jpg", "Bert/both.jpg": "q/both.jpg",
    }  # fmt: skip


def test_a_picture_that_was_saved_again_in_its_place_is_the_same_with_other_content(world):
    world.show([leaf("p/a.jpg", A)])
    world.write("p/a.jpg", b"rotated")
    (line,) = world.look().shown
    assert (line.path, line.was, line.sha256) == ("p/a.jpg", "p/a.jpg", sha(b"rotated"))


@pytest.mark.parametrize("name", [
    ".DS_Store", "Thumbs.db", "desktop.ini", "._a.jpg", ".visaged-x", "a.jpg.part", "~$a.docx",
    "@eaDir/x.jpg", "#recycle/x.jpg", ".Trash-1000/x.jpg", ".visaged-partial/new-1",
])  # fmt: skip
def test_what_systems_leave_behind_is_not_seen(world, name):
    world.show([leaf("p/a.jpg", A)])
    plant(world.tree / "p", {name: b"junk"})
    plant(world.tree, {name: b"junk"})
    assert was(world) == {"p/a.jpg": "p/a.jpg"}


def test_links_and_pipes_are_not_seen_and_not_followed(world, tmp_path):
    world.show([leaf("p/a.jpg", A)])
    plant(tmp_path / "outside", {"x.jpg": A})
    (world.tree / "p" / "link.jpg").symlink_to(tmp_path / "outside" / "x.jpg")
    (world.tree / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(world.tree / "pipe.jpg")
    assert was(world) == {"p/a.jpg": "p/a.jpg"}


def test_a_file_of_ours_is_seen_whatever_it_is_called(world):
    world.show([leaf("p/scan.tmp", A), leaf("lost+found/b.jpg", B), leaf("@eaDir/Thumbs.db", C)])
    there = {"p/scan.tmp", "_lost+found/b.jpg", "_@eaDir/_Thumbs.db"}
    assert was(world) == {path: path for path in there}


def test_a_file_that_a_link_has_replaced_is_not_gone(world):
    world.show([leaf("p/a.jpg", A)])
    world.remove("p/a.jpg")
    (world.tree / "p/a.jpg").symlink_to("/nowhere")
    assert was(world) == {}


def test_names_in_any_bytes_survive_the_way_to_the_stage(world, tmp_path):
    world.show([leaf("p/a.jpg", A)])
    odd = os.fsdecode(b"\xff\xfe \n\xc3\xbc.jpg")
    world.move("p/a.jpg", f"p/{odd}")
    write_lines(tmp_path / "published.jsonl", world.look().shown)
    (line,) = read_shown(tmp_path / "published.jsonl")
    assert os.fsencode(line.path) == b"p/\xff\xfe \n\xc3\xbc.jpg"
    assert line.was == "p/a.jpg"


def test_a_look_changes_nothing_and_reads_only_what_is_new(world, monkeypatch):
    world.show([leaf(f"p/{n}.jpg", A) for n in range(5)])
    world.write("p/new.jpg", b"new")
    read = []
    real = look.__globals__["read_disk"].__globals__["sha256"]
    monkeypatch.setitem(
        look.__globals__["read_disk"].__globals__, "sha256", lambda path: read.append(path.name) or real(path)
    )
    world.look()
    assert read == ["new.jpg"]
    world.show([leaf(f"p/{n}.jpg", A) for n in range(5)])
    read.clear()
    assert was(world)["p/new.jpg"] is None
    assert read == []


def test_a_folder_that_cannot_be_read_is_an_error_and_no_answer(world, monkeypatch):
    world.show([leaf("p/a.jpg", A)])
    real = os.scandir

    def refusing(path):
        if str(path).endswith("/p"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr("daemon.tree.disk.os.scandir", refusing)
    with pytest.raises(PermissionError):
        world.look()


def test_while_files_are_moved_nothing_is_said_to_be_gone(world, monkeypatch):
    world.show([leaf("p/a.jpg", A), leaf("q/b.jpg", B)])
    world.remove("p/a.jpg")
    real, times = os.scandir, itertools.count()

    def busy(path):
        if str(path).endswith("/q"):
            world.write(f"q/{next(times)}.jpg", b"")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr("daemon.tree.disk.os.scandir", busy)
        assert all(line.path for line in world.look().shown)
    assert was(world)["-p/a.jpg"] == "p/a.jpg"


# ---------------------------------------------------------------- signature


@pytest.mark.parametrize("edit", ["add", "remove", "rename", "rename folder", "new folder", "move"])
def test_a_signature_tells_that_something_was_moved_added_or_removed(world, edit):
    world.show([leaf("p/a.jpg", A), leaf("q/b.jpg", B)])
    before = world.signature()
    assert world.signature() == before == signature_left(world.tree, recorded(world.state))
    match edit:
        case "add":
            world.write("p/new.jpg", b"")
        case "remove":
            world.remove("p/a.jpg")
        case "rename":
            world.move("p/a.jpg", "p/c.jpg")
        case "rename folder":
            world.move("p", "Anna")
        case "new folder":
            (world.tree / "r").mkdir()
        case "move":
            world.move("p/a.jpg", "q/a.jpg")
    assert world.signature() != before


def test_a_tree_that_was_edited_while_we_wrote_is_not_taken_for_ours(world):
    world.show([leaf("p/a.jpg", A)])
    world.move("p/a.jpg", "p/b.jpg")
    assert signature_left(world.tree, recorded(world.state)) == ""
    world.show([leaf("p/b.jpg", A)])
    world.write("p/mine.txt", b"mine")
    assert signature_left(world.tree, recorded(world.state)) == ""
    world.show([leaf("p/b.jpg", A)])
    assert signature_left(world.tree, recorded(world.state)) == world.signature()


def test_a_picture_that_was_changed_in_its_place_is_no_edit_for_ever(world):
    world.show([leaf("p/a.jpg", A)])
    world.write("p/a.jpg", b"rotated")
    world.show([leaf("p/a.jpg", A)])
    assert signature_left(world.tree, recorded(world.state)) == world.signature()


# ---------------------------------------------------------------- matching


def entry(path, content, inode):
    return Entry(path=path, identity=Identity(inode, 1, 1), sha256=content, leaf=path)


def found(content, inode):
    return Found(Identity(inode, 1, 1), content)


def test_of_equal_contents_the_same_name_counts_more_than_the_same_inode():
    old = [entry("p/x", "S", 1), entry("p/y", "S", 2)]
    assert {p: e.path for p, e in match(old, {"q/x": found("S", 2), "q/y": found("S", 1)}).of.items()} == {
        "q/x": "p/x", "q/y": "p/y",
    }  # fmt: skip


def test_of_equal_contents_and_names_the_same_inode_counts():
    old = [entry("p/x", "S", 1), entry("q/x", "S", 2)]
    assert match(old, {"r/x": found("S", 2)}).of["r/x"].path == "q/x"
    assert match(old, {"r/z": found("S", 2)}).of["r/z"].path == "q/x"


def test_what_the_stages_were_told_of_equal_contents_still_holds_later():
    old = [entry("p/x", "S", 1), entry("q/x", "S", 1)]
    assert match(old, {"r/x": found("S", 1)}).of["r/x"].path == "p/x"
    assert match(old, {"r/x": found("S", 1)}, {"q/x": "r/x"}).of["r/x"].path == "q/x"
    assert match(old, {"r/x": found("T", 1)}, {"q/x": "r/x"}).of["r/x"].path == "p/x"


def test_a_file_that_was_edited_and_moved_is_known_by_inode_and_name():
    old = [entry("p/x", "S", 1), entry("p/y", "T", 2)]
    matching = match(old, {"q/x": found("changed", 1), "q/z": found("new", 2)})
    assert {p: e.path for p, e in matching.of.items()} == {"q/x": "p/x"}
    assert [e.path for e in matching.gone] == ["p/y"]


paths = st.sampled_from([f"{folder}/{name}" for folder in "pqr" for name in "xyz"])
facts = st.tuples(st.sampled_from("STU"), st.integers(1, 4))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(paths, facts), st.dictionaries(paths, facts), st.randoms())
def test_matching_is_one_to_one_complete_and_the_same_in_any_order(old, new, random):
    entries = [entry(path, *fact) for path, fact in old.items()]
    files = {path: found(*fact) for path, fact in new.items()}
    matching = match(entries, files)
    random.shuffle(entries)
    again = match(entries, dict(random.sample(sorted(files.items()), len(files))))
    assert (matching.of, matching.gone) == (again.of, again.gone)
    matched = [e.path for e in matching.of.values()]
    assert len(set(matched)) == len(matched)
    assert sorted(matched + [e.path for e in matching.gone]) == sorted(old)
    for path in old.keys() & new.keys():
        if old[path][0] == new[path][0]:
            assert matching.of[path].path == path
    for gone in matching.gone:
        free = {new[path][0] for path in new.keys() - matching.of.keys()}
        assert gone.sha256 not in free
        assert gone.path not in new or gone.path in matching.of
