"""The same drop through processes and through containers: the same frames."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.containers import docker, ours

pytestmark = [pytest.mark.docker, pytest.mark.data]

ROOT = Path(__file__).resolve().parents[2]
SMALL = '[pipelines.morph]\ntag = "test"\nframes = 5\nresolution = 128\n'


@pytest.fixture(scope="module", autouse=True)
def image():
    command = ["docker", "build", "-q", "-f", "images/morph/Dockerfile", "-t", "visaged/morph:test", "."]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def frames(place, data, runner):
    """The frames of a real pair, by name, through this runner."""
    place.configure(daemon=f'runner = "{runner}"', rest=SMALL)
    for name in ("identity000.obj", "identity001.obj"):
        place.drop(f"morph/{runner}/{name}", (data / "meshes" / "ict" / name).read_bytes())
    ran = place.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    result = place.root / "results" / "morph" / runner
    found = {path.name: np.asarray(Image.open(path), dtype=np.int16) for path in sorted((result / "frames").iterdir())}
    return found, json.loads((result / "receipt.json").read_text())


def test_the_same_drop_gives_the_same_frames_through_processes_and_through_containers(place, data):
    local, _ = frames(place, data, "local")
    (place.root / "results" / "morph" / "local").rename(place.root / "aside")  # so that it does not answer for the next
    contained, receipt = frames(place, data, "docker")
    assert len(contained) == 5
    assert contained.keys() == local.keys()
    assert max(int(np.abs(contained[name] - local[name]).max()) for name in local) <= 1
    assert receipt["image"] == docker("inspect", "-f", "{{.Id}}", "visaged/morph:test")
    assert ours(place.root / "work") == []
