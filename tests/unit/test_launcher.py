"""The launcher by itself: one attempt at a stage, without a daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from daemon.runners import launcher
from daemon.runners.launcher.watch import verdict

PARENT = Path(launcher.__file__).parents[1]
PROGRAM = (sys.executable, "-I", "-S", "-c", launcher.START, str(PARENT))


def until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@dataclass
class Place:
    """A job folder with one control folder, and the launchers that were started for it."""

    folder: Path
    timeout: float = 60.0
    memory: int = 0
    grace: float = 0.5
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def control(self) -> Path:
        return self.folder / "control"

    @property
    def log(self) -> Path:
        return self.folder / "stage.log"

    def start(self, *command: str, **more: Any) -> subprocess.Popen[str]:
        bounds = (str(self.timeout), str(self.memory), str(self.grace))
        argv = [*PROGRAM, str(self.control), str(self.folder), str(self.log), *bounds, *command]
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True, **more)
        self.started.append(process)
        return process

    def run(self, *command: str) -> dict[str, Any]:
        """Run a stage to its end; what ``exit.json`` says then."""
        process = self.start(*command)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (0, "")
        return self.read("exit.json")

    def shell(self, script: str) -> dict[str, Any]:
        return self.run("/bin/sh", "-c", script)

    def python(self, script: str) -> dict[str, Any]:
        return self.run(sys.executable, "-c", script)

    def read(self, name: str) -> dict[str, Any]:
        until((self.control / name).exists)
        return json.loads((self.control / name).read_bytes())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "a job, with 'quotes' \udcff")
    place.control.mkdir(parents=True)
    yield place
    for process in place.started:
        process.kill()
        process.communicate()


# ---------------------------------------------------------------- how it ends


def test_the_status_of_a_stage_is_kept(place: Place) -> None:
    left = place.shell("exit 7")
    assert (left["why"], left["status"]) == ("exited", 7)
    assert left["started"] <= left["ended"]


def test_the_signal_that_ended_a_stage_is_kept(place: Place) -> None:
    left = place.shell("kill -USR1 $$")
    assert (left["why"], left["status"]) == ("killed", signal.SIGUSR1)


def test_output_is_appended_to_the_log(place: Place) -> None:
    place.log.write_text("before\n")
    place.shell("echo out; echo err >&2")
    assert place.log.read_text() == "before\nout\nerr\n"


def test_a_stage_has_no_input_and_works_in_its_folder(place: Place) -> None:
    place.start("/bin/sh", "-c", "cat; pwd > where", stdin=subprocess.DEVNULL)
    place.read("exit.json")
    assert os.fsdecode((place.folder / "where").read_bytes().strip()) == str(place.folder)


def test_a_stage_that_runs_too_long_is_asked_and_then_killed(place: Place) -> None:
    place.timeout, place.grace = 0.3, 0.3
    before = time.monotonic()
    left = place.shell("trap 'echo asked' TERM; while :; do sleep 0.05; done")
    assert left["why"] == "timeout"
    assert 0.6 <= time.monotonic() - before < 5
    assert "asked" in place.log.read_text()


def test_a_stage_that_takes_too_much_memory_is_killed(place: Place) -> None:
    place.memory = 64 << 20
    left = place.python("import time; held = bytearray(b'1') * (200 << 20); time.sleep(60)")
    assert left["why"] == "out of memory"
    assert left["peak_memory"] > place.memory


def test_memory_of_the_whole_family_counts(place: Place) -> None:
    place.memory = 160 << 20
    hold = "import time; held = bytearray(b'1') * (100 << 20); time.sleep(60)"
    child = f'{sys.executable} -c "{hold}"'
    assert place.shell(f"setsid {child} & {child}")["why"] == "out of memory"


def test_files_that_are_mapped_do_not_count(place: Place) -> None:
    place.memory = 64 << 20
    script = (
        "import mmap, os, time; f = open('big', 'wb+'); f.truncate(200 << 20); m = mmap.mmap(f.fileno(), 0);"
        "sum(m[i] for i in range(0, len(m), 4096)); time.sleep(1.2)"
    )
    assert place.python(script)["why"] == "exited"


def test_the_peak_of_a_short_stage_is_known(place: Place) -> None:
    left = place.python("held = bytearray(b'1') * (80 << 20)")
    assert 80 << 20 <= left["peak_memory"] < 200 << 20


@pytest.mark.parametrize(
    ("asked", "code", "kernel_killed", "said"),
    [
        ("", 0, False, ("exited", 0)),
        ("", 3, True, ("exited", 3)),
        ("", -11, True, ("killed", 11)),
        ("", -9, False, ("killed", 9)),
        ("", -9, True, ("out of memory", 9)),
        ("timeout", 0, False, ("timeout", 0)),
        ("cancelled", -9, True, ("cancelled", 9)),
        ("killed", 0, False, ("killed", 15)),
    ],
)
def test_a_kill_is_the_kernels_only_when_it_ran_out_of_memory(
    asked: str, code: int, kernel_killed: bool, said: tuple[str, int]
) -> None:
    assert verdict(asked, code, kernel_killed=kernel_killed) == said


# ---------------------------------------------------------------- cancel


def test_a_cancelled_stage_is_asked_to_stop(place: Place) -> None:
    process = place.start("/bin/sleep", "60")
    place.read("run.json")
    (place.control / "cancel").touch()
    process.send_signal(signal.SIGTERM)
    assert place.read("exit.json")["why"] == "cancelled"


def test_a_sigterm_that_is_not_ours_is_not_a_cancel(place: Place) -> None:
    process = place.start("/bin/sleep", "60")
    place.read("run.json")
    process.send_signal(signal.SIGTERM)
    left = place.read("exit.json")
    assert (left["why"], left["status"]) == ("killed", signal.SIGTERM)


def test_an_attempt_that_was_cancelled_before_does_not_begin(place: Place) -> None:
    (place.control / "cancel").touch()
    assert place.shell("echo begun")["why"] == "cancelled"
    assert not place.log.exists() or place.log.read_text() == ""


# ---------------------------------------------------------------- once


def test_a_stage_is_on_record_before_its_first_instruction(place: Place) -> None:
    left = place.shell("cat control/run.json; echo $$")
    assert left["status"] == 0
    record, pid = place.log.read_text().split()
    assert json.loads(record)["stage_pid"] == int(pid)


def test_the_record_names_launcher_and_stage_by_number_start_and_boot(place: Place) -> None:
    process = place.start("/bin/sleep", "60")
    record = place.read("run.json")
    assert record["pid"] == process.pid
    assert record["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    for name in ("", "stage_"):
        stat = Path(f"/proc/{record[f'{name}pid']}/stat").read_text()
        assert record[f"{name}started"] == int(stat.rpartition(")")[2].split()[19])


def test_of_many_launchers_one_runs_the_stage(place: Place) -> None:
    started = [place.start("/bin/sh", "-c", "echo once; sleep 0.3") for _ in range(8)]
    assert [process.wait(30) for process in started] == [0] * 8
    assert place.log.read_text() == "once\n"
    assert sorted(path.name for path in place.control.iterdir()) == ["exit.json", "run.json"]


def test_a_stage_that_cannot_be_started_leaves_no_record_and_says_why(place: Place) -> None:
    process = place.start("/nowhere/python", "-m", "x")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.strip() == "No such file or directory: /nowhere/python"
    assert list(place.control.iterdir()) == []


# ---------------------------------------------------------------- nothing is left


def test_a_stage_dies_with_its_launcher(place: Place) -> None:
    process = place.start("/bin/sleep", "60")
    stage = place.read("run.json")["stage_pid"]
    process.kill()
    until(lambda: gone(stage))


def test_what_a_stage_started_ends_with_it_even_in_a_session_of_its_own(place: Place) -> None:
    place.shell("sleep 60 & echo $!; setsid sleep 60 & echo $!; (setsid sleep 60 & echo $!)")
    pids = [int(pid) for pid in place.log.read_text().split()]
    assert len(pids) == 3
    assert all(gone(pid) for pid in pids)


def test_orphans_do_not_stay_as_zombies_while_the_stage_runs(place: Place) -> None:
    process = place.start("/bin/sh", "-c", "(sleep 0.1 &); sleep 60")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: len(children.read_text().split()) == 2)
    until(lambda: len(children.read_text().split()) == 1)


def test_a_launcher_keeps_nothing_open_that_it_was_handed(place: Place) -> None:
    with (place.folder / "held").open("w") as held:
        os.set_inheritable(held.fileno(), 1)
        process = place.start("/bin/sleep", "60", close_fds=False)
        place.read("run.json")
        links = [str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    assert held.name not in links
    assert Path(f"/proc/{process.pid}/cwd").readlink() == Path("/")


# ---------------------------------------------------------------- how a stage is started


def test_a_stage_gives_way_to_the_daemon_and_takes_no_odd_signals_over(place: Place) -> None:
    script = (
        "import os, signal; ignored = [s for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN];"
        "print(os.nice(0), signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.getsid(0) == os.getpid(),"
        "open('/proc/self/oom_score_adj').read().strip(), *sorted(s.name for s in ignored))"
    )
    place.python(script)
    by_python = ["SIGPIPE", "SIGXFSZ"]
    assert place.log.read_text().split() == [str(os.nice(0) + 5), "set()", "True", "500", *by_python]


def test_a_pipe_that_closes_ends_a_writer_as_anywhere_else(place: Place) -> None:
    assert place.shell("kill -PIPE $$; exit 0")["status"] == signal.SIGPIPE


def test_nothing_slow_is_imported_before_the_stage_starts() -> None:
    code = "import sys; sys.path.append(sys.argv[1]); import launcher; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code, str(PARENT)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    slow = {"json", "dataclasses", "pathlib", "subprocess", "re", "typing", "threading", "launcher.watch"}
    assert slow.isdisjoint(loaded)
