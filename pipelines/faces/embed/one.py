"""The faces of a single file, for questions about it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2

from pipelines.contract import BadInput
from pipelines.faces.columns import Harvest, Picture, packed
from pipelines.faces.embed.looking import eyes, look
from pipelines.faces.embed.views import View, Wishes
from pipelines.faces.packs import Pack


def faces_of(path: Path, pack: Pack, models: Path) -> Harvest:
    """The picture in path and its faces, the surest first. models: the folder of the packs' files.

    Raises BadInput where it cannot be looked at.
    """
    cv2.setNumThreads(1)
    picture = Picture(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), path=path.name)
    (seen,) = look(eyes(pack, models), [View(place=0, picture=picture, path=path)], Wishes())
    if seen.picture.problem is not None:
        raise BadInput(f"{path.name} cannot be looked at. {seen.picture.problem}")
    return Harvest(pictures=(seen.picture,), faces=seen.faces, embeddings=seen.embeddings, chips=packed(seen.chips))
