"""How tests kill what they test at a labelled step, and count the bytes that are left."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from daemon.failpoints import VARIABLE, arm

PROGRAM = "import pickle, sys; call, arguments = pickle.load(sys.stdin.buffer); call(*arguments)"
OTHER = Path("/dev/shm")


def attempt(at: str | None, call: Callable[..., object], *arguments: object) -> bool:
    """Call in a forked child that dies at a step (or at none); the answer is whether it did."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            arm(at)
            call(*arguments)
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)
    return _killed(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def attempt_anew(at: str, call: Callable[..., object], *arguments: object) -> bool:
    """The same in a new interpreter that reads the environment, as the daemon does."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=pickle.dumps((call, arguments)),
        env={**os.environ, VARIABLE: at},
        check=False,
        timeout=60,
    )
    return _killed(ended.returncode)


def census(*roots: Path) -> Counter[str]:
    """The content of every file below roots, links not followed, and how often it is there."""
    return Counter(
        hashlib.sha256(path.read_bytes()).hexdigest()
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def files(root: Path) -> dict[str, bytes]:
    """Every file below root by its path."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def listed(folder: Path) -> set[str]:
    """The names of what lies in a folder."""
    return {path.name for path in folder.iterdir()}


def plant(root: Path, tree: dict[str, bytes]) -> None:
    """Write files below root."""
    for name, content in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def _killed(status: int) -> bool:
    assert status in {0, -signal.SIGKILL}
    return status != 0
