"""The docker runner keeps the contract of all runners, on a real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.contract.runners")

from daemon.model import OnEnd  # noqa: E402
from daemon.runners.docker import DockerRunner, Settings  # noqa: E402
from tests.containers import PROBE, have_image  # noqa: E402
from tests.contract.runners import MakeRunner, RunnerContract  # noqa: E402

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
