"""The images, built for real: what is in them, and the morph of a real pair in a container that may do nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.contract import EXIT_BAD_INPUT, dump, read_refusal, read_result, stage_folder
from pipelines.contract.exchange import Input, Request

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
USER = (4242, 4243)
"""Nobody in the image and, most likely, nobody on this machine."""
MEGABYTES = {"morph": 600, "faces": 1100, "daemon": 200}
"""What the images may weigh on disk; face-morph's weighs 2650, face-organizer's 11500."""


def build(name: str, **arguments: str) -> str:
    """The reference of an image that was built from the working tree."""
    reference = f"visaged/{name}:test{arguments.get('DEVICE', '')}"
    given = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    told = subprocess.run(
        ["docker", "build", "--file", f"images/{name}/Dockerfile", "--tag", reference, *given, "."],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-4000:]
    return reference


@pytest.fixture(scope="module")
def morph() -> str:
    return build("morph")


@pytest.fixture(scope="module")
def faces() -> str:
    return build("faces")


@pytest.fixture(scope="module")
def daemon() -> str:
    return build("daemon")


def docker(*args: str) -> str:
    return subprocess.run(["docker", *args], capture_output=True, text=True, check=True).stdout


def inside(reference: str, script: str) -> list[str]:
    """What a shell script prints in a container of the image, by lines."""
    return docker("run", "--rm", "--network", "none", "--entrypoint", "sh", reference, "-c", script).splitlines()


# ---------------------------------------------------------------- what is in them


@pytest.mark.parametrize("name", sorted(MEGABYTES))
def test_an_image_weighs_less_than_it_may(name, request):
    size = int(docker("image", "inspect", "--format", "{{.Size}}", request.getfixturevalue(name)))
    assert size < MEGABYTES[name] * 1_000_000


@pytest.mark.parametrize("name", sorted(MEGABYTES))
def test_an_image_has_nothing_to_build_or_install_with(name, request):
    tools = "for tool in gcc cc c++ make ld pip pip3 git curl wget; do command -v $tool; done; true"
    assert inside(request.getfixturevalue(name), tools) == []


@pytest.mark.parametrize("name", sorted(MEGABYTES))
def test_an_image_is_not_root_by_default(name, request):
    assert inside(request.getfixturevalue(name), "id -u") == ["10001"]


@pytest.mark.parametrize("name", sorted(MEGABYTES))
def test_an_image_has_exactly_the_pinned_versions(name, request):
    list_them = (
        "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()), sep='\\n')"
    )
    found = inside(request.getfixturevalue(name), f'/opt/venv/bin/python -c "{list_them}"')
    pinned = {line.lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {one.lower().replace("_", "-") for one in found} - pinned <= {"visaged==0.1.0"}


@pytest.mark.parametrize("name", ["morph", "faces"])
def test_the_image_of_a_pipeline_has_nothing_of_the_daemon(name, request):
    assert inside(request.getfixturevalue(name), "cd / && /opt/venv/bin/python -c 'import daemon' 2>&1 | tail -1") == [
        "ModuleNotFoundError: No module named 'daemon'"
    ]


def test_the_image_of_faces_has_neither_weights_nor_frameworks_for_training(faces):
    assert inside(faces, "find / -xdev -name '*.onnx' -size +50k 2>/dev/null; true") == []
    there = "print(*(p.name for p in pathlib.Path(sysconfig.get_path('purelib')).iterdir()))"
    (packages,) = inside(faces, f'/opt/venv/bin/python -c "import pathlib, sysconfig; {there}"')
    assert not {"tensorflow", "keras", "torch", "deepface", "insightface"} & set(packages.lower().split())


@pytest.mark.data
def test_the_image_of_faces_runs_weights_that_are_mounted(faces, models):
    strict = ["--network=none", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp", f"--user={USER[0]}:{USER[1]}"]
    program = "import onnxruntime; print(onnxruntime.InferenceSession('/models/w600k_mbf.onnx').get_outputs()[0].shape)"
    python = ["--entrypoint=/opt/venv/bin/python", faces, "-c", program]
    assert docker("run", "--rm", *strict, f"--volume={models}:/models:ro", *python).strip().endswith("512]")


def test_a_container_of_faces_compiles_nothing_that_its_image_has_compiled(faces):
    strict = ["--network=none", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp", f"--user={USER[0]}:{USER[1]}"]
    sort = "cd /tmp && /opt/venv/bin/python -P -m pipelines.faces.cluster"
    count = "for one in /opt/compiled /tmp/compiled; do find $one -name '*.nbc' | wc -l; done"
    shell = ["--entrypoint=/bin/sh", faces, "-c", f"{sort} && {count}"]
    carried, there = map(int, docker("run", "--rm", *strict, *shell).split())
    assert carried == there > 0


def test_everything_that_faces_imports_is_in_its_image(faces):
    packages = "cv2 av numba infomap pillow_heif pyarrow.parquet scipy.sparse.csgraph onnxruntime"
    tried = '/opt/venv/bin/python -c "import $one" 2>&1'
    assert inside(faces, f"cd /tmp && for one in {packages}; do {tried}; done") == []


def test_labels_say_what_an_image_is():
    reference = build("morph", VERSION="1.2.3", REVISION="abc")
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", reference))
    assert labels["visaged.pipeline"] == "morph"
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.revision"] == "abc"


def test_the_daemons_image_runs_every_command(daemon):
    assert docker("run", "--rm", daemon, "--version").startswith("visaged ")
    assert "[Unit]" in inside(daemon, "cd /tmp && visaged init . >/dev/null && visaged install-service --print")


# ---------------------------------------------------------------- a stage in a container


def job(folder: Path, meshes: dict[str, Path], **options: object) -> Path:
    """A job folder as the daemon makes it, of anybody's."""
    inputs = []
    for name, source in meshes.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        inputs.append(Input(path=f"in/{name}", role="mesh", size=path.stat().st_size, sha256=""))
    request = Request(job="j", pipeline="morph", name="n", inputs=tuple(inputs), options=options)
    (folder / "request.json").write_bytes(dump(request))
    return folder


