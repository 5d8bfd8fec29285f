"""The ways in which pictures become embeddings, each measured in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.place import ROOT

PICTURES = Path(os.environ.get("VISAGED_DATA", ROOT.parent / "shared" / "data")) / "faces" / "lfw"
COUNT = 256
"""Pictures of a run, of each process."""
CLASSIC = 640
"""Pixels at which others search every picture."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Rate:
    """Pictures a second, and pictures for a second of CPU time."""

    wall: float
    cpu: float


class Clock:
    """Wall and CPU time of this process from here on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, pictures: int) -> Rate:
        """Of so many pictures since."""
        return Rate(
            wall=pictures / (time.perf_counter() - self._wall), cpu=pictures / (time.process_time() - self._cpu)
        )


def work(way: str, threads: int, folder: str) -> None:
    """Prints the pictures a second of one process that works in this way."""
    import cv2  # noqa: PLC0415  the bench itself holds no networks while it measures others

    cv2.setNumThreads(threads)
    paths = sorted(PICTURES.glob("*.jpg"))[:COUNT]
    name, _, size = way.partition("-")
    runs = {"embed": _embedded, "bare": _bare, "single": _singly}
    print(json.dumps(asdict(runs[name](paths, threads, int(size or 0), Path(folder)))))


def _models() -> Path:
    return Path(os.environ.get("VISAGED_MODELS") or ROOT / ".cache" / "models")


def _embedded(paths: list[Path], threads: int, size: int, folder: Path) -> Rate:
    """The steps of the stage: views, chunk by chunk, into parts."""
    from pipelines.faces.embed import looking  # noqa: PLC0415
    from pipelines.faces.embed.checkpoints import EVERY, part_of, write_part  # noqa: PLC0415
    from pipelines.faces.embed.stage import CHUNK  # noqa: PLC0415

    _enlarging(size)
    who = looking.eyes(_pack(), _models(), threads)
    views = list(_views(paths))
    looking.look(who, views[:CHUNK], _wishes())
    clock, seen = Clock(), []
    for at in range(0, len(views), CHUNK):
        seen += looking.look(who, views[at : at + CHUNK], _wishes())
        if len(seen) >= EVERY:
            write_part(folder / f"parts-{os.getpid()}", part_of(seen))
            seen = []
    return clock.rate(len(paths))


def _enlarging(size: int) -> None:
    """Afterwards embed searches every picture of LFW at that size; 0: as it would."""
    from pipelines.faces.embed import looking, sizes  # noqa: PLC0415

    if size:
        one = sizes.Scale(factor=size / 250, width=size, height=size)
        looking.scales = lambda *_: (one,)  # type: ignore[attr-defined]


def _bare(paths: list[Path], threads: int, size: int, _folder: Path) -> Rate:
    """The networks alone, as often and on the sizes that embed shows them, at the best batch of each."""
    import numpy as np  # noqa: PLC0415

    from pipelines.faces.embed import looking  # noqa: PLC0415
    from pipelines.faces.embed.sessions import opened  # noqa: PLC0415

    _enlarging(size)
    who = looking.eyes(_pack(), _models(), threads)
    faces = sum(len(one.faces) for one in looking.look(who, list(_views(paths)), _wishes()))
    rng = np.random.default_rng(0)
    side = size or 256
    shown = rng.standard_normal((32, 3, side, side), dtype=np.float32)
    known = rng.standard_normal((32, 3, 112, 112), dtype=np.float32)
    detector, recogniser = (opened(_models() / name, threads) for name in (_pack().detector, _pack().recogniser))
    searched, recognised = _best(detector, shown, (1, 4, 8)), _best(recogniser, known, (1, 8, 16, 32))
    clock = Clock()
    _run(detector, shown, searched, len(paths))
    _run(recogniser, known, recognised, faces)
    return clock.rate(len(paths))


def _best(session: Any, inputs: Any, batches: tuple[int, ...]) -> int:
    """The batch that is quickest, by CPU time, of two trials each."""

    def seconds(batch: int) -> float:
        began = time.process_time()
        _run(session, inputs, batch, len(inputs))
        return time.process_time() - began

    _run(session, inputs, batches[-1], batches[-1])
    return min(batches, key=lambda batch: min(seconds(batch), seconds(batch)))


def _run(session: Any, inputs: Any, batch: int, count: int) -> None:
    name = session.get_inputs()[0].name
    for done in range(0, count, batch):
        at = done % len(inputs)
        session.run(None, {name: inputs[at : at + min(batch, count - done)]})


def _singly(paths: list[Path], threads: int, _size: int, _folder: Path) -> Rate:
    """One picture at a time, as FaceAnalysis works."""
    seen = _insightface() or _same_steps(threads)
    for path in paths[:8]:
        seen(path)
    clock = Clock()
    for path in paths:
        seen(path)
    return clock.rate(len(paths))


def _insightface() -> Callable[[Path], object] | None:
    try:
        from insightface.app.common import Face  # noqa: PLC0415
        from insightface.model_zoo.arcface_onnx import ArcFaceONNX  # noqa: PLC0415
        from insightface.model_zoo.scrfd import SCRFD  # noqa: PLC0415
    except ImportError:
        return None
    import cv2  # noqa: PLC0415

    detector, recogniser = SCRFD(str(_models() / _pack().detector)), ArcFaceONNX(str(_models() / _pack().recogniser))
    detector.prepare(-1, input_size=(CLASSIC, CLASSIC))

    def seen(path: Path) -> None:
        picture = cv2.imread(str(path))
        boxes, points = detector.detect(picture, input_size=(CLASSIC, CLASSIC))
        for row in range(len(boxes)):
            recogniser.get(picture, Face(bbox=boxes[row, :4], kps=points[row], det_score=boxes[row, 4]))

    return seen


def _same_steps(threads: int) -> Callable[[Path], object]:
    """What FaceAnalysis does, by our own functions."""
    import cv2  # noqa: PLC0415

    from pipelines.faces.embed import looking  # noqa: PLC0415
    from pipelines.faces.embed.alignment import SIDE, transforms  # noqa: PLC0415
    from pipelines.faces.embed.detection import detected  # noqa: PLC0415
    from pipelines.faces.embed.sizes import Scale  # noqa: PLC0415

    who = looking.eyes(_pack(), _models(), threads)

    def seen(path: Path) -> None:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        look = Scale(factor=CLASSIC / max(picture.shape), width=CLASSIC, height=CLASSIC)
        for matrix in transforms(detected(who.detector, picture, [look]).points):
            who.recogniser(cv2.warpAffine(picture, matrix, (SIDE, SIDE))[None])

    return seen


def _pack() -> Any:
    from pipelines.faces.registry import PACKS  # noqa: PLC0415

    return PACKS["buffalo_sc"]


def _wishes() -> Any:
    from pipelines.faces.embed.views import Wishes  # noqa: PLC0415

    return Wishes()


def _views(paths: list[Path]) -> Iterator[Any]:
    from pipelines.faces.columns import Picture  # noqa: PLC0415
    from pipelines.faces.embed.views import View  # noqa: PLC0415

    for place, path in enumerate(paths):
        yield View(place=place, picture=Picture(sha256="", path=path.name), path=path)
