"""What tests with containers share: an image that can run the probe pipelines, and a look at what is left of ours."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from daemon.runners.docker import Bind, Containers

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "tests" / "plugins"
IMAGE = "visaged-test/python"
DOCKERFILE = """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
"""
PROBE = Containers(
    image=IMAGE,
    environment={"PYTHONPATH": "/code:/plugins"},
    mounts=(Bind(ROOT / "pipelines", "/code/pipelines"), Bind(PLUGINS, "/plugins")),
)
"""How a container runs the probe: a bare Python, and our code beside it."""


def docker(*arguments: str, check: bool = True, host: str = "", given: str = "") -> str:
    """What the command line client prints."""
    to = ["--host", host] if host else []
    done = subprocess.run(["docker", *to, *arguments], capture_output=True, text=True, check=False, input=given)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout.strip()


def have_image(host: str = "") -> None:
    """Afterwards the engine has the image of the tests."""
    if not docker("images", "-q", IMAGE, host=host):
        docker("build", "-q", "-t", IMAGE, "-", host=host, given=DOCKERFILE)


def ours(work: Path, host: str = "") -> list[str]:
    """The names of all containers that the daemon of a work folder has, dead or alive."""
    root = work / ".visaged-docker"
    if not root.exists():
        return []
    return docker(
        "ps", "-a", "--format", "{{.Names}}", "--filter", f"label=visaged.root={root.read_text()}", host=host
    ).split()


def stages(work: Path, host: str = "") -> list[str]:
    """Those of them that are stages, and not the proof of the mounts."""
    return [name for name in ours(work, host) if not name.startswith("visaged-probe-")]


def inspect(container: str, host: str = "") -> dict[str, Any]:
    """What the engine says about a container."""
    return json.loads(docker("inspect", container, host=host))[0]


CONFIGURED = f"""
[pipelines.{{pipeline}}]
image = "{IMAGE}"
environment = {{{{ PYTHONPATH = "/code:/plugins" }}}}
mounts = ["{ROOT}/pipelines:/code/pipelines", "{PLUGINS}:/plugins"]
"""


def configured(*pipelines: str) -> str:
    """The tables of config.toml with which the test's pipelines run in containers, the last of them open."""
    return "".join(CONFIGURED.format(pipeline=pipeline) for pipeline in reversed(pipelines))


class PrivateEngine:
    """An engine of a test's own, which it may kill, pause and start anew. hooks: whether it takes requests for GPUs."""

    def __init__(self, folder: Path, *, hooks: bool) -> None:
        self.folder, self._hooks = folder, hooks
        self.host = f"unix://{folder}/e.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Afterwards it answers."""
        hooks = str(ROOT / "tests" / "engine" / "hooks")
        path = [p for p in os.environ["PATH"].split(os.pathsep) if not p.endswith("engine/hooks")]
        (self.folder / "pid").unlink(missing_ok=True)
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        arguments = ["--data-root", self.folder / "data", "--exec-root", self.folder / "exec"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*APART, "dockerd", *arguments, "--pidfile", self.folder / "pid", "-H", self.host, *WITHOUT_NETWORK],
                stdout=log,
                stderr=log,
                env={**os.environ, "PATH": os.pathsep.join([hooks, *path] if self._hooks else path)},
                start_new_session=True,
            )
        for _ in range(200):
            if docker("info", host=self.host, check=False).count("Server Version"):
                return
            time.sleep(0.2)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def signal(self, number: int) -> None:
        """Afterwards the engine has the signal; if it kills, the engine is dead."""
        assert self._process is not None
        self._process.send_signal(number)
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self._process.wait(60)

    def load(self) -> None:
        """Afterwards it has the image of the tests."""
        with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.host, "load"], stdin=saved.stdout, check=True, stdout=subprocess.DEVNULL
            )

    def end(self) -> None:
        """Afterwards nothing of it is left."""
        if self._process is not None and self._process.poll() is None:
            docker("ps", "-aq", host=self.host)
            left = docker("ps", "-aq", host=self.host).split()
            if left:
                docker("rm", "-f", *left, host=self.host)
            self.signal(signal.SIGTERM)
        for mount in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if mount.split()[1].startswith(str(self.folder)):
                subprocess.run(["umount", "-l", mount.split()[1]], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


APART = ("unshare", "--net")
"""An engine that shall have no bridge removes docker0, which on the machine's network is that of its own engine."""

WITHOUT_NETWORK = ("--bridge", "none", "--iptables=false", "--ip6tables=false")
