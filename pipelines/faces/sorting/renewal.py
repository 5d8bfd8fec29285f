"""A collection changes to another pack of models: all its faces are embedded anew, from their chips."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float16, Float32, UInt8

from pipelines.contract import Work, cores
from pipelines.faces.columns import CHIP, Chips
from pipelines.faces.embed.alignment import middle
from pipelines.faces.embed.quality import USUAL, Pose, qualities
from pipelines.faces.embed.recognition import Recogniser
from pipelines.faces.embed.sessions import opened
from pipelines.faces.gallery.drafting import Draft
from pipelines.faces.gallery.reading import Gallery
from pipelines.faces.packs import Pack

_TOGETHER = 256
"""Faces that are embedded between two lines of progress."""


def renewed(work: Work, draft: Draft, gallery: Gallery, pack: Pack) -> Gallery:
    """The gallery with the embeddings of another pack; of the segments only embeddings and faces are written anew.

    Raises RuntimeError where the pack's recogniser is not what it says.
    """
    recogniser = Recogniser(session=opened(work.weights(pack.recogniser), cores()), pack=pack)
    faces = gallery.faces.copy()
    before = 0
    for part, chips in zip(gallery.about.segments, gallery.chips, strict=True):
        embeddings = np.zeros((part.faces, pack.dimension), dtype=np.float16)
        rows = np.load(gallery.files.at(f"segments/{part.name}/faces.npy"))  # with pictures as the segment counts them
        for start in range(0, part.faces, _TOGETHER):
            some = slice(start, min(start + _TOGETHER, part.faces))
            said = recogniser(middle(_pixels(chips, range(some.start, some.stop))))
            embeddings[some], rows["norm"][some] = said.embeddings, said.norms
            work.progress(before + some.stop, len(gallery), "faces", f"looked at again by {pack.name}")
        rows["quality"] = _qualities(rows, pack)
        for column in ("norm", "quality"):
            faces[column][before : before + part.faces] = rows[column]
        _write(draft, part.name, rows, embeddings)
        before += part.faces
    about = replace(gallery.about, pack=pack.name, recogniser=pack.recogniser_sha256, dimension=pack.dimension)
    return replace(gallery, about=about, faces=faces, files=draft.files)


def _write(draft: Draft, segment: str, faces: np.ndarray, embeddings: Float16[np.ndarray, "n d"]) -> None:
    folder = draft.segment(segment)
    folder.mkdir(exist_ok=True)
    np.save(folder / "faces.npy", faces)
    np.save(folder / "embeddings.npy", embeddings)


def _qualities(faces: np.ndarray, pack: Pack) -> Float32[np.ndarray, " n"]:
    parts = {name: faces[name] for name in ("size", "sharpness", "score", "norm")}
    pose = Pose(yaw=faces["yaw"], pitch=faces["pitch"], roll=faces["roll"])
    return qualities(parts, pose, USUAL.get(Path(pack.recogniser).name))


def _pixels(chips: Chips, rows: Iterable[int]) -> UInt8[np.ndarray, "n c c 3"]:
    """Chips as pixels in red, green, blue; a damaged one is black."""
    found = []
    for row in rows:
        pixels = cv2.imdecode(np.frombuffer(chips[row], dtype=np.uint8), cv2.IMREAD_COLOR)
        if pixels is None or pixels.shape != (CHIP, CHIP, 3):
            pixels = np.zeros((CHIP, CHIP, 3), dtype=np.uint8)
        found.append(pixels[..., ::-1].astype(np.uint8))
    return np.stack(found)
