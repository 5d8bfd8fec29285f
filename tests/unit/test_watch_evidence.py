"""Looks at real files, each made once for each state of the file."""

import hashlib
import os
import threading
from pathlib import Path

from daemon.model import Seen
from daemon.watch.aside import Helper, Kept
from daemon.watch.evidence import OnDisk
from daemon.watch.scan import ignores, scan


def only(root: Path) -> Seen:
    (seen,) = scan(root, ignores())
    return seen


def test_a_digest_comes_when_it_is_computed_and_then_rings(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "a").write_bytes(content)
    ready = threading.Event()
    evidence = OnDisk(tmp_path, ready.set)
    evidence.digest(only(tmp_path))
    assert ready.wait(10.0)
    assert evidence.digest(only(tmp_path)) == hashlib.sha256(content).hexdigest()
    evidence.close()


def test_a_file_that_cannot_be_read_has_an_empty_digest(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    ready = threading.Event()
    evidence = OnDisk(tmp_path, ready.set)
    evidence.digest(only(tmp_path))
    assert ready.wait(10.0)
    assert evidence.digest(only(tmp_path)) == ""
    evidence.close()


def test_a_manifest_is_read_anew_when_it_changed(tmp_path: Path) -> None:
    evidence = OnDisk(tmp_path, lambda: None)
    (tmp_path / "manifest.toml").write_text("name = 'one'")
    assert evidence.manifest(only(tmp_path)).name == "one"
    (tmp_path / "manifest.toml").write_text("name = 'other'")
    assert evidence.manifest(only(tmp_path)).name == "other"


def test_leases_are_asked_for_only_where_they_mean_something(tmp_path: Path) -> None:
    evidence = OnDisk(tmp_path, lambda: None)
    with (tmp_path / "a").open("w"):
        assert not evidence.held("a")
        evidence.leases = True
        assert evidence.held("a")
    assert not evidence.held("a")


def test_an_answer_is_kept_while_somebody_asks_for_it() -> None:
    kept, asked = Kept[int](), []

    def answer() -> int:
        asked.append(1)
        return len(asked)

    for _ in range(3):
        assert kept.get("q", answer) == 1
        kept.turn()
    kept.turn()
    assert kept.get("q", answer) == 2


def test_a_closed_helper_has_no_thread() -> None:
    helper = Helper(lambda: None)
    assert helper.ask(lambda: 3).value == 3
    helper.close()
    assert not [t for t in threading.enumerate() if t.name == "watch-aside"]
