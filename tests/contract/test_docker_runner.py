"""The docker runner keeps the contract of all runners, on a real engine."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contract.runners")

from daemon.errors import ConfigError, RunnerUnavailable  # noqa: E402
from daemon.model import End, OnEnd  # noqa: E402
from daemon.runners.docker import Containers, DockerRunner, Pull, Settings, digests  # noqa: E402
from daemon.runners.docker.control import Control  # noqa: E402
from daemon.runners.docker.engine import Engine  # noqa: E402
from daemon.runners.docker.folders import Translation  # noqa: E402
from daemon.runners.docker.proof import Ground, prove  # noqa: E402
from daemon.runners.docker.site import root_of  # noqa: E402
from daemon.runners.docker.spec import User, name_of  # noqa: E402
from pipelines.contract import read_result  # noqa: E402
from tests.containers import IMAGE, PROBE, docker, have_image, inspect, ours  # noqa: E402
from tests.contract.runners import (  # noqa: E402
    MIB,
    Ends,
    Lab,
    MakeRunner,
    RunnerContract,
    begun,
    log,
    own,
    starts,
    until,
)

pytestmark = pytest.mark.docker


@pytest.fixture(scope="session", autouse=True)
def image() -> None:
    have_image()


def make(work: Path, on_end: OnEnd) -> DockerRunner:
    return DockerRunner(Settings(work=work, pipelines={"probe": PROBE}, grace=1.0), on_end)


class TestDockerRunner(RunnerContract):
    @pytest.fixture
    def make_runner(self) -> MakeRunner:
        return make

    # ------------------------------------------------------------ what a container may do

    def test_a_container_has_no_network_no_rights_and_the_users_own_number(self, lab: Lab) -> None:
        runner, _ = lab.runner()
        task = lab.task("sleep", memory=256 * MIB)
        runner.submit(task)
        until(lambda: begun(task))
        seen = inspect(*ours(lab.work))
        host = seen["HostConfig"]
        assert seen["Config"]["User"] == f"{os.geteuid()}:{os.getegid()}"
        assert (host["NetworkMode"], host["ReadonlyRootfs"], host["Privileged"]) == ("none", True, False)
        assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges"])
        assert (host["Init"], host["Memory"], host["MemorySwap"]) == (True, 256 * MIB, 256 * MIB)
        assert host["PidsLimit"] > 0
        assert "max-size" in host["LogConfig"]["Config"]
        assert sorted(m["Destination"] for m in seen["Mounts"] if m["RW"]) == [
            "/job/progress.jsonl",
            "/job/stages/sleep",
        ]

    def test_a_stage_cannot_change_its_inputs_its_request_or_other_stages(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("trespass")
        for folder in ("in", "stages/before"):
            (task.folder / folder).mkdir(parents=True)
            (task.folder / folder / "file").write_text("as it was")
        runner.submit(task)
        assert ends.of(task).status == 0
        done = read_result(own(task)).figures
        assert done.pop("own") == "written"
        assert set(done.values()) == {"Read-only file system"}, done

    def test_originals_that_are_read_in_place_are_seen_and_cannot_be_changed(self, lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "inbox").mkdir()
        (tmp_path / "inbox" / "a.obj").write_text("the original")
        task = lab.task("read")
        (task.folder / "in").mkdir()
        (task.folder / "in" / "a.obj").symlink_to(tmp_path / "inbox" / "a.obj")
        ends = Ends()
        settings = Settings(work=lab.work, pipelines={"probe": PROBE}, readable=(tmp_path / "inbox",))
        with contextlib.closing(DockerRunner(settings, ends)) as runner:
            runner.submit(task)
            assert ends.of(task).status == 0
        assert read_result(own(task)).figures == {"in/a.obj": "the original", "write": "Read-only file system"}

    def test_the_image_is_on_disk_by_its_digest(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        runner.submit(task)
        ends.of(task)
        assert digests(task.folder) == (docker("inspect", "-f", "{{.Id}}", IMAGE),)

    # ------------------------------------------------------------ what is left

    def test_no_container_is_left_when_its_end_was_reported(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        tasks = [lab.task(stage, job=f"j{stage}") for stage in ("ok", "crash", "signalled")]
        for task in tasks:
            runner.submit(task)
        for task in tasks:
            ends.of(task)
        until(lambda: ours(lab.work) == [], 10)

    def test_what_ended_and_is_never_asked_for_is_swept_and_its_end_kept(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("sleep", options={"seconds": 0.5})
        first.submit(task)
        until(lambda: begun(task))
        first.close()
        until(lambda: read_result(own(task)))
        settings = Settings(work=lab.work, pipelines={"probe": PROBE}, orphan_grace=1.0)
        ends = Ends()
        with contextlib.closing(DockerRunner(settings, ends)) as second:
            until(lambda: ours(lab.work) == [], 15)
            second.submit(task)
            assert (ends.of(task).status, starts(task)) == (0, 1)

    def test_containers_of_others_are_left_alone(self, lab: Lab) -> None:
        docker("run", "-d", "--name", "visaged-test-other", "--label", "visaged.root=another", IMAGE, "sleep", "60")
        try:
            settings = Settings(work=lab.work, pipelines={"probe": PROBE}, orphan_grace=0.0, pulse=0.1)
            with contextlib.closing(DockerRunner(settings, Ends())) as runner:
                time.sleep(1.0)
                assert runner.running() == ()
            assert inspect("visaged-test-other")["State"]["Running"]
        finally:
            docker("rm", "-f", "visaged-test-other")

    # ------------------------------------------------------------ what somebody else does

    def test_a_container_that_is_removed_behind_our_back_is_lost(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        docker("rm", "-f", *ours(lab.work))
        ended = ends.of(task)
        assert ended.end is End.LOST
        assert "removed" in ended.detail
        again, more = lab.runner()
        again.submit(task)
        assert (more.of(task).end, starts(task)) == (End.LOST, 1)

    def test_a_container_that_is_killed_by_somebody_is_reported_killed(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        docker("kill", *ours(lab.work))
        ended = ends.of(task)
        assert (ended.end, ended.status) == (End.KILLED, signal.SIGKILL)

    def test_a_container_that_is_paused_is_still_ended_when_it_is_cancelled(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("sleep")
        runner.submit(task)
        until(lambda: begun(task))
        docker("pause", *ours(lab.work))
        runner.cancel(task)
        assert ends.of(task, 15).end is End.CANCELLED

    def test_a_name_that_is_taken_says_so_and_the_task_starts_when_it_is_free(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        name = name_of(task.name, root_of(lab.work))
        docker("run", "-d", "--name", name, IMAGE, "sleep", "60")
        try:
            runner.submit(task)
            ended = ends.of(task)
            assert ended.end is End.NEVER_STARTED
            assert f"docker rm {name}" in ended.detail
        finally:
            docker("rm", "-f", name)
        runner.submit(task)
        until(lambda: ends.count(task) == 2)
        assert read_result(own(task)) is not None

    # ------------------------------------------------------------ what cannot start

    @pytest.mark.parametrize(
        ("pull", "end", "says"),
        [
            (Pull.NEVER, End.IMPOSSIBLE, "is not on this machine"),
            (Pull.MISSING, End.NEVER_STARTED, "could not be fetched"),
            (Pull.ALWAYS, End.NEVER_STARTED, "could not be fetched"),
        ],
    )
    def test_an_image_that_is_missing_is_said(self, lab: Lab, pull: Pull, end: End, says: str) -> None:
        missing = Containers(image="127.0.0.1:1/visaged/none:1", pull=pull)
        ends = Ends()
        with contextlib.closing(DockerRunner(Settings(work=lab.work, pipelines={"probe": missing}), ends)) as runner:
            task = lab.task("ok")
            runner.submit(task)
            ended = ends.of(task)
        assert ended.end is end
        assert says in ended.detail
        assert "127.0.0.1:1/visaged/none:1" in ended.detail

    def test_a_stage_reads_the_weights_and_cannot_change_them(self, lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "eyes.onnx").write_text("eyes")
        seeing = replace(PROBE, models=tmp_path / "models")
        ends = Ends()
        with contextlib.closing(DockerRunner(Settings(work=lab.work, pipelines={"probe": seeing}), ends)) as runner:
            task = lab.task("weigh")
            runner.submit(task)
            assert ends.of(task).status == 0, log(task)
        said = read_result(own(task))
        assert said
        assert (said.figures["read"], said.figures["write"]) == ("eyes", "Read-only file system")

    def test_a_stage_runs_in_its_own_image(self, lab: Lab) -> None:
        docker("tag", IMAGE, f"{IMAGE}-own")
        runner, ends = lab.runner()
        task = lab.task("ok")
        task = replace(task, stage=replace(task.stage, image="own"))
        runner.submit(task)
        assert ends.of(task).status == 0
        assert Control.of(task).made().image == f"{IMAGE}-own"

    def test_an_own_image_that_is_missing_is_said(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("ok")
        task = replace(task, stage=replace(task.stage, image="gone"))
        runner.submit(task)
        assert f"The image {IMAGE}-gone is not on this machine" in ends.of(task).detail

    def test_an_image_without_python_is_a_clear_failure(self, lab: Lab) -> None:
        ends = Ends()
        bare = Containers(image="debian:bookworm-slim")
        with contextlib.closing(DockerRunner(Settings(work=lab.work, pipelines={"probe": bare}), ends)) as runner:
            task = lab.task("ok")
            runner.submit(task)
            assert ends.of(task).end is End.IMPOSSIBLE
            assert "Its image cannot run it: exec python3 failed" in ends.of(task).detail
        assert ours(lab.work) == []

    def test_an_engine_that_is_not_there_makes_tasks_wait(self, lab: Lab, tmp_path: Path) -> None:
        settings = Settings(work=lab.work, pipelines={"probe": PROBE}, address=f"unix://{tmp_path}/none.sock")
        ends = Ends()
        task = lab.task("ok")
        with contextlib.closing(DockerRunner(settings, ends)) as runner:
            for call in (lambda: runner.submit(task), runner.running, lambda: runner.reap("x.y.1")):
                with pytest.raises(RunnerUnavailable, match="does not answer"):
                    call()
        with contextlib.closing(make(lab.work, ends)) as runner:
            runner.submit(task)
            assert ends.of(task).status == 0

    def test_a_work_folder_that_containers_see_elsewhere_is_refused_in_words(self, tmp_path: Path) -> None:
        work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
        for folder in (work, elsewhere):
            folder.mkdir()
        engine = Engine()
        image = engine.image(IMAGE)
        assert image is not None
        ground = Ground(work=work, image=image, user=User(uid=os.geteuid(), gid=os.getegid()), root="a test")
        prove(engine, ground, Translation())
        with pytest.raises(ConfigError, match=f"work folder {work}, which is {elsewhere} for the Docker engine"):
            prove(engine, ground, Translation(((str(elsewhere), str(work)),)))
        assert list(work.iterdir()) == []
        engine.close()

    # ------------------------------------------------------------ words and GPUs

    def test_all_words_are_in_the_log_once_also_when_the_daemon_was_away(self, lab: Lab) -> None:
        first, _ = lab.runner()
        task = lab.task("talk", options={"lines": 3000, "seconds": 3.0})
        first.submit(task)
        until(lambda: begun(task) and log(task).count("\n") > 50)
        first.close()
        time.sleep(0.5)
        second, ends = lab.runner()
        second.submit(task)
        assert ends.of(task).status == 0
        found = sorted(log(task).splitlines(), key=lambda line: int(line.split()[1]))
        assert found == [f"line {n}" for n in range(3000)]  # sorted, as an engine reads the two streams as it likes

    def test_a_log_has_the_words_of_all_attempts(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        for attempt in (1, 2):
            task = lab.task("ok", attempt=attempt)
            runner.submit(task)
            ends.of(task)
        assert log(task) == "hello from the stage\n" * 2

    def test_a_stage_that_lost_its_gpu_gets_another_container_and_no_attempt_is_burned(self, lab: Lab) -> None:
        runner, ends = lab.runner()
        task = lab.task("lose_gpu", gpus=("GPU-pretend-0",))
        runner.submit(task)
        ended = ends.of(task)
        assert ended.end is End.LOST, ended
        assert "NVML" in ended.detail
