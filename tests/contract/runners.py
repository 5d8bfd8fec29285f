"""The conformance suite of ``daemon.model.Runner``: what every runner must do, ours and those of others.

To hold a runner to it, give a subclass the fixture ``make_runner``; the runner must use the work folder that it is
given, wait a grace of one second between asking a stage to stop and killing it, and be able to run the module
``probe_stage`` (in ``tests/plugins``)::

    from tests.contract.runners import MakeRunner, RunnerContract

    class TestMyRunner(RunnerContract):
        @pytest.fixture
        def make_runner(self) -> MakeRunner:
            return lambda work, on_end: MyRunner(work, on_end, grace=1.0)
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.model import End, Ended, OnEnd, Runner, Slot, Task
from pipelines.contract import EXIT_BAD_INPUT, Request, Stage, dump, read_refusal, read_result, stage_folder

MakeRunner = Callable[[Path, OnEnd], Runner]
PATIENCE = 30.0
MIB = 1 << 20


def until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Return as soon as it is true; fail when it has not become so in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class Ends:
    """What a runner has reported."""

    def __init__(self) -> None:
        self._all: list[Ended] = []
        self._changed = threading.Condition()

    def __call__(self, ended: Ended) -> None:
        with self._changed:
            self._all.append(ended)
            self._changed.notify_all()

    def of(self, task: Task, seconds: float = PATIENCE) -> Ended:
        """The one end of a task, waited for."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._find(task), seconds), f"{task.name} was not reported"
            return self._find(task)[0]

    def count(self, task: Task) -> int:
        """How often an end of a task was reported."""
        with self._changed:
            return len(self._find(task))

    def _find(self, task: Task) -> list[Ended]:
        return [ended for ended in self._all if ended.task == task.name]


class Lab:
    """A work folder, the tasks in it, and the runners that a test makes over it, one after another as in restarts."""

    def __init__(self, work: Path, make_runner: MakeRunner) -> None:
        self.work, self._make, self._runners = work, make_runner, []
        work.mkdir(exist_ok=True)

    def runner(self) -> tuple[Runner, Ends]:
        """A new runner object and what it reports."""
        ends = Ends()
        runner = self._make(self.work, ends)
        self._runners.append(runner)
        return runner, ends

    def task(self, stage: str, job: str = "j1", **more: Any) -> Task:
        """A task of the probe in a job folder of its own. more: fields of Task, Slot and Stage, and options."""
        options: Mapping[str, Any] = more.get("options", {})
        folder = self.work / job
        folder.mkdir(exist_ok=True)
        request = Request(job=job, pipeline="probe", name=job, inputs=(), options=options)
        (folder / "request.json").write_bytes(dump(request))
        return Task(
            job=job,
            pipeline="probe",
            module="probe_stage",
            stage=Stage(name=stage, timeout=more.get("timeout", 120.0)),
            shard=more.get("shard"),
            attempt=more.get("attempt", 1),
            folder=folder,
            slot=Slot(cpus=more.get("cpus", 1.0), memory=more.get("memory", 0), gpus=more.get("gpus", ())),
        )

    def close(self) -> None:
        """Afterwards nothing of this test runs any more."""
        for runner in self._runners:
            runner.close()
        last, _ = self.runner()
        for name in last.running():
            last.reap(name)
        last.close()


def own(task: Task) -> Path:
    """The folder of a task's stage."""
    return stage_folder(task.folder, task.stage.name, task.shard)


def starts(task: Task) -> int:
    """How often the stage of a task was started."""
    path = own(task) / "starts"
    return path.read_text().count("\n") if path.exists() else 0


def begun(task: Task) -> bool:
    """Whether the stage of a task has been started."""
    return starts(task) > 0


def log(task: Task) -> str:
    """What a task's stage has printed so far."""
    shard = f".{task.shard}" if task.shard else ""
    path = task.folder / "logs" / f"{task.stage.name}{shard}.log"
    return path.read_text() if path.exists() else ""


