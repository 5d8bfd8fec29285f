"""Whether a file is held open by a writer of this machine, as the kernel says."""

import subprocess
import sys
from pathlib import Path

from daemon.watch.leases import held_open, ignore_lease_signals

HOLD = "import sys; f = open(sys.argv[1], sys.argv[2]); print(flush=True); sys.stdin.read()"


def holder(path: Path, mode: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    process.stdout.readline()
    return process


def test_a_file_that_another_process_writes_is_held(tmp_path: Path) -> None:
    file = tmp_path / "a.obj"
    with holder(file, "w") as process:
        assert held_open(file)
        process.communicate("")
    assert not held_open(file)


def test_a_file_that_another_process_reads_is_not_held(tmp_path: Path) -> None:
    file = tmp_path / "a.obj"
    file.write_text("x")
    with holder(file, "r") as process:
        assert not held_open(file)
        process.communicate("")


def test_what_is_no_file_or_not_there_is_not_held(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert not held_open(tmp_path / "gone")
    assert not held_open(tmp_path / "link")
    assert not held_open(tmp_path)


def test_the_lease_is_given_back_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.obj"
    file.write_text("x")
    ignore_lease_signals()
    assert not held_open(file)
    with file.open("a") as writer:  # would wait for 45 s if a lease were left
        writer.write("y")
