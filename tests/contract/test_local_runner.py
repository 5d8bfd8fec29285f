"""The local runner keeps the contract of all runners, and survives what only processes of this machine can suffer."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.contract.runners")

from daemon.errors import RunnerUnavailable  # noqa: E402
from daemon.model import End, OnEnd, Slot, Task  # noqa: E402
from daemon.runners import LocalRunner  # noqa: E402
from daemon.runners.attempt import Attempt  # noqa: E402
from daemon.runners.environment import PACKAGES, environment  # noqa: E402
from daemon.runners.processes import marked  # noqa: E402
from pipelines.contract import read_result  # noqa: E402
from tests.contract.runners import Ends, Lab, MakeRunner, RunnerContract, begun, log, own, starts, until  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "tests" / "plugins"

DAEMON = """
import os, sys, time
from pathlib import Path
from daemon.runners import LocalRunner
from tests.contract.runners import Lab
lab = Lab(Path(sys.argv[1]), lambda work, on_end: LocalRunner(work, on_end, grace=1.0))
runner, _ = lab.runner()
runner.submit(lab.task(sys.argv[2], options={"seconds": 1.5}))
time.sleep(float(sys.argv[3]))
os.kill(os.getpid(), 9)
"""


def make(work: Path, on_end: OnEnd) -> LocalRunner:
    return LocalRunner(work, on_end, grace=1.0)


def killed_daemon(lab: Lab, stage: str, after: float) -> None:
    """A daemon that submits a task and is killed with -9 after some seconds; returns when it is dead."""
    command = [sys.executable, "-c", DAEMON, str(lab.work), stage, str(after)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


@contextmanager
def no_handle_free() -> Iterator[None]:
    """Within it, this process cannot open anything."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def run_record(task: Task) -> dict[str, Any]:
    path = Attempt.of(task).folder / "run.json"
    until(path.exists)
    return json.loads(path.read_bytes())


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def left(task: Task) -> list[int]:
    return [pid for pid, control in marked() if control == str(Attempt.of(task).folder)]


