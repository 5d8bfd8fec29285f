"""What the demo drops, made by morph's own commands in a process of its own: the daemon has no array library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from daemon.errors import CannotDo
from daemon.model import Slot
from daemon.runners.environment import environment
from pipelines.contract import Request, dump, read_result, stage_folder, write_atomic
from pipelines.registry import pipelines


def make_demo_heads(target: Path) -> None:
    """Afterwards target holds two head meshes with their textures. Raises CannotDo where they could not be made."""
    _make("heads", target)


def make_demo_pictures(target: Path) -> None:
    """Afterwards target holds pictures of four people. Raises CannotDo where they could not be made."""
    _make("portraits", target)


def _make(command: str, target: Path) -> None:
    morph = pipelines()["morph"]
    (stage,) = morph.command(command).stages
    with tempfile.TemporaryDirectory(prefix="visaged-demo-") as scratch:
        job = Path(scratch)
        request = Request(job=command, pipeline=morph.name, name=command, inputs=(), options={})
        write_atomic(job / "request.json", dump(request))
        words = [sys.executable, "-P", "-m", morph.run_as, stage.name, str(job)]
        share = environment(os.environ, Slot(cpus=stage.cpus))
        made = subprocess.run(words, env=share, capture_output=True, text=True, timeout=stage.timeout, check=False)
        result = read_result(stage_folder(job, stage.name))
        if result is None or result.publish is None:
            raise CannotDo(f"The {command} could not be made: {' '.join(made.stderr.strip().splitlines()[-1:])}")
        shutil.copytree(stage_folder(job, stage.name) / result.publish, target, dirs_exist_ok=True)
