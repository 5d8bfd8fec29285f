"""What a pack of models is, and how one of the user's own is read from its folder. Standard library alone.

A folder is a pack when it has a ``pack.toml``, with what a pack has in ``models.toml``::

    about = "What it is good for"
    licence = "Who may use it for what"
    like = "buffalo_sc"                   # its impostors serve, where none are measured
    impostors = [[0.30, 5.1e-5], [0.34, 6.9e-6]]
    detector = { file = "detector.onnx", kind = "scrfd" }
    recogniser = { file = "recogniser.onnx", dimension = 512, order = "rgb", mean = 127.5, scale = 127.5 }

or when it is one of InsightFace's: a detector called ``det_…`` or ``scrfd_…`` and a recogniser called ``w600k_…`` or
``glintr…``, one of each.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

KINDS = ("scrfd", "yunet")
"""The kinds of detectors that can be run."""
ORDERS = ("rgb", "bgr")
INSIGHTFACE = "As InsightFace's: the weights are for non-commercial research only"

Impostors = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Models that work together; embeddings of different packs never mix.

    detector, recogniser: files. kind: of the detector. order: of the colour channels the recogniser wants; its input is
    (pixel - mean) / scale. impostors: (similarity, share of pairs of different people that reach it), falling.
    recogniser_sha256: what makes embeddings comparable.
    """

    name: str
    about: str
    licence: str
    detector: str
    kind: str
    recogniser: str
    recogniser_sha256: str
    dimension: int
    order: str
    mean: float
    scale: float
    impostors: Impostors = ()


def described(name: str, raw: Mapping[str, Any], *, recogniser_sha256: str) -> Pack:
    """The pack that a table of TOML describes. Raises ValueError with what is wrong in it, without saying where."""
    detector, recogniser = _of(raw, "detector", dict), _of(raw, "recogniser", dict)
    return Pack(
        name=name,
        about=_of(raw, "about", str),
        licence=_of(raw, "licence", str),
        detector=_file(detector, "detector"),
        kind=_chosen(detector, "kind", KINDS),
        recogniser=_file(recogniser, "recogniser"),
        recogniser_sha256=recogniser_sha256,
        dimension=_dimension(recogniser),
        order=_chosen(recogniser, "order", ORDERS),
        mean=float(_of(recogniser, "mean", (int, float))),
        scale=_scale(recogniser),
        impostors=_impostors(raw.get("impostors", [])),
    )


def read_own(folder: Path, prefix: str, known: Mapping[str, Pack]) -> Pack:
    """The pack in a folder, called as the folder; its files begin with prefix. known: whose impostors may serve.

    Raises ValueError with a sentence where the folder is no pack, or one that cannot be used.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    raw: Mapping[str, Any]
    try:
        if (folder / "pack.toml").is_file():
            raw = tomllib.loads((folder / "pack.toml").read_text("utf-8"))
        else:
            raw = _insightface(folder)
        pack = described(folder.resolve().name, raw, recogniser_sha256="")
        impostors = pack.impostors or _like(raw, known)
        return replace(
            pack,
            impostors=impostors,
            detector=_there(folder, pack.detector, prefix),
            recogniser=_there(folder, pack.recogniser, prefix),
            recogniser_sha256=digest(folder / pack.recogniser),
        )
    except (ValueError, OSError) as error:
        raise ValueError(f"The folder {folder} is no pack of models: {error}.") from error


def digest(path: Path) -> str:
    """The sha256 of a file; one that has not changed since is not read again."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=64)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _insightface(folder: Path) -> Mapping[str, Any]:
    """The description of a folder as InsightFace makes them."""
    detectors = sorted({*folder.glob("det_*.onnx"), *folder.glob("scrfd_*.onnx")})
    recognisers = sorted({*folder.glob("w600k_*.onnx"), *folder.glob("glintr*.onnx")})
    if len(detectors) != 1 or len(recognisers) != 1:
        raise ValueError("it has no pack.toml, and not one detector and one recogniser as InsightFace calls them")
    return {
        "about": f"{detectors[0].stem} and {recognisers[0].stem}, brought from a folder of InsightFace",
        "licence": INSIGHTFACE,
        "like": "buffalo_sc",
        "detector": {"file": detectors[0].name, "kind": "scrfd"},
        "recogniser": {
            "file": recognisers[0].name, "dimension": 512, "order": "rgb", "mean": 127.5, "scale": 127.5,
        },
    }  # fmt: skip


def _like(raw: Mapping[str, Any], known: Mapping[str, Pack]) -> Impostors:
    """The impostors of the pack that ours is like: how alike strangers look depends most on how faces were learnt."""
    if "like" not in raw:
        raise ValueError('it says neither impostors nor whose may serve (like = "buffalo_sc")')
    return known[_chosen(raw, "like", tuple(known))].impostors


def _there(folder: Path, name: str, prefix: str) -> str:
    if not (folder / name).is_file():
        raise ValueError(f"its file {name} is not there")
    return str(Path(prefix, name))


def _of(raw: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    value = raw.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is {'missing' if value is None else 'not of its type'}")  # noqa: TRY004 - one kind
    return value


def _chosen(raw: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = _of(raw, name, str)
    if value not in choices:
        raise ValueError(f'{name} is "{value}"; it may be {" or ".join(choices)}')
    return str(value)


def _file(raw: Mapping[str, Any], what: str) -> str:
    """A file's name that leads nowhere else."""
    name = _of(raw, "file", str)
    if Path(name).name != name or not name.endswith(".onnx"):
        raise ValueError(f'the file of the {what} is "{name}"; it must be the name of an .onnx file in the folder')
    return str(name)


def _dimension(raw: Mapping[str, Any]) -> int:
    dimension = int(_of(raw, "dimension", int))
    if not 1 <= dimension <= 4096:  # noqa: PLR2004 - far above all there are
        raise ValueError(f"dimension is {dimension}; it must be from 1 to 4096")
    return dimension


def _scale(raw: Mapping[str, Any]) -> float:
    scale = float(_of(raw, "scale", (int, float)))
    if not scale > 0:
        raise ValueError(f"scale is {scale:g}; it must be above 0")
    return scale


def _impostors(raw: Any) -> Impostors:
    """The tail: similarities rising, shares falling, at least two of them, or none at all."""
    try:
        tail = tuple((float(at), float(share)) for at, share in raw)
    except (TypeError, ValueError) as error:
        raise ValueError("impostors are not pairs of numbers") from error
    falls = all(a < b and 1 > p > q > 0 for (a, p), (b, q) in pairwise(tail))
    if tail and (len(tail) < 2 or not falls):  # noqa: PLR2004 - a line has two points
        raise ValueError("impostors must be two or more pairs, similarities rising and shares falling between 1 and 0")
    return tail
