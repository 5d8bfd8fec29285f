"""The command ``faces diagnose``: for each picture which faces were found, and why not more."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipelines.contract import Input, Result, Work
from pipelines.faces import Options
from pipelines.faces.ask.tables import count, table
from pipelines.faces.claim import KINDS
from pipelines.faces.embed.detection import Detector, Found, detected, joined
from pipelines.faces.embed.looking import detector_of, found_in, reducible
from pipelines.faces.embed.packs import pack_of
from pipelines.faces.embed.pictures import Opened, Unreadable, read
from pipelines.faces.embed.scrfd import Scrfd
from pipelines.faces.embed.sizes import scales
from pipelines.faces.embed.yunet import Yunet

UNSURE = 0.2
"""Score of the detector from which something is worth a word."""
_DARK, _BRIGHT = 30.0, 225.0
_SMOOTH = 1.0
"""Mean difference of a picture to its blurred self under which it is blurred or empty."""
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_MANY = 1000
"""Rows of the table that are shown; data has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What there is to say of a picture. faces: found, as in a drop; sizes: their shorter sides, pixels.

    why: not more of them.
    """

    path: str
    width: int = 0
    height: int = 0
    faces: int = 0
    sizes: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    why: str = ""


def diagnose(work: Work) -> Result:
    """The findings of all pictures of the folder: a table in words, and all of it as data."""
    cv2.setNumThreads(1)
    options = Options(**work.request.options)
    models = work.weights("")
    unsure = replace(detector_of(pack_of(options.pack, models), models), score=UNSURE)
    pictures = [one for one in work.request.of("folder") if KINDS.get(Path(one.path).suffix.lower()) == "picture"]
    findings = []
    for number, picture in enumerate(pictures, start=1):
        findings.append(_finding(work, picture, unsure, options))
        work.progress(number, len(pictures), "pictures", picture.path)
    return Result(answer=_answer(findings), data=[dataclasses.asdict(finding) for finding in findings])


def _finding(work: Work, one: Input, unsure: Scrfd | Yunet, options: Options) -> Finding:
    name = one.path.removeprefix("in/").removeprefix("folder/")
    try:
        picture = read(work.path(one), options.max_pixels, reducible(options.min_size))
        closer = read(work.path(one), options.max_pixels, reducible(options.min_size / 2))
    except Unreadable as why:
        return Finding(path=name, why=str(why))
    sure = type(unsure)(session=unsure.session)
    taken = found_in(sure, picture, options.min_size).moved(picture.reduction)
    more = _besides(taken, _seen(unsure, closer, options.min_size / 2))
    reasons = [*_left_out(more, sure.score, options.min_size), *([] if len(taken) else _of_picture(closer, sure, more))]
    return Finding(
        path=name,
        width=picture.width,
        height=picture.height,
        faces=len(taken),
        sizes=tuple(round(float(size)) for size in taken.sizes),
        scores=tuple(round(float(score), 2) for score in taken.scores),
        why=" ".join(reasons),
    )


def _seen(detector: Detector, picture: Opened, least: float) -> Found:
    height, width = picture.pixels.shape[:2]
    looks = scales(width, height, least / picture.reduction, detector.fixed)
    return detected(detector, picture.pixels, looks).moved(picture.reduction)


def _besides(taken: Found, seen: Found) -> Found:
    """What was seen that is none of the faces that are taken, and no part of one."""
    both = joined([replace(taken, scores=taken.scores + 1), seen])
    return both.chosen(np.flatnonzero(both.scores <= 1))


def _left_out(more: Found, score: float, min_size: int) -> list[str]:
    """Why some of what was seen, looking twice as closely, are no faces of the collection."""
    sure, large = more.scores >= score, more.sizes >= min_size
    reasons = []
    if (small := more.sizes[sure & ~large]).size:
        reasons.append(f"{small.size} under min_size ({min_size}): {_listed(small)} pixels.")
    if (close := more.sizes[sure & large]).size:
        reasons.append(
            f"{close.size} seen only more closely, as with min_size = {min_size // 2}: {_listed(close)} pixels."
        )
    if (doubtful := more.scores[~sure & large]).size:
        reasons.append(
            f"{doubtful.size} too unsure (best score {doubtful.max():.2f}): turned away, covered, blurred, or no face."
        )
    return reasons


def _listed(sizes: np.ndarray) -> str:
    return ", ".join(f"{size:.0f}" for size in sorted(sizes.tolist(), reverse=True)[:5])


def _of_picture(picture: Opened, detector: Detector, found: Found) -> list[str]:
    """What about the picture itself could be why there is no face in it."""
    if degrees := _lying(picture, detector):
        return [f"A face is seen when it is turned by {degrees} degrees clockwise: turn it and drop it again."]
    grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    light = float(grey.mean())
    reasons = []
    if light < _DARK:
        reasons.append(f"It is very dark (mean {light:.0f} of 255).")
    if light > _BRIGHT:
        reasons.append(f"It is very bright (mean {light:.0f} of 255).")
    if float(cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), 2.0)).mean()) < _SMOOTH:
        reasons.append("It is blurred or almost empty.")
    return reasons or ([] if len(found) else ["Nothing in it looks like a face."])


def _lying(picture: Opened, detector: Detector) -> int:
    """By how many degrees clockwise the picture is to be turned for its surest face to be seen; 0: that is no help."""
    best = {0: 0.0}
    for degrees, turn in _TURNS.items():
        turned = cv2.rotate(picture.pixels, turn)
        looks = scales(turned.shape[1], turned.shape[0], 1.0, detector.fixed)
        best[degrees] = float(detected(detector, turned, looks).scores.max(initial=0.0))
    return max(best, key=lambda degrees: best[degrees])


def _answer(findings: list[Finding]) -> str:
    without = [finding for finding in findings if not finding.faces]
    rows = [
        (
            one.path.encode("utf-8", "backslashreplace").decode(),
            f"{one.width} x {one.height}" if one.width else "-",
            str(one.faces),
            ", ".join(map(str, one.sizes[:8])) + (" …" if len(one.sizes) > 8 else ""),  # noqa: PLR2004
            one.why,
        )
        for one in [*without, *(one for one in findings if one.faces)][:_MANY]
    ]
    more = f"\nand {len(findings) - _MANY:,} more" if len(findings) > _MANY else ""
    total = sum(one.faces for one in findings)
    told = f"{count(len(findings), 'picture')}, {count(total, 'face')}, {count(len(without), 'picture')} without one."
    return f"{table(('picture', 'pixels', 'faces', 'sizes', 'why not more'), rows)}{more}\n\n{told}" if rows else told
