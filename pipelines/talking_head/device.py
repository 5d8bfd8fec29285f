"""On what engines compute: the GPU that the stage was given, else the processor; and where precision is mixed there."""

from __future__ import annotations

import atexit
import os
import shutil
import sysconfig
import tempfile
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import torch

from pipelines.contract import Unready

COMPILERS = ("cc", "gcc", "clang")
KERNELS = "TRITON_CACHE_DIR"
"""Where Triton keeps the kernels that it has compiled."""


def device() -> torch.device:
    """What this stage computes on; on a GPU, kernels can be compiled and kept.

    Raises Unready where a GPU was given that cannot be used: never does the processor silently take its place.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if given in {"", "-1"}:
        return torch.device("cpu")
    if why := lacking():
        raise Unready(
            f'The GPU {given} was given, but talking heads cannot use it. {why} Or set use = "none" under [gpus] in '
            "config.toml: then the processor does it, some hundred times slower. `visaged doctor` says which driver "
            "is there."
        )
    cached()
    exact()
    return torch.device("cuda")


def exact() -> None:
    """Afterwards torch keeps all digits where it is not told otherwise: likeness is the difference of like numbers."""
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"


def device_name(on: torch.device) -> str:
    """What the receipt calls it."""
    return str(torch.cuda.get_device_name(on)) if on.type == "cuda" else "processor"


def lacking() -> str:
    """What is missing for kernels on a GPU, and where it comes from; empty: nothing."""
    if torch.version.cuda is None:
        return f"torch {torch.__version__} as it is installed is built without CUDA: install the package index's own."
    if find_spec("triton") is None:
        return "Triton is not installed, which compiles the kernels: `python -m pip install triton` installs it."
    if not any(shutil.which(name) for name in (os.environ.get("CC") or "cc", *COMPILERS)):
        return "There is no C compiler, with which Triton starts its kernels: install gcc."
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python's own header files are missing, with which Triton starts its kernels: install python3-dev."
    try:
        torch.ones(8, device="cuda").sum().item()
    except (RuntimeError, AssertionError) as why:
        return f"torch {torch.__version__} cannot compute on it: {str(why).splitlines()[0]}"
    return ""


def cached() -> Path:
    """The folder for compiled kernels, which can be written to: Triton's own choice, else one for temporary files.

    A stage may be without a home, and its root read-only.
    """
    for folder in (os.environ.get(KERNELS), Path.home() / ".triton" / "cache"):
        if folder and _written(Path(folder)):
            os.environ[KERNELS] = str(folder)
            return Path(folder)
    other = Path(tempfile.mkdtemp(prefix="visaged-kernels-"))
    atexit.register(shutil.rmtree, other, ignore_errors=True)
    os.environ[KERNELS] = str(other)
    return other


def _written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def mixed(on: torch.device) -> AbstractContextManager[object]:
    """Within, nets multiply in half precision where that is a GPU. Not for places: they would lose pixels."""
    context: AbstractContextManager[object] = torch.autocast(on.type, torch.bfloat16, enabled=on.type == "cuda")
    return context
