"""One move of one file or folder, also where a file system lacks what we would like to use."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from daemon import moves
from daemon.folders import Ownership, make_folder, remove, trouble, walk
from daemon.model import Kind
from daemon.moves import copy, move, rename_new
from tests.killing import OTHER, files, listed, plant


@pytest.fixture
def elsewhere():
    """A folder on another file system."""
    if not OTHER.is_dir() or OTHER.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip(
            "NOT TESTED: moves between file systems need /dev/shm on another file system than the temporary folder"
        )
    with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=OTHER) as folder:
        yield Path(folder)


@pytest.fixture(params=[rename_new, moves._rename_slowly], ids=["exclusive rename", "without one"])
def rename(request):
    return request.param


def test_a_rename_brings_a_file_to_a_free_name(tmp_path, rename):
    plant(tmp_path, {"a": b"a"})
    rename(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path) == {"b": b"a"}


def test_a_rename_brings_a_folder_to_a_free_name(tmp_path, rename):
    plant(tmp_path, {"a/x": b"a"})
    rename(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path) == {"b/x": b"a"}


@pytest.mark.parametrize("tree", [{"a": b"a", "b": b"b"}, {"a/x": b"a", "b/x": b"b"}, {"a/x": b"a", "b": b"b"}])
def test_a_rename_never_overwrites(tmp_path, rename, tree):
    plant(tmp_path, tree)
    with pytest.raises(FileExistsError):
        rename(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path) == tree


def test_a_rename_never_replaces_a_link_that_leads_nowhere(tmp_path, rename):
    plant(tmp_path, {"a": b"a"})
    (tmp_path / "b").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename(tmp_path / "a", tmp_path / "b")


def test_a_rename_moves_a_link_itself(tmp_path, rename):
    plant(tmp_path, {"target": b"t"})
    (tmp_path / "a").symlink_to("target")
    rename(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").readlink() == Path("target")
    assert (tmp_path / "target").read_bytes() == b"t"


def test_a_rename_to_another_file_system_is_told_apart(tmp_path, elsewhere, rename):
    plant(tmp_path, {"a": b"a"})
    with pytest.raises(OSError, match="cross-device") as caught:
        rename(tmp_path / "a", elsewhere / "a")
    assert caught.value.errno == errno.EXDEV
    assert files(tmp_path) == {"a": b"a"}


def test_a_move_that_was_killed_between_link_and_unlink_is_completed(tmp_path):
    plant(tmp_path, {"a": b"a"})
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert move(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path) == {"b": b"a"}


def test_a_move_from_nowhere_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        move(tmp_path / "a", tmp_path / "b")


def test_a_move_to_a_taken_name_changes_nothing(tmp_path, elsewhere):
    plant(tmp_path, {"item/a": b"a"})
    plant(elsewhere, {"item/a": b"other"})
    assert not move(tmp_path / "item", elsewhere / "item")
    assert files(tmp_path) | files(elsewhere) == {"item/a": b"other"}
    assert files(tmp_path) == {"item/a": b"a"}


def test_a_copy_over_a_full_disk_leaves_the_source_and_no_scrap(tmp_path, elsewhere):
    plant(tmp_path, {"item/a": b"a", "item/" + "n" * 255: b"b"})
    (elsewhere / "item").mkdir()
    with pytest.raises(OSError, match="too long"):
        move(tmp_path / "item", elsewhere / ("n" * 256))
    assert listed(elsewhere) == {"item"}
    assert len(files(tmp_path)) == 2


def test_a_copy_keeps_links_as_links_and_empty_folders(tmp_path, elsewhere):
    (tmp_path / "item" / "empty").mkdir(parents=True)
    (tmp_path / "item" / "to folder").symlink_to("/etc")
    copy(tmp_path / "item", elsewhere / "item")
    assert (elsewhere / "item" / "to folder").readlink() == Path("/etc")
    assert (elsewhere / "item" / "empty").is_dir()


def test_a_folder_that_nobody_may_write_is_copied_with_its_rights(tmp_path, elsewhere):
    plant(tmp_path, {"item/a": b"a"})
    (tmp_path / "item").chmod(0o555)
    move(tmp_path / "item", elsewhere / "item")
    assert (elsewhere / "item").stat().st_mode & 0o777 == 0o555


def test_removing_a_link_leaves_its_target(tmp_path):
    plant(tmp_path, {"folder/a": b"a"})
    (tmp_path / "link").symlink_to("folder")
    remove(tmp_path / "link")
    remove(tmp_path / "not there")
    assert files(tmp_path) == {"folder/a": b"a"}


def test_a_walk_is_in_order_and_enters_no_link(tmp_path):
    plant(tmp_path, {"b/x": b"", "a": b"", "b/c/y": b""})
    (tmp_path / "c").symlink_to("b")
    assert [p.relative_to(tmp_path).as_posix() for p in walk(tmp_path)] == ["a", "b/c/y", "b/x", "c"]


def test_a_folder_that_is_there_keeps_its_rights(tmp_path):
    tmp_path.chmod(0o711)
    make_folder(tmp_path, Ownership(0o077))
    assert tmp_path.stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize(("code", "advice"), [
    (errno.ENOSPC, "free some space"), (errno.EROFS, "the daemon's user the right"), (errno.EIO, "is there and sound"),
])  # fmt: skip
def test_trouble_with_a_disk_says_where_and_what_to_do(code, advice):
    failed = trouble(OSError(code, os.strerror(code), "/share/a\nb"))
    assert failed.kind is Kind.INFRASTRUCTURE
    assert failed.reason.startswith("/share/a\\nb: ")
    assert advice in failed.reason
