"""What tests with containers share: an image that can run the probe pipelines, and a look at what is left of ours."""

from __future__ import annotations

import json
import subprocess
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


def inspect(container: str, host: str = "") -> dict[str, Any]:
    """What the engine says about a container."""
    return json.loads(docker("inspect", container, host=host))[0]
