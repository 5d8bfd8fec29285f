"""Questions about pictures: why was no face found, and which detector finds most."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data as packaged

from pipelines.contract import BadInput, Request, Result, Work
from pipelines.contract.exchange import Input
from pipelines.faces.ask.bench import bench
from pipelines.faces.ask.diagnose import diagnose
from pipelines.faces.ask.tables import table
from pipelines.faces.embed.one import faces_of
from pipelines.faces.registry import PACKS

ASTRONAUT = packaged.astronaut()


def asked(folder: Path, files: dict[str, np.ndarray | bytes]) -> Work:
    """The question about a folder of pictures."""
    inputs = []
    for name, content in files.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else cv2.imencode(".png", content[..., ::-1])[1].tobytes()
        path.write_bytes(data)
        inputs.append(Input(path=f"in/{name}", role="folder", size=len(data), sha256=""))
    request = Request(job="j", pipeline="faces", name="n", inputs=tuple(inputs), options={}, command="faces diagnose")
    return Work(job=folder, folder=folder / "stages" / "ask", request=request, stage="ask")


@pytest.fixture
def told(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    small = np.full((400, 400, 3), 90, np.uint8)
    small[100:200, 100:200] = cv2.resize(ASTRONAUT, (100, 100), interpolation=cv2.INTER_AREA)
    large = np.full((2600, 2600, 3), 90, np.uint8)
    for size, at in ((130, 100), (140, 700), (150, 1300), (170, 1900)):
        large[at : at + size, at : at + size] = cv2.resize(ASTRONAUT, (size, size), interpolation=cv2.INTER_AREA)
    files = {
        "face.png": ASTRONAUT,
        "overhead.png": np.ascontiguousarray(ASTRONAUT[::-1, ::-1]),
        "small.png": small,
        "dark.png": np.full((300, 300, 3), 4, np.uint8),
        "text.jpg": b"hello " * 20,
        "folder/crowd.png": large,
        "film.mp4": b"",
    }
    return diagnose(asked(tmp_path, files))


@pytest.mark.data
def test_each_picture_is_told_what_was_found_and_why_not_more(told: Result) -> None:
    found = {one["path"]: one for one in told.data}

    assert set(found) == {"face.png", "overhead.png", "small.png", "dark.png", "text.jpg", "crowd.png"}
    assert (found["face.png"]["faces"], found["face.png"]["why"]) == (1, "")
    assert "turned by 180 degrees clockwise" in found["overhead.png"]["why"]
    assert "under min_size (24)" in found["small.png"]["why"]
    assert "very dark" in found["dark.png"]["why"]
    assert "text" in found["text.jpg"]["why"]


@pytest.mark.data
def test_what_is_said_to_be_found_is_what_a_drop_finds(told: Result, tmp_path: Path, models: Path) -> None:
    for one in told.data:
        path = next(p for p in (tmp_path / "in").rglob("*") if p.name == one["path"])
        if one["width"]:
            seen = faces_of(path, PACKS["buffalo_sc"], models)
            assert one["sizes"] == tuple(round(float(size)) for size in seen.faces["size"])


@pytest.mark.data
def test_the_answer_is_a_table_with_the_puzzling_pictures_first(told: Result) -> None:
    lines = told.answer.splitlines()

    assert lines[0].split() == ["picture", "pixels", "faces", "sizes", "why", "not", "more"]
    assert lines[5].startswith("face.png")
    assert lines[-1] == "6 pictures, 2 faces, 4 pictures without one."


@pytest.mark.data
def test_detectors_are_compared_on_the_users_own_pictures(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    result = bench(asked(tmp_path, {"a.png": ASTRONAUT, "b.png": np.zeros((90, 90, 3), np.uint8), "c.jpg": b""}))

    assert {score["detector"] for score in result.data} == {
        "scrfd_500m_bnkps.onnx",
        "face_detection_yunet_2023mar.onnx",
    }
    assert all((score["share"], score["faces"]) == (0.5, 1) for score in result.data)
    assert all(score["rate"] > 0 for score in result.data)
    assert "2 pictures on" in result.answer


def test_without_a_detector_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAGED_MODELS", os.fspath(tmp_path))

    with pytest.raises(BadInput, match="visaged models fetch"):
        bench(asked(tmp_path, {"a.png": ASTRONAUT}))


def test_a_table_lines_up() -> None:
    assert table(("a", "long head"), [("wide cell", "1"), ("x", "")]) == "a          long head\nwide cell  1\nx"
