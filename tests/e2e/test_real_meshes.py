"""Real head meshes, copied into the inbox of a running daemon as people copy."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from daemon.model import Status

pytestmark = pytest.mark.data

FRAMES = 5


@pytest.fixture
def running(place):
    place.configure(rest=f"[pipelines.morph]\nframes = {FRAMES}\nresolution = 256\n")
    place.start()
    return place


def slowly(source: Path, target: Path, pause: float = 0.25) -> None:
    """A copy in chunks, with pauses longer than a scan takes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = source.stat().st_size
    with source.open("rb") as read, target.open("wb") as write:
        while chunk := read.read(size // 6 + 1):
            write.write(chunk)
            write.flush()
            time.sleep(pause)


def baked(base: Path, offsets: Path, target: Path) -> None:
    """MakeHuman's base mesh with a target's offsets added to its vertices."""
    moved = {}
    for line in offsets.read_text().splitlines():
        if line and not line.startswith("#"):
            number, *offset = line.split()
            moved[int(number)] = [float(o) for o in offset]
    lines, vertex = [], 0
    for line in base.read_text().splitlines():
        if line.startswith("v "):
            x = [float(c) for c in line.split()[1:4]]
            line = "v " + " ".join(f"{a + b:.6f}" for a, b in zip(x, moved.get(vertex, (0, 0, 0)), strict=True))  # noqa: PLW2901
            vertex += 1
        lines.append(line)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n")


def receipt(place, name: str) -> dict:
    return json.loads((place.root / "results/morph" / name / "receipt.json").read_text())


def finished(place, name: str) -> None:
    place.wait_for((place.root / "results/morph" / name / "receipt.json").is_file, 90)
    folder = place.root / "results/morph" / name
    assert (folder / "animation.mp4").stat().st_size > 1000
    assert len(list((folder / "frames").glob("*.png"))) == FRAMES


def test_a_slow_copy_of_a_folder_is_taken_when_it_is_whole(running, data):
    for name in ("identity000.obj", "identity001.obj"):
        slowly(data / "meshes/ict" / name, running.inbox / "morph/ict" / name)
    finished(running, "ict")
    assert receipt(running, "ict")["figures"]["pairs"]["identity000__identity001"]["vertices"] == 26719
    running.wait_for(lambda: [job.status for job in running.jobs()] == [Status.DONE])


def test_four_meshes_renamed_into_place_give_six_pairs(running, data):
    hidden = running.root / "prepared"
    shutil.copytree(data / "meshes/ict", hidden)
    hidden.rename(running.inbox / "morph/four")
    running.wait_for((running.root / "results/morph/four/receipt.json").is_file, 120)
    pairs = sorted(p.name for p in (running.root / "results/morph/four").iterdir() if p.is_dir())
    assert len(pairs) == 6
    assert "vertex_indices.json" in " ".join(receipt(running, "four")["carried_along"])


def test_a_loose_pair_of_flame_heads_is_textured_as_far_as_its_textures_are_clear(running, data):
    for name in ("texture_mesh.obj", "texture_mesh.mtl", "texture_mesh.png"):
        shutil.copy(data / "meshes/flame_voca" / name, running.inbox / "morph" / name)
    shutil.copy(data / "meshes/flame_deca/head_template.obj", running.inbox / "morph/head_template.obj")
    finished(running, "head_template__texture_mesh")
    made = receipt(running, "head_template__texture_mesh")
    assert made["figures"]["pairs"]["head_template__texture_mesh"]["vertices"] == 5023


def test_makehuman_and_a_baked_target_are_a_pair(running, data):
    folder = running.root / "mh"
    baked(data / "meshes/makehuman/base.obj", data / "meshes/makehuman/african-female-old.target", folder / "old.obj")
    shutil.copy(data / "meshes/makehuman/base.obj", folder / "base.obj")
    folder.rename(running.inbox / "morph/makehuman")
    finished(running, "makehuman")
    assert receipt(running, "makehuman")["figures"]["pairs"]["base__old"]["displacement"]["largest"] > 0.01


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("fbx", ("fbx_blender/ict_identity000.fbx", "fbx_blender/ict_neutral.fbx")),
        ("mixed", ("canonical/canonical_face_model.fbx", "canonical/canonical_face_model.obj")),
    ],
)
def test_fbx_files_are_read(running, data, name, files):
    for file in files:
        target = running.inbox / "morph" / name / file.replace("/", "-")
        target.parent.mkdir(exist_ok=True)
        shutil.copy(data / "meshes" / file, target)
    finished(running, name)


def test_a_scan_with_its_own_texture_is_textured(running, data):
    scan = data / "meshes/leeperrysmith"
    folder = running.root / "lps"
    folder.mkdir()
    text = (scan / "LeePerrySmith.obj").read_text()
    (folder / "lps.obj").write_text(text)
    stretched = [
        " ".join(["v", *(str(float(c) * s) for c, s in zip(line.split()[1:4], (1.1, 0.95, 1.0), strict=True))])
        if line.startswith("v ")
        else line
        for line in text.splitlines()
    ]
    (folder / "wide.obj").write_text("\n".join(stretched))
    shutil.copy(scan / "Map-COL.jpg", folder / "Map-COL.jpg")
    folder.rename(running.inbox / "morph/lps")
    finished(running, "lps")
    assert receipt(running, "lps")["figures"]["pairs"]["lps__wide"]["textured"] is True


def test_every_malformed_file_beside_a_good_mesh_ends_in_words_and_the_drop_stays_whole(place, data):
    place.configure(rest="[pipelines.morph]\nframes = 2\n")
    good = (data / "meshes/canonical/canonical_face_model.obj").read_bytes()
    bad = [p for folder in sorted((data / "meshes").glob("malformed_*")) for p in sorted(folder.iterdir())]
    for path in bad:
        place.drop(f"morph/{path.parent.name}-{path.name}/good.obj", good)
        place.drop(f"morph/{path.parent.name}-{path.name}/{path.name}", path.read_bytes())
    ran = place.visaged("run", "--once", timeout=300)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    for path in bad:
        failed = place.root / "failed/morph" / f"{path.parent.name}-{path.name}"
        said = (failed / "WHY.txt").read_text("utf-8")
        assert path.name in said
        assert "Traceback" not in said
        assert (failed / path.name).read_bytes() == path.read_bytes()
        assert (failed / "good.obj").read_bytes() == good
