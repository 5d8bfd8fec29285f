"""The stage embed on job folders as the daemon makes them, with the real networks."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data as packaged

from pipelines.contract import Result, dump, read_result, serve, stage_folder
from pipelines.contract.exchange import Input, Request
from pipelines.faces.claim import KINDS
from pipelines.faces.columns import CHIP, Harvest, read_harvest
from pipelines.faces.embed.alignment import chip, middle, transforms
from pipelines.faces.embed.detection import detected
from pipelines.faces.embed.looking import eyes
from pipelines.faces.embed.one import faces_of
from pipelines.faces.embed.pictures import read
from pipelines.faces.embed.sizes import Scale
from pipelines.faces.embed.stage import embed
from pipelines.faces.registry import PACKS
from pipelines.faces.survey import survey

pytestmark = pytest.mark.data
ROOT = Path(__file__).resolve().parents[2]
STAGES = {"survey": survey, "embed": embed}
SCRIPT = """
import sys
from pipelines.contract import serve
from pipelines.faces.embed import stage
stage.EVERY, stage.CHUNK = 8, 4
sys.exit(serve({"embed": stage.embed}))
"""
KILLER = """
import os, signal
import PIL.Image
whole = PIL.Image.open
def opened(file, *args, **kwargs):
    head = file.read(6)
    file.seek(0)
    if head == b"KILLER":
        os.kill(os.getpid(), signal.SIGSEGV)
    return whole(file, *args, **kwargs)