class RunnerContract:
    """The tests. ``make_runner`` is the subclass's to give."""

    @pytest.fixture
    def make_runner(self) -> MakeRunner:
        raise NotImplementedError

    @pytest.fixture
    def lab(self, tmp_path: Path, make_runner: MakeRunner) -> Iterator[Lab]:
        lab = Lab(tmp_path / "work", make_runner)
        yield lab
        lab.close()

    # ------------------------------------------------------------ how it ends

    def test_a_stage_that_works_ends_with_status_0_and_its_result(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        before = time.time()
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.EXITED, 0)
        assert read_result(own(task)).figures == {"answer": 42}
        assert before - 2 <= ended.started <= ended.ended <= time.time() + 2

    def test_what_a_stage_prints_is_in_its_log(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        good, bad = lab.task("ok"), lab.task("crash")
        for task in (good, bad):
            runner.submit(task)
            ends.of(task)
        assert "hello from the stage" in log(good)
        assert "RuntimeError: on purpose" in log(bad)

    def test_a_shard_has_its_own_folder_and_its_own_log(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        tasks = [lab.task("ok", shard=shard) for shard in ("0", "1")]
        for task in tasks:
            runner.submit(task)
        assert [ends.of(task).status for task in tasks] == [0, 0]
        assert all(read_result(own(task)) for task in tasks)
        assert all("hello" in log(task) for task in tasks)

    def test_bad_input_ends_with_its_status_and_the_refusal(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("refuse")
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.EXITED, EXIT_BAD_INPUT)
        assert "export it again" in read_refusal(own(task)).reason

    def test_a_crash_ends_with_its_status(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("crash")
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.EXITED, 1)
        assert ended.detail

    def test_a_stage_that_a_signal_ends_is_reported_killed_with_the_signal(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("signalled")
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.KILLED, signal.SIGUSR1)

    def test_a_stage_that_runs_too_long_is_ended(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep", timeout=1.0)
        runner.submit(task)
        assert ends.of(task, 15).end is End.TIMEOUT
        assert runner.running() == ()

    def test_a_stage_that_runs_too_long_and_does_not_listen_is_killed(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ignore_term", timeout=1.0)
        runner.submit(task)
        assert ends.of(task, 15).end is End.TIMEOUT
        assert runner.running() == ()

    def test_a_stage_that_takes_more_memory_than_its_slot_has_is_ended(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("eat_memory", memory=192 * MIB, options={"bytes": 1024 * MIB})
        runner.submit(task)
        ended = ends.of(task)
        assert ended.end is End.OUT_OF_MEMORY
        assert "memory" in ended.detail

    def test_a_stage_within_its_memory_is_left_alone_and_its_peak_is_told(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("eat_memory", memory=512 * MIB, options={"bytes": 64 * MIB, "seconds": 1.5})
        runner.submit(task)
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.EXITED, 0)
        assert ended.peak_memory == 0 or 64 * MIB <= ended.peak_memory <= 512 * MIB

    # ------------------------------------------------------------ cancel

    def test_a_cancelled_stage_is_asked_to_stop(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        runner.cancel(task)
        assert ends.of(task, 15).end is End.CANCELLED
        assert runner.running() == ()

    def test_a_cancelled_stage_that_does_not_listen_is_killed_after_the_grace(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ignore_term")
        runner.submit(task)
        until((own(task) / "deaf").exists)
        asked = time.monotonic()
        runner.cancel(task)
        assert ends.of(task, 15).end is End.CANCELLED
        assert time.monotonic() - asked > 0.9
        assert runner.running() == ()

    def test_a_task_that_is_cancelled_at_once_after_its_submission_ends_cancelled(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        runner.cancel(task)
        assert ends.of(task, 15).end is End.CANCELLED

    def test_cancelling_twice_is_reported_once(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ignore_term")
        runner.submit(task)
        until((own(task) / "deaf").exists)
        runner.cancel(task)
        runner.cancel(task)
        ends.of(task, 15)
        time.sleep(0.5)
        assert ends.count(task) == 1

    def test_cancelling_what_is_unknown_or_over_does_nothing(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        never, over = lab.task("sleep", job="j1"), lab.task("ok", job="j2")
        runner.submit(over)
        ends.of(over)
        runner.cancel(never)
        runner.cancel(over)
        time.sleep(0.3)
        assert (ends.count(never), ends.count(over)) == (0, 1)

    def test_a_new_runner_can_cancel_what_an_earlier_one_started(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("sleep")
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        second, ends = lab.runner()
        second.submit(task)
        second.cancel(task)
        assert ends.of(task, 15).end is End.CANCELLED

    # ------------------------------------------------------------ once

    def test_a_task_that_is_submitted_twice_is_started_once_and_reported_once(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep", options={"seconds": 0.5})
        runner.submit(task)
        runner.submit(task)
        ends.of(task)
        runner.submit(task)
        time.sleep(0.5)
        assert (starts(task), ends.count(task)) == (1, 1)

    def test_another_attempt_is_another_task(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        for attempt in (1, 2):
            task = lab.task("crash", attempt=attempt)
            runner.submit(task)
            assert ends.of(task).status == 1
        assert starts(task) == 2

    def test_tasks_run_beside_each_other(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        tasks = [lab.task("sleep", job=job) for job in ("j1", "j2")]
        for task in tasks:
            runner.submit(task)
        until(lambda: all(map(begun, tasks)))
        assert set(runner.running()) == {task.name for task in tasks}
        runner.cancel(tasks[0])
        assert ends.of(tasks[0], 15).end is End.CANCELLED
        assert runner.running() == (tasks[1].name,)

    # ------------------------------------------------------------ after a restart

    def test_a_new_runner_adopts_what_still_runs(self, lab: Lab) -> None:
        first, before = lab.runner()
        task = lab.task("sleep", options={"seconds": 2.0})
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        second, after = lab.runner()
        second.submit(task)
        assert after.of(task).status == 0
        assert (starts(task), before.count(task), after.count(task)) == (1, 0, 1)

    def test_a_new_runner_reports_what_ended_meanwhile(self, lab: Lab) -> None:
        first, before = lab.runner()
        task = lab.task("sleep", options={"seconds": 0.5})
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        until(lambda: read_result(own(task)))
        time.sleep(0.5)
        second, after = lab.runner()
        second.submit(task)
        assert after.of(task).status == 0
        assert (starts(task), before.count(task), after.count(task)) == (1, 0, 1)

    def test_the_time_out_holds_while_nobody_watches(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("sleep", timeout=1.5)
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        second, ends = lab.runner()
        until(lambda: not second.running(), 15)
        second.submit(task)
        assert ends.of(task).end is End.TIMEOUT

    # ------------------------------------------------------------ orphans

    def test_what_runs_is_listed_by_whoever_asks(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("sleep", shard="s0")
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        assert lab.runner()[0].running() == (task.name,)

    def test_what_is_over_is_not_listed(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        runner.submit(task)
        ends.of(task)
        assert runner.running() == ()

    def test_an_orphan_is_reaped_and_another_task_left_alone(self, lab: Lab) -> None:
        first, _ = lab.runner()
        orphan, other = lab.task("ignore_term", job="j1"), lab.task("sleep", job="j2")
        for task in (orphan, other):
            first.submit(task)
        until(lambda: begun(orphan) and begun(other))
        first.close()
        second, _ = lab.runner()
        second.reap(orphan.name)
        until(lambda: second.running() == (other.name,), 10)

    def test_reaping_what_is_not_there_does_nothing(self, lab: Lab) -> None:
        runner, _ = lab.runner()
        runner.reap("nobody.sleep.1")
        assert runner.running() == ()

    # ------------------------------------------------------------ what a stage finds

    def test_a_stage_is_told_its_share_of_the_machine(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("environment", cpus=3.0, memory=300 * 2**20)
        runner.submit(task)
        ends.of(task)
        found = read_result(own(task)).figures["environment"]
        assert {found[name] for name in ("VISAGED_CPUS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {"3"}
        assert found["VISAGED_MEMORY"] == str(300 * 2**20)

    def test_a_file_that_a_user_dropped_is_never_imported(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        for folder in (task.folder, task.folder / "in"):
            folder.mkdir(exist_ok=True)
            (folder / "json.py").write_text("raise SystemExit(99)")
        runner.submit(task)
        assert ends.of(task).status == 0