def contained(reference: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The stage morph as the strictest runner runs it: no network, nothing to write but its folder, somebody's uid."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *USER)
    strict = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--init"]
    mounts = ["--tmpfs=/tmp", f"--volume={folder}:/job", f"--volume={folder / 'in'}:/job/in:ro"]
    user = f"--user={USER[0]}:{USER[1]}"
    return subprocess.run(
        ["docker", "run", "--rm", *strict, *mounts, user, "--env=VISAGED_CPUS=2", reference, "morph", "/job"],
        capture_output=True,
        text=True,
        check=False,
    )


def frames(folder: Path) -> dict[str, Path]:
    at = stage_folder(folder, "morph") / str(read_result(stage_folder(folder, "morph")).publish)
    return {path.name: path for path in sorted((at / "frames").iterdir())}


@pytest.fixture(scope="module")
def pair(data) -> dict[str, Path]:
    return {name: data / "meshes" / "ict" / name for name in ("identity000.obj", "identity001.obj")}


@pytest.fixture(scope="module")
def done(morph, pair, tmp_path_factory) -> Path:
    """The job folder of a real pair that was morphed in a container."""
    folder = job(tmp_path_factory.mktemp("contained"), pair, frames=5, resolution=256)
    told = contained(morph, folder)
    assert told.returncode == 0, told.stderr
    return folder


@pytest.mark.data
def test_a_real_pair_is_morphed_without_network_on_a_read_only_root(done):
    assert len(frames(done)) == 5


@pytest.mark.data
def test_what_a_container_writes_belongs_to_the_caller(done):
    assert {(path.stat().st_uid, path.stat().st_gid) for path in done.rglob("*")} == {USER}


@pytest.mark.data
def test_a_container_draws_the_frames_that_a_process_draws(done, pair, tmp_path):
    folder = job(tmp_path, pair, frames=5, resolution=256)
    command = [sys.executable, "-P", "-m", "pipelines.morph", "morph", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "VISAGED_CPUS": "2"}, check=True)
    here, there = (read_result(stage_folder(one, "morph")).versions for one in (folder, done))
    for (name, ours), theirs in zip(frames(folder).items(), frames(done).values(), strict=True):
        if here == there:
            assert digest(ours) == digest(theirs), name
        else:
            assert np.abs(pixels(ours) - pixels(theirs)).max() <= 1, name


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened).astype(int)


def test_a_bad_mesh_is_refused_in_a_container_too(morph, tmp_path):
    broken = tmp_path / "broken.obj"
    broken.write_text("this is not a mesh\n")
    folder = job(tmp_path / "job", {"a.obj": broken, "b.obj": broken})
    assert contained(morph, folder).returncode == EXIT_BAD_INPUT
    assert read_refusal(stage_folder(folder, "morph"))


@pytest.mark.data
def test_the_image_for_gpus_draws_without_one_too(pair, tmp_path):
    folder = job(tmp_path, pair, frames=2, resolution=64)
    told = contained(build("morph", DEVICE="cuda"), folder)
    assert told.returncode == 0, told.stderr
    assert len(frames(folder)) == 2
