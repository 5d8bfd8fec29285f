"""What a scan sees, what it leaves out, when it says that it cannot say; and fingerprints."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InboxOffline
from daemon.model import Seen
from daemon.watch.scan import BLOCKED, MARKER, fingerprint, ignores, look, scan


def paths(root: Path, *globs: str) -> set[str]:
    return {seen.path for seen in scan(root, ignores(globs))}


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_file_is_seen_with_its_size_and_times(tmp_path: Path) -> None:
    status = put(tmp_path / "morph/item/a.obj", b"abc").stat()
    assert scan(tmp_path, ignores()) == (
        Seen(
            path="morph/item/a.obj",
            size=3,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            inode=status.st_ino,
        ),
    )


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", "._a.obj", "@eaDir/a", "x/#recycle/a", ".visaged-inbox",
     ".visaged-partial/a", ".nfs000000000012", ".Trash-1000/files/a", "STATUS.txt", ".STATUS.txt.partial"],
)  # fmt: skip
def test_what_systems_leave_behind_is_not_seen(tmp_path: Path, name: str) -> None:
    put(tmp_path / name)
    assert paths(tmp_path) == set()


def test_a_status_txt_in_an_item_is_a_file_of_the_user(tmp_path: Path) -> None:
    put(tmp_path / "item/STATUS.txt")
    assert paths(tmp_path) == {"item/STATUS.txt"}


def test_globs_of_the_config_are_ignored_too(tmp_path: Path) -> None:
    put(tmp_path / "item/a.obj")
    put(tmp_path / "item/a.obj.BAK")
    put(tmp_path / "old stuff/b.obj")
    assert paths(tmp_path, "*.bak", "old*") == {"item/a.obj"}


@pytest.mark.parametrize("raw", [b"a\nb.obj", b'it\'s "x".obj', "🙂.obj".encode(), b"\xff\xfe.obj", b"A.obj", b" "])
def test_names_of_any_bytes_are_seen(tmp_path: Path, raw: bytes) -> None:
    put(tmp_path / os.fsdecode(raw))
    assert [os.fsencode(seen.path) for seen in scan(tmp_path, ignores())] == [raw]


def test_links_are_seen_and_never_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside/secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path / "outside")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    assert {(seen.path, seen.kind) for seen in scan(tmp_path / "in", ignores())} == {("link", "link"), ("loop", "link")}


def test_pipes_are_seen_as_other(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.obj")
    assert [seen.kind for seen in scan(tmp_path, ignores())] == ["other"]


def test_a_root_that_is_gone_is_offline_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(InboxOffline, match="is not there: mount the share"):
        scan(tmp_path / "gone", ignores())


def test_a_root_that_is_a_file_is_offline(tmp_path: Path) -> None:
    with pytest.raises(InboxOffline):
        scan(put(tmp_path / "file"), ignores())


def test_a_lost_marker_is_offline_and_says_how_to_fix_it(tmp_path: Path) -> None:
    put(tmp_path / "morph/a.obj")
    with pytest.raises(InboxOffline, match=r"has lost its marker .visaged-inbox.*visaged init"):
        scan(tmp_path, ignores(), marker="id-1")


def test_a_marker_of_another_inbox_is_offline(tmp_path: Path) -> None:
    put(tmp_path / MARKER, b"id-2\n")
    with pytest.raises(InboxOffline, match="another inbox is mounted here"):
        scan(tmp_path, ignores(), marker="id-1")


def test_the_right_marker_is_enough(tmp_path: Path) -> None:
    put(tmp_path / MARKER, b"id-1\n")
    put(tmp_path / "a")
    assert [seen.path for seen in scan(tmp_path, ignores(), marker="id-1")] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_blocked(tmp_path: Path) -> None:
    put(tmp_path / "item/a.obj")
    (tmp_path / "item").chmod(0)
    try:
        assert [(seen.path, seen.kind) for seen in scan(tmp_path, ignores())] == [("item", BLOCKED)]
    finally:
        (tmp_path / "item").chmod(0o755)


def test_a_path_too_long_for_the_kernel_is_blocked(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert [seen.kind for seen in scan(tmp_path, ignores())] == [BLOCKED]


def test_folders_that_vanish_during_the_scan_do_no_harm(tmp_path: Path) -> None:
    put(tmp_path / "stays/a")
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            put(tmp_path / "goes/deep/b")
            shutil.rmtree(tmp_path / "goes")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(200):
            assert "stays/a" in paths(tmp_path)
    finally:
        stop.set()
        thread.join()


def test_a_fingerprint_survives_a_rename_of_the_folder(tmp_path: Path) -> None:
    put(tmp_path / "inbox/morph/item/sub/a.obj")
    put(tmp_path / "inbox/morph/item/b.obj")
    before = fingerprint(scan(tmp_path / "inbox", ignores()))
    (tmp_path / "work").mkdir()
    (tmp_path / "inbox/morph/item").rename(tmp_path / "work/in")
    assert fingerprint(look([tmp_path / "work/in"])) == before


def test_a_fingerprint_survives_a_rename_of_loose_files(tmp_path: Path) -> None:
    for name in ("a.obj", "a b.obj", "a.png"):
        put(tmp_path / "inbox/morph" / name)
    before = fingerprint(scan(tmp_path / "inbox", ignores()))
    (tmp_path / "in").mkdir()
    for file in (tmp_path / "inbox/morph").iterdir():
        file.rename(tmp_path / "in" / file.name)
    assert fingerprint(look(sorted((tmp_path / "in").iterdir(), reverse=True))) == before


@pytest.mark.parametrize("change", ["grow", "touch", "replace", "add", "remove", "rename"])
def test_a_fingerprint_tells_every_change(tmp_path: Path, change: str) -> None:
    file, other = put(tmp_path / "item/a.obj", b"12"), put(tmp_path / "item/b.obj")
    before = fingerprint(look([tmp_path / "item"]))
    match change:
        case "grow":
            file.write_bytes(b"123")
        case "touch":
            os.utime(file, ns=(1, 1))
        case "replace":
            status = file.stat()
            put(tmp_path / "new", b"34").replace(file)
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "add":
            put(tmp_path / "item/c")
        case "remove":
            other.unlink()
        case "rename":
            other.rename(tmp_path / "item/c.obj")
    assert fingerprint(look([tmp_path / "item"])) != before


def test_look_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    put(tmp_path / "a")
    assert [seen.path for seen in look([tmp_path / "a", tmp_path / "b"])] == ["a"]


def test_look_does_not_see_what_the_scan_does_not(tmp_path: Path) -> None:
    put(tmp_path / "item/.DS_Store")
    assert look([tmp_path / "item"]) == ()


names = st.lists(st.sampled_from(["a", "b", "a b", "a.b", "é"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(names, min_size=1, unique=True), st.sampled_from(["", "x/", "deep/er/"]))
def test_a_fingerprint_does_not_depend_on_where_and_in_which_order(below: list[str], top: str) -> None:
    def files(prefix: str) -> list[Seen]:
        return [Seen(path=prefix + p, size=1, mtime_ns=2, ctime_ns=len(prefix), inode=3) for p in below]

    assert fingerprint(files(top)) == fingerprint(reversed(files("item/")))


def test_a_root_that_is_exchanged_during_the_scan_is_offline(tmp_path: Path) -> None:
    put(tmp_path / "inbox/morph/a.obj")

    def unmount(_: str) -> bool:
        if not (tmp_path / "away").exists():
            (tmp_path / "inbox").rename(tmp_path / "away")
            (tmp_path / "inbox").mkdir()
        return False

    with pytest.raises(InboxOffline, match="was exchanged or mounted while it was read"):
        scan(tmp_path / "inbox", unmount)


def test_a_marker_that_is_lost_during_the_scan_is_offline(tmp_path: Path) -> None:
    put(tmp_path / MARKER, b"id-1")

    def lose(_: str) -> bool:
        (tmp_path / MARKER).unlink(missing_ok=True)
        return False

    with pytest.raises(InboxOffline, match="has lost its marker"):
        scan(tmp_path, lose, marker="id-1")
