"""What every test shares: the handed-out data, and the one place where markers are decided."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.models import fetch
from pipelines.faces.registry import WEIGHTS
from pipelines.talking_head.weights import WEIGHTS as TALKING

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VISAGED_DATA", ROOT.parent / "shared" / "data"))
ENGINE = ROOT / "tests" / "engine" / "up"
os.environ.setdefault("TRITON_INTERPRET", "1")  # before triton is imported: its kernels run here without a GPU
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # numpy and torch: workers of pytest-xdist, and stages, share the cores


@pytest.fixture(scope="session")
def data() -> Path:
    """The handed-out data folder (meshes, faces, talking)."""
    return DATA


@pytest.fixture(scope="session")
def models() -> Path:
    """A folder with the weights of buffalo_sc and opencv: VISAGED_MODELS, else a cache that is filled once."""
    folder = Path(os.environ.get("VISAGED_MODELS") or ROOT / ".cache" / "models")
    if failed := fetch([one for one in WEIGHTS if one.pack in {"buffalo_sc", "opencv"}], folder):
        (pytest.fail if os.environ.get("CI") == "1" else pytest.skip)(failed.reason)
    return folder


@pytest.fixture(scope="session")
def talking_models() -> Path:
    """A folder with the weights of talking heads but Whisper's: VISAGED_MODELS, else a cache that is filled once."""
    folder = Path(os.environ.get("VISAGED_MODELS") or ROOT / ".cache" / "models")
    if failed := fetch([one for one in TALKING if one.pack != "whisper"], folder):
        (pytest.fail if os.environ.get("CI") == "1" else pytest.skip)(failed.reason)
    return folder


@pytest.fixture(scope="session")
def real_footage(data: Path) -> Any:
    """A handed-out clip of somebody talking, ingested: several files of tests look at it."""
    from pipelines.talking_head.ingest.footage import Models, ingested  # noqa: PLC0415  few tests want it
    from pipelines.talking_head.ingest.speech import Voice  # noqa: PLC0415
    from pipelines.talking_head.landmarks.landmarker import Landmarker  # noqa: PLC0415
    from tests.unit.talking_world import weights  # noqa: PLC0415

    models = Models(Landmarker(weights(data, "face_landmarker.task")), Voice(weights(data, "silero_vad_16k_op15.onnx")))
    return ingested(data / "talking" / "video-retalking" / "1.mp4", models)


@pytest.fixture(autouse=True)
def _denormals() -> Iterator[None]:
    """Learning flushes denormals to zero, which is the process's own state: hypothesis wants them back."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with one loud line, what this machine cannot run; for an engine that could be had, under CI=1, fail."""
    missing = {"data": "" if (DATA / "MANIFEST.tsv").is_file() else f"the data folder is not here ({DATA})"}
    missing["gpu"] = "" if os.environ["TRITON_INTERPRET"] == "0" else "TRITON_INTERPRET=0 is not set: no GPU is meant"
    if any(item.get_closest_marker("docker") for item in items) and not config.option.collectonly:
        missing["docker"] = no_engine()
    for marker, why in missing.items():
        for item in items if why else ():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=why))
    if (why := missing.get("docker")) and os.environ.get("CI") == "1":
        pytest.exit(f"CI=1, and the docker tests cannot run: {why}", returncode=1)


def no_engine() -> str:
    """Why there is no Docker engine to test with; empty: there is one, started here if it had to be."""
    if not shutil.which("docker") and os.geteuid() != 0:
        return "NO DOCKER ENGINE: none is here, and only root can install one; no container test runs"
    with (Path(tempfile.gettempdir()) / "visaged-engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of pytest-xdist wait for one engine
        up = subprocess.run([ENGINE], capture_output=True, text=True, check=False)
    words = (up.stderr.strip().splitlines() or [f"{ENGINE.name} ended with status {up.returncode}"])[-1]
    return "" if up.returncode == 0 else f"NO DOCKER ENGINE, so no container test runs: {words}"
