"""The daemon in a container, started by compose as the docs say: a real pair becomes a film in a second container."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers import docker, ours

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
SOCKET = Path("/var/run/docker.sock")
USER = (4242, 4243)
CONFIG = """
[daemon]
runner = "docker"
settle_seconds = 0.3
disk_min = 0
[pipelines.morph]
tag = "compose-test"
frames = 3
resolution = 64
"""


@dataclass(frozen=True, slots=True)
class Composed:
    """A data folder, and compose with the .env that belongs to it."""

    data: Path
    env: Path

    def __call__(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        command = ["docker", "compose"] if plugin else ["docker-compose"]
        whole = [*command, "--file", str(ROOT / "docker-compose.yml"), "--env-file", str(self.env), *args]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("VISAGED_", "COMPOSE_"))}
        done = subprocess.run(whole, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def daemon(self) -> str:
        return self("ps", "--quiet", "daemon").stdout.strip()

    def drop(self, meshes: Path, item: str) -> None:
        """Two meshes that appear in the lane by one rename, as another user of the share leaves them."""
        hidden = self.data / f".{item}"
        hidden.mkdir()
        for name in ("identity000.obj", "identity001.obj"):
            shutil.copyfile(meshes / "ict" / name, hidden / name)
        own(hidden)
        hidden.rename(self.data / "inbox" / "morph" / item)

    def wait_for(self, path: Path, seconds: float = 120.0) -> None:
        until = time.monotonic() + seconds
        while not path.exists():
            assert time.monotonic() < until, f"no {path}\n{self('logs', '--no-color', check=False).stdout[-6000:]}"
            time.sleep(0.1)


def own(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *USER)


@pytest.fixture(scope="module")
def composed(tmp_path_factory) -> Iterator[Composed]:
    """Images built and a place made, by compose; nothing runs."""
    if os.geteuid() != 0:
        pytest.skip("only root can give the folder to somebody else")
    here = tmp_path_factory.mktemp("compose")
    data = here / "data folder"
    data.mkdir()
    (data / "config.toml").write_text(CONFIG)
    own(data)
    (here / ".env").write_text(
        f"COMPOSE_PROJECT_NAME=visaged-test-{os.getpid()}\nCOMPOSE_PROFILES=cpu\nVISAGED_TAG=compose-test\n"
        f"VISAGED_ROOT={data}\nVISAGED_UID={USER[0]}\nVISAGED_GID={USER[1]}\nDOCKER_GID={SOCKET.stat().st_gid}\n"
    )
    compose = Composed(data, here / ".env")
    compose("--profile", "images", "--profile", "cpu", "build", "daemon", "morph")
    compose("run", "--rm", "daemon", "init")
    yield compose
    compose("down", "--timeout", "20", check=False)
    for left in ours(data / "work"):
        docker("rm", "--force", left)


@pytest.fixture
def up(composed) -> Iterator[Composed]:
    composed("up", "--detach")
    yield composed
    composed("down", "--timeout", "20")


@pytest.mark.data
def test_a_drop_goes_through_a_daemon_in_a_container_end_to_end(up, data):
    up.drop(data / "meshes", "heads")
    result = up.data / "results" / "morph" / "heads"
    up.wait_for(result / "receipt.json")
    assert len(list((result / "frames").iterdir())) == 3
    assert json.loads((result / "receipt.json").read_text())["image"]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in result.rglob("*")} == {USER}


@pytest.mark.data
def test_a_daemon_in_a_container_that_is_killed_goes_on_when_it_is_back(up, data):
    up.drop(data / "meshes", "again")
    until = time.monotonic() + 60
    while not ours(up.data / "work"):
        assert time.monotonic() < until, "no stage has begun"
        time.sleep(0.02)
    docker("kill", "--signal", "KILL", up.daemon())
    up("up", "--detach")
    up.wait_for(up.data / "results" / "morph" / "again" / "receipt.json")
    assert json.loads((up.data / "results/morph/again/receipt.json").read_text())["name"] == "again"


def test_the_health_check_of_the_container_is_good_while_the_daemon_works(up):
    until = time.monotonic() + 30
    while subprocess.run(["docker", "exec", up.daemon(), "visaged", "health"], check=False).returncode:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_commands_work_in_the_container_as_without_one(up):
    assert json.loads(docker("exec", up.daemon(), "visaged", "status", "--json"))["running"]


def test_a_data_folder_that_has_another_path_inside_is_found_on_the_engines_machine(composed, data):
    inside = "/elsewhere"
    name = f"visaged-test-moved-{os.getpid()}"
    mounts = [f"--volume={composed.data}:{inside}", f"--volume={SOCKET}:/var/run/docker.sock"]
    who = [f"--user={USER[0]}:{USER[1]}", f"--group-add={SOCKET.stat().st_gid}", f"--workdir={inside}"]
    composed.drop(data / "meshes", "moved")
    try:
        docker("run", "--detach", "--name", name, *mounts, *who, "visaged/daemon:compose-test", "run")
        composed.wait_for(composed.data / "results" / "morph" / "moved" / "receipt.json")
    finally:
        docker("rm", "--force", name)


def test_a_data_folder_that_the_engine_does_not_have_is_refused_in_plain_words(composed):
    name = f"visaged-test-tmpfs-{os.getpid()}"
    who = [f"--user={USER[0]}:{USER[1]}", f"--group-add={SOCKET.stat().st_gid}", "--workdir=/tmp"]
    inside = f"cp '{composed.data}/config.toml' . && visaged init && visaged run"
    told = subprocess.run(
        [
            "docker", "run", "--rm", "--name", name, f"--volume={SOCKET}:/var/run/docker.sock", *who,
            f"--volume={composed.data}:{composed.data}:ro", "--entrypoint=sh",
            "visaged/daemon:compose-test", "-c", inside,
        ],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert told.returncode == 2, told.stderr
    assert "/tmp/work" in told.stderr