PIL.Image.open = opened
"""
"""Stands in for a fault in a decoder: whoever opens a file that begins with KILLER dies of it."""


@pytest.fixture
def weights(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    monkeypatch.setenv("VISAGED_CPUS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return models


def job(folder: Path, files: dict[str, bytes], **options: object) -> Path:
    """A job folder whose pictures were surveyed."""
    inputs = []
    for name, content in files.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        role = KINDS.get(path.suffix.lower(), "")
        sha256 = hashlib.sha256(content).hexdigest()
        inputs.append(Input(path=f"in/{name}", role=role, size=len(content), sha256=sha256))
    request = Request(job="j", pipeline="faces", name="party", inputs=tuple(inputs), options=options, key="default")
    (folder / "request.json").write_bytes(dump(request))
    assert serve(STAGES, ["survey", str(folder)]) == 0
    return folder


def run(folder: Path) -> tuple[Result, Harvest]:
    assert serve(STAGES, ["embed", str(folder), "--shard", "0001"]) == 0
    result = read_result(stage_folder(folder, "embed", "0001"))
    assert result is not None
    return result, read_harvest(stage_folder(folder, "embed", "0001"))


def process(folder: Path, path: Path | None = None) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*([path] if path else []), ROOT]))}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, "embed", str(folder), "--shard", "0001"], env=environment)


def johns(data: Path, most: int = 55) -> dict[str, bytes]:
    paths = sorted((data / "faces" / "dlib" / "johns").glob("*/*.jpg"))[:most]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}


def encoded(picture: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, picture[..., ::-1])[1].tobytes()


def test_a_drop_becomes_faces_with_everything_that_is_known_of_them(tmp_path: Path, data: Path, weights: Path) -> None:
    result, harvest = run(job(tmp_path, johns(data, 22)))

    assert result.figures["pictures"] == 22
    assert result.figures["faces"] == len(harvest.faces) == len(harvest.embeddings) == len(harvest.chips)
    assert result.figures["unreadable"] == 0
    assert result.weights == {
        name: hashlib.sha256((weights / name).read_bytes()).hexdigest() for name in result.weights
    }
    assert harvest.pictures[0].path.startswith("John_Salley/")
    assert {picture.item for picture in harvest.pictures} == {"party"}
    assert np.allclose(np.linalg.norm(harvest.embeddings.astype(float), axis=1), 1, atol=1e-3)
    assert ((harvest.faces["quality"] > 0.2) & (harvest.faces["quality"] <= 1)).all()
    assert np.isnan(harvest.faces["time"]).all()
    assert (harvest.faces["id"] == -1).all()
    face = cv2.imdecode(np.frombuffer(harvest.chips[0], np.uint8), cv2.IMREAD_COLOR)
    assert face.shape == (CHIP, CHIP, 3)
    lines = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_bytes().splitlines()]
    assert (lines[-1]["done"], lines[-1]["total"], lines[-1]["unit"]) == (22, 22, "pictures")


def test_group_photos_have_all_their_faces(tmp_path: Path, data: Path, weights: Path) -> None:
    truth: dict[str, list[tuple[float, float]]] = {}
    for name in ("testing", "training"):
        for image in ET.parse(data / "bench" / "dlib_faces" / f"{name}.xml").getroot().iter("image"):
            boxes = [
                {key: int(box.get(key)) for key in ("left", "top", "width", "height")} for box in image.iter("box")
            ]
            centres = [(b["left"] + b["width"] / 2, b["top"] + b["height"] / 2) for b in boxes]
            truth[image.get("file")] = centres
    folder = data / "faces" / "dlib" / "faces"

    _, harvest = run(job(tmp_path, {name: (folder / name).read_bytes() for name in truth}))

    extra = 0
    for row, picture in enumerate(harvest.pictures):
        boxes = harvest.faces["box"][harvest.faces["picture"] == row].tolist()
        for x, y in truth[picture.path]:
            hit = next((box for box in boxes if box[0] < x < box[2] and box[1] < y < box[3]), None)
            assert hit is not None, f"{picture.path}: no face at {x}, {y}"
            boxes.remove(hit)
        extra += len(boxes)
    assert sum(map(len, truth.values())) == 43
    assert extra <= 1


@pytest.mark.parametrize("pack", ["buffalo_sc", "opencv"])
def test_a_face_is_found_from_tiny_to_filling_the_picture(tmp_path: Path, weights: Path, pack: str) -> None:
    astronaut = packaged.astronaut()
    crowd = np.full((2400, 3200, 3), 90, np.uint8)
    crowd[300:428, 2500:2628] = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    close = cv2.resize(astronaut[50:210, 150:290], (1750, 2000))
    files = {"as-it-is.png": astronaut, "close.png": close, "crowd.png": crowd}

    _, harvest = run(job(tmp_path, {name: encoded(picture) for name, picture in files.items()}, pack=pack, min_size=20))

    named = {picture.path: row for row, picture in enumerate(harvest.pictures)}
    rows = [np.flatnonzero(harvest.faces["picture"] == named[name]) for name in files]
    assert [len(row) for row in rows] == [1, 1, 1]
    usual, near, far = (harvest.embeddings[row[0]].astype(float) for row in rows)
    assert usual @ near > 0.6
    assert usual @ far > (0.4 if pack == "buffalo_sc" else 0.3)
    box = harvest.faces["box"][rows[2][0]]
    assert 2500 < box[0] < box[2] < 2628


def test_a_huge_jpeg_gives_the_face_that_the_whole_of_it_would_give(tmp_path: Path, weights: Path) -> None:
    large = cv2.resize(packaged.astronaut(), (4096, 4096), interpolation=cv2.INTER_CUBIC)
    small = np.full((3000, 4000, 3), 90, np.uint8)
    small[1000:1300, 2000:2300] = cv2.resize(packaged.astronaut(), (300, 300), interpolation=cv2.INTER_AREA)
    pictures = {"large": large, "small": small}
    files = {f"{name}{suffix}": encoded(one, suffix) for name, one in pictures.items() for suffix in (".jpg", ".png")}

    _, harvest = run(job(tmp_path, files))

    faces, by = harvest.faces, {picture.path: row for row, picture in enumerate(harvest.pictures)}
    for name in pictures:
        reduced, whole = (np.flatnonzero(faces["picture"] == by[f"{name}{suffix}"])[0] for suffix in (".jpg", ".png"))
        assert np.abs(faces["box"][reduced] - faces["box"][whole]).max() < 0.1 * faces["size"][whole]
        assert harvest.embeddings[reduced].astype(float) @ harvest.embeddings[whole] > 0.97


def test_bad_pictures_are_faults_in_plain_words_and_the_rest_is_done(tmp_path: Path, weights: Path) -> None:
    good = encoded(packaged.astronaut(), ".jpg")
    files = {"good.jpg": good, "empty.jpg": b"", "text.jpg": b"hello " * 50, "half.jpg": good[: len(good) * 3 // 4]}
    folder = job(tmp_path, {**files, "small.png": encoded(packaged.astronaut()), "\udcff.jpg": b"\0" * 99})

    result, harvest = run(folder)

    problems = {picture.path: picture.problem for picture in harvest.pictures}
    assert {path for path, problem in problems.items() if problem is None} == {"good.jpg", "small.png", "half.jpg"}
    assert {fault.what for fault in result.faults} == {"empty.jpg", "text.jpg", "\udcff.jpg"}
    assert all(fault.why.endswith(".") for fault in result.faults)
    assert result.figures["unreadable"] == 3
    assert any(warning.startswith("half.jpg: It is cut off") for warning in result.warnings)


def test_a_kill_costs_at_most_what_was_in_hand(tmp_path: Path, data: Path, weights: Path) -> None:
    files = johns(data, 40)
    _, undisturbed = run(job(tmp_path / "whole", files))
    folder = job(tmp_path / "killed", files)
    parts = stage_folder(folder, "embed", "0001") / "parts"
    with process(folder) as killed:
        while killed.poll() is None and len(list(parts.glob("[0-9]*.npz"))) < 2:
            time.sleep(0.005)
        killed.kill()
    assert killed.returncode == -signal.SIGKILL
    kept = sum(len(np.load(path)["embeddings"]) for path in parts.glob("[0-9]*.npz"))

    result, harvest = run(folder)

    assert kept >= 16
    assert result.figures["looked_at"] <= 40 - 16
    assert harvest.pictures == undisturbed.pictures
    assert np.abs(harvest.embeddings.astype(float) - undisturbed.embeddings).max() < 1e-4
    assert (harvest.faces["picture"] == undisturbed.faces["picture"]).all()
    assert all(a == b for a, b in zip(harvest.chips, undisturbed.chips, strict=True))
    assert not parts.exists()
    again, _ = run(folder)
    assert again == result


def test_pictures_that_kill_their_reader_cost_one_attempt_and_themselves(
    tmp_path: Path, data: Path, weights: Path
) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(KILLER)
    files = {
        **johns(data, 9),
        "bad.jpg": b"KILLER one",
        "worse.jpg": b"KILLER two",
        "z.jpg": encoded(packaged.astronaut()),
    }
    folder = job(tmp_path / "job", files)

    with process(folder, hook) as first:
        assert first.wait() == -signal.SIGSEGV
    with process(folder, hook) as second:
        assert second.wait() == 0

    harvest = read_harvest(stage_folder(folder, "embed", "0001"))
    bad = {picture.path: picture.problem for picture in harvest.pictures if picture.problem}
    assert set(bad) == {"bad.jpg", "worse.jpg"}
    assert all("left out" in problem for problem in bad.values())
    assert len(harvest.pictures) == len(files)


def test_a_video_gives_its_faces_with_time_codes_and_one_for_each_look(tmp_path: Path, weights: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for number in range(40):
            picture = packaged.astronaut() if 10 <= number < 30 else np.full((512, 512, 3), 80, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(picture, number % 3, 1), format="rgb24")))
        container.mux(stream.encode(None))

    result, harvest = run(job(tmp_path / "job", {"film.mp4": path.read_bytes()}, video_interval=0.5))

    assert [picture.kind for picture in harvest.pictures] == ["video"]
    assert (harvest.pictures[0].width, harvest.pictures[0].height) == (512, 512)
    assert len(harvest.faces) == 1
    assert 2 <= harvest.faces["time"][0] < 6
    assert result.figures["alike_in_videos"] >= 5


def test_crops_are_made_where_they_are_asked_for(tmp_path: Path, data: Path, weights: Path) -> None:
    folder = job(tmp_path, johns(data, 3), place="crop")

    _, harvest = run(folder)

    crops = stage_folder(folder, "embed", "0001") / "crops"
    assert sorted(path.name for path in crops.iterdir()) == [f"{row}.jpg" for row in range(len(harvest.faces))]
    with Image.open(crops / "0.jpg") as crop:
        assert min(crop.size) > harvest.faces["size"][0]


def test_the_faces_of_one_file_are_those_of_a_drop_of_it(tmp_path: Path, data: Path, weights: Path) -> None:
    ((name, content),) = johns(data, 1).items()
    folder = job(tmp_path, {name: content})

    _, harvest = run(folder)
    one = faces_of(folder / "in" / name, PACKS["buffalo_sc"], weights)

    assert one.pictures[0].sha256 == harvest.pictures[0].sha256
    assert np.allclose(one.embeddings, harvest.embeddings.astype(float), atol=1e-3)


@pytest.mark.filterwarnings("default")
def test_embeddings_are_those_of_insightface_for_the_same_detection_size(data: Path, weights: Path) -> None:
    scrfd = pytest.importorskip("insightface.model_zoo.scrfd")
    arcface = pytest.importorskip("insightface.model_zoo.arcface_onnx")
    norm_crop = pytest.importorskip("insightface.utils.face_align").norm_crop
    pack = PACKS["buffalo_sc"]
    theirs = scrfd.SCRFD(str(weights / pack.detector))
    theirs.prepare(-1, input_size=(640, 640))
    knower, who = arcface.ArcFaceONNX(str(weights / pack.recogniser)), eyes(pack, weights)

    for path in sorted((data / "faces" / "lfw").glob("*.jpg"))[:20]:
        picture = read(path, 10**8).pixels
        mine = detected(who.detector, picture, [Scale(factor=640 / max(picture.shape), width=640, height=640)])
        _, points = theirs.detect(picture[..., ::-1].copy(), input_size=(640, 640))
        assert len(points) == len(mine)
        chips = np.stack([chip(picture, matrix) for matrix in transforms(mine.points)])
        embeddings = who.recogniser(middle(chips)).embeddings
        for row, five in enumerate(points):
            other = knower.get_feat(norm_crop(picture[..., ::-1], five)).ravel()
            assert embeddings[row] @ other / np.linalg.norm(other) >= 0.9999
