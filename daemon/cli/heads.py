"""The heads of the demo, made by morph's own command in a process of its own: the daemon has no array library."""

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
    """Afterwards target holds two head meshes with their textures, made by the command ``heads`` of morph.

    Raises CannotDo with the last words of the command, where it could not.
    """
    morph = pipelines()["morph"]
    (heads,) = morph.command("heads").stages
    with tempfile.TemporaryDirectory(prefix="visaged-heads-") as scratch:
        job = Path(scratch)
        request = Request(job="heads", pipeline=morph.name, name="heads", inputs=(), options={})
        write_atomic(job / "request.json", dump(request))
        command = [sys.executable, "-P", "-m", morph.run_as, heads.name, str(job)]
        share = environment(os.environ, Slot(cpus=heads.cpus))
        made = subprocess.run(command, env=share, capture_output=True, text=True, timeout=heads.timeout, check=False)
        result = read_result(stage_folder(job, heads.name))
        if result is None or result.publish is None:
            raise CannotDo(f"The heads could not be made: {' '.join(made.stderr.strip().splitlines()[-1:])}")
        shutil.copytree(stage_folder(job, heads.name) / result.publish, target, dirs_exist_ok=True)