class TestLocalRunner(RunnerContract):
    @pytest.fixture
    def make_runner(self, monkeypatch: pytest.MonkeyPatch) -> MakeRunner:
        monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
        return make

    # ------------------------------------------------------------ kill -9

    def test_a_stage_dies_with_its_launcher_and_is_reported_lost(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("family")
        runner.submit(task)
        until((own(task) / "family").exists)
        assert len(left(task)) == 4
        os.kill(run_record(task)["pid"], signal.SIGKILL)
        assert ends.of(task).end is End.LOST
        assert left(task) == []

    def test_a_launcher_that_is_killed_while_no_daemon_runs_is_reported_lost_and_leaves_nothing(self, lab: Lab) -> None:
        killed_daemon(lab, "family", 1.0)
        task = lab.task("family")
        record = run_record(task)
        os.kill(record["pid"], signal.SIGKILL)
        until(lambda: not alive(record["stage_pid"]))
        runner, ends = lab.runner()
        assert runner.running() == (task.name,)
        runner.submit(task)
        assert ends.of(task).end is End.LOST
        assert (left(task), runner.running()) == ([], ())

    def test_a_lost_attempt_is_never_started_again(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        os.kill(run_record(task)["pid"], signal.SIGKILL)
        ends.of(task)
        again, more = lab.runner()
        again.submit(task)
        assert more.of(task).end is End.LOST
        assert starts(task) == 1

    @pytest.mark.parametrize("after", [0.0, 0.005, 0.012, 0.02, 0.05, 0.5])
    def test_a_daemon_that_is_killed_loses_nothing_and_starts_nothing_twice(self, lab: Lab, after: float) -> None:
        killed_daemon(lab, "sleep", after)
        task = lab.task("sleep", options={"seconds": 1.5})
        runner, ends = lab.runner()
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status, starts(task)) == (End.EXITED, 0, 1)

    def test_killing_a_stage_alone_is_reported_killed(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        os.kill(run_record(task)["stage_pid"], signal.SIGKILL)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.KILLED, signal.SIGKILL)

    def test_a_machine_that_shuts_down_cancels_no_task(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        os.kill(run_record(task)["pid"], signal.SIGTERM)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.KILLED, signal.SIGTERM)

    # ------------------------------------------------------------ races

    def test_two_daemons_that_submit_the_same_task_start_it_once(self, lab: Lab) -> None:
        task = lab.task("sleep", options={"seconds": 0.5})
        pairs = [lab.runner() for _ in range(4)]
        gate = threading.Barrier(len(pairs))

        def submit(runner: LocalRunner) -> None:
            gate.wait()
            runner.submit(task)

        threads = [threading.Thread(target=submit, args=(runner,)) for runner, _ in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [ends.of(task).status for _, ends in pairs] == [0, 0, 0, 0]
        assert starts(task) == 1

    def test_a_task_that_is_cancelled_before_its_launcher_began_does_not_begin(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        Attempt.of(task).folder.mkdir(parents=True)
        runner.cancel(task)
        runner.submit(task)
        assert ends.of(task).end is End.CANCELLED
        assert starts(task) == 0

    # ------------------------------------------------------------ whose process it is

    @pytest.mark.parametrize("forged", [{"started": 1}, {"boot": "00000000-0000-0000-0000-000000000000"}])
    def test_a_number_that_is_used_again_is_not_taken_for_ours(self, lab: Lab, forged: dict[str, Any]) -> None:
        runner, ends = lab.runner()
        model = lab.task("sleep", job="j1")
        runner.submit(model)
        record = run_record(model)
        for name in ("pid", "stage_pid"):  # of living processes, so that only the rest of the identity differs
            assert alive(record[name])
        forged = {**forged, "stage_started": 1} if "started" in forged else forged
        task = lab.task("sleep", job="j2")
        folder = Attempt.of(task).folder
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({**record, **forged}))
        runner.submit(task)
        assert ends.of(task).end is End.LOST
        assert alive(record["pid"])
        assert alive(record["stage_pid"])
        assert runner.running() == (model.name,)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid":"x","started":1,"boot":"b"}'])
    def test_a_record_that_is_not_readable_is_an_attempt_that_is_lost(self, lab: Lab, text: str) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        folder = Attempt.of(task).folder
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(text)
        runner.submit(task)
        assert ends.of(task).end is End.LOST
        assert starts(task) == 0

    # ------------------------------------------------------------ what cannot start

    def test_a_task_that_cannot_start_says_why_and_starts_when_it_can(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        obstacle = task.folder / ".runner"
        obstacle.write_text("a file where a folder must be")
        runner.submit(task)
        ended = ends.of(task)
        assert ended.end is End.NEVER_STARTED
        assert str(obstacle) in ended.detail
        obstacle.unlink()
        runner.submit(task)
        until(lambda: ends.count(task) == 2)
        assert read_result(own(task)) is not None

    def test_a_job_folder_that_is_gone_never_starts(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        (task.folder / "request.json").unlink()
        task.folder.rmdir()
        runner.submit(task)
        assert ends.of(task).end is End.NEVER_STARTED

    def test_a_launcher_that_fails_tells_the_user_what_it_met(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        log = task.folder / "logs" / "ok.log"
        log.mkdir(parents=True)
        runner.submit(task)
        ended = ends.of(task)
        assert ended.end is End.NEVER_STARTED
        assert "Is a directory" in ended.detail
        assert str(log) in ended.detail

    def test_a_task_that_cannot_be_watched_is_not_left_running(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        with no_handle_free():
            runner.submit(task)
        assert ends.of(task).end is End.NEVER_STARTED
        time.sleep(0.5)
        assert (starts(task), Attempt.of(task).began()) == (0, False)
        runner.submit(task)
        until(lambda: ends.count(task) == 2)
        assert starts(task) == 1

    def test_a_running_task_is_not_taken_for_lost_while_no_handle_is_free(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("sleep", options={"seconds": 2.0})
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        second, ends = lab.runner()
        with no_handle_free():
            second.submit(task)
            time.sleep(0.3)
            with pytest.raises(RunnerUnavailable, match="cannot be listed now"):
                second.running()
        assert (ends.of(task).status, starts(task)) == (0, 1)

    # ------------------------------------------------------------ what a stage finds

    def test_a_stage_works_in_its_job_folder_with_nothing_of_ours_open(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("environment", gpus=("GPU-a", "GPU-b"), shard="s1")
        runner.submit(task)
        ends.of(task)
        found = read_result(own(task)).figures
        assert found["folder"] == str(task.folder)
        assert found["nice"] == os.nice(0) + 5
        assert found["blocked"] == 0
        assert found["shard"] == "s1"
        assert found["handles"] == ["0", "1", "2", "3"]  # 3: the listing itself
        assert found["environment"]["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"
        assert str(task.folder) not in found["path"]
        assert "" not in found["path"]

    def test_memory_that_processes_share_counts_once(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("share_memory", memory=256 << 20, options={"bytes": 128 << 20})
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.EXITED, 0)
        assert ended.peak_memory > 256 << 20

    def test_what_a_stage_leaves_behind_ends_with_it(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("family", options={"seconds": 0.1})
        runner.submit(task)
        assert ends.of(task).status == 0
        assert left(task) == []

    def test_a_stage_finds_the_weights(self, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "eyes.onnx").write_text("eyes")
        monkeypatch.chdir(tmp_path)
        ends = Ends()
        with contextlib.closing(LocalRunner(lab.work, ends, models=Path("models"))) as runner:
            task = lab.task("weigh")
            runner.submit(task)
            assert ends.of(task).status == 0, log(task)
        said = read_result(own(task))
        assert said
        assert (said.figures["read"], said.figures["absolute"]) == ("eyes", True)

    # ------------------------------------------------------------ the daemon's side

    def test_no_zombie_stays(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        over, reaped = lab.task("ok"), lab.task("sleep")
        for task in (over, reaped):
            runner.submit(task)
        until(lambda: begun(reaped))
        ends.of(over)
        runner.reap(reaped.name)
        ends.of(reaped)
        assert not any(Path(f"/proc/{run_record(task)['pid']}").exists() for task in (over, reaped))

    def test_a_closed_runner_holds_no_handle(self, lab: Lab) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        runner, _ = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        runner.close()
        runner.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before

    def test_an_end_is_noticed_at_once(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep", options={"seconds": 0.7})
        runner.submit(task)
        ended = ends.of(task)
        assert time.time() - ended.ended < 0.4


def test_gpus_that_are_not_given_are_hidden() -> None:
    assert environment({"CUDA_VISIBLE_DEVICES": "0"}, Slot(cpus=1))["CUDA_VISIBLE_DEVICES"] == ""


def test_a_part_of_a_core_is_one_thread_and_parts_are_not_rounded_up() -> None:
    assert [environment({}, Slot(cpus=cpus))["OMP_NUM_THREADS"] for cpus in (0.25, 1.0, 2.9)] == ["1", "1", "2"]


def test_the_search_path_is_absolute_and_begins_with_our_packages() -> None:
    path = environment({"PYTHONPATH": ":plugins::/opt/x"}, Slot(cpus=1))["PYTHONPATH"].split(":")
    assert path == [str(PACKAGES), str(Path("plugins").absolute()), "/opt/x"]


def test_the_rest_of_the_environment_is_handed_on() -> None:
    assert environment({"LANG": "C.UTF-8"}, Slot(cpus=1))["LANG"] == "C.UTF-8"
