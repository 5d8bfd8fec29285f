"""Pictures are looked at: decoded, searched, their faces aligned, recognised and judged, some pictures at a time."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log2
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.columns import CHIP, FACE, Picture
from pipelines.faces.embed.alignment import chip, enlargements, jpeg, middle, transforms
from pipelines.faces.embed.crops import crop
from pipelines.faces.embed.detection import NOBODY, Detector, Found, detected
from pipelines.faces.embed.pictures import Opened, Reducible, Unreadable, read
from pipelines.faces.embed.quality import USUAL, poses, qualities, sharpness
from pipelines.faces.embed.recognition import Recogniser
from pipelines.faces.embed.scrfd import Scrfd
from pipelines.faces.embed.sessions import opened
from pipelines.faces.embed.sizes import finest, scales
from pipelines.faces.embed.views import Seen, View, Wishes
from pipelines.faces.embed.yunet import Yunet
from pipelines.faces.packs import Pack

REDUCTIONS = (8, 4, 2, 1)
"""How many times smaller a JPEG can be decoded."""
_ENOUGH, _ENOUGH_FOR_CROPS = 1.0, 1 / 3
"""Pixels of the aligned face to one of the picture above which a larger picture has more to tell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eyes:
    """What looks: the networks of a pack."""

    pack: Pack
    detector: Scrfd | Yunet
    recogniser: Recogniser


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """What is known of a view before its faces are recognised. found: pixels of the whole. aligned: a chip a face."""

    view: View
    picture: Picture
    found: Found = NOBODY
    aligned: UInt8[np.ndarray, "n c c 3"]
    crops: tuple[bytes, ...] = ()
    note: str | None = None


def eyes(pack: Pack, models: Path, threads: int = 1) -> Eyes:
    """The networks of a pack, from the folder of models. threads: of each network, on a processor."""
    detector = detector_of(pack, models, threads)
    return Eyes(
        pack=pack,
        detector=detector,
        recogniser=Recogniser(session=opened(models / pack.recogniser, threads), pack=pack),
    )


def detector_of(pack: Pack, models: Path, threads: int = 1) -> Scrfd | Yunet:
    """The detector of a pack, from the folder of models."""
    session = opened(models / pack.detector, threads)
    return Yunet(session=session) if pack.kind == "yunet" else Scrfd(session=session)


def look(who: Eyes, views: Sequence[View], wishes: Wishes) -> list[Seen]:
    """What is seen in each view; the faces of all are recognised together."""
    drawn = [_drawn(who.detector, view, wishes) for view in views]
    said = who.recogniser(middle(np.concatenate([_no_chips(), *(one.aligned for one in drawn)])))
    seen, begin = [], 0
    for one in drawn:
        rows = slice(begin, begin + len(one.found))
        begin = rows.stop
        seen.append(
            Seen(
                place=one.view.place,
                time=one.view.time,
                picture=one.picture,
                faces=_judged(one, said.norms[rows], USUAL.get(Path(who.pack.recogniser).name)),
                embeddings=said.embeddings[rows],
                chips=tuple(jpeg(face) for face in one.aligned),
                crops=one.crops,
                note=one.note,
            )
        )
    return seen


def found_in(detector: Detector, picture: Opened, least: float) -> Found:
    """The faces of an opened picture, in its own pixels (not those of the whole). least: pixels of the whole."""
    height, width = picture.pixels.shape[:2]
    found = detected(detector, picture.pixels, scales(width, height, least / picture.reduction, detector.fixed))
    return found.chosen(np.flatnonzero(found.sizes * picture.reduction >= least))


def reducible(least: float) -> Reducible:
    """How many times smaller a picture may be decoded so that faces of that many pixels are still seen."""

    def of(width: int, height: int) -> int:
        enough = finest(width, height, least)
        return next(times for times in REDUCTIONS if times == 1 or 1 / times >= enough)

    return of


def _drawn(detector: Detector, view: View, wishes: Wishes) -> _Drawn:
    try:
        picture = _opened(view, wishes)
        found, picture = _larger(view, found_in(detector, picture, wishes.min_size), picture, wishes)
    except Unreadable as why:
        return _Drawn(view=view, picture=replace(view.picture, problem=str(why)), aligned=_no_chips())
    chips = np.zeros((len(found), CHIP, CHIP, 3), dtype=np.uint8)
    for row, matrix in enumerate(transforms(found.points)):
        chips[row] = chip(picture.pixels, matrix)
    return _Drawn(
        view=view,
        picture=replace(view.picture, width=picture.width, height=picture.height),
        found=found.moved(picture.reduction),
        aligned=chips,
        crops=tuple(crop(picture.pixels, box) for box in found.boxes) if wishes.crops else (),
        note=None if picture.there == 1 else f"It is cut off; the {picture.there:.0%} that is there was looked at.",
    )


def _opened(view: View, wishes: Wishes) -> Opened:
    if view.problem is not None:
        raise Unreadable(view.problem)
    if view.pixels is None:
        return read(view.path, wishes.max_pixels, reducible(wishes.min_size))
    height, width = view.pixels.shape[:2]
    return Opened(pixels=view.pixels, width=width, height=height)


def _larger(view: View, found: Found, picture: Opened, wishes: Wishes) -> tuple[Found, Opened]:
    """The picture decoded again, as large as its smallest face needs, where it was made too small for that face."""
    if view.pixels is not None or round(picture.reduction) == 1:
        return found, picture
    enough = _ENOUGH_FOR_CROPS if wishes.crops else _ENOUGH
    wanting = float(enlargements(transforms(found.points)).max(initial=0.0)) / enough
    if wanting <= 1:
        return found, picture
    times = max(1, round(picture.reduction) // 2 ** ceil(log2(wanting)))
    larger = read(view.path, wishes.max_pixels, lambda _width, _height: times)
    return found.moved(larger.pixels.shape[1] / picture.pixels.shape[1]), larger


def _judged(one: _Drawn, norms: Float32[np.ndarray, " n"], usual: float | None) -> np.ndarray:
    """The faces of a view as FACE."""
    found, faces = one.found, np.zeros(len(one.found), dtype=FACE)
    pose = poses(found.points)
    parts = {
        "size": found.sizes,
        "score": found.scores,
        "sharpness": np.array([sharpness(face) for face in middle(one.aligned)], dtype=np.float32),
        "norm": norms,
    }
    columns = {
        **parts,
        "id": -1,
        "box": found.boxes,
        "points": found.points,
        "yaw": pose.yaw,
        "pitch": pose.pitch,
        "roll": pose.roll,
        "quality": qualities(parts, pose, usual),
        "time": one.view.time,
    }
    for name, column in columns.items():
        faces[name] = column
    return faces


def _no_chips() -> UInt8[np.ndarray, "0 c c 3"]:
    return np.zeros((0, CHIP, CHIP, 3), dtype=np.uint8)
