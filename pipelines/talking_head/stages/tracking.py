"""The stage ``track``: where the head is in every frame, and what of the frame is head, torso and background."""

from __future__ import annotations

import shutil

from pipelines.contract import Result, Work
from pipelines.talking_head import FPS, Options
from pipelines.talking_head.ingest.footage import Footage, Look
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.landmarks import archive
from pipelines.talking_head.stages.files import TRACK, load_footage, load_track, save_sights, save_track
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import sighted
from pipelines.talking_head.track.sway import usual
from pipelines.talking_head.track.tracked import Track, tracked
from pipelines.talking_head.weights import LANDMARKER, SELFIE, digests

ROWS = "rows"
"""The folder of the frames that were seen so far."""
ROUGH = 0.03
"""Reprojection from which the user is told: eyes that are three hundredths of their distance off are seen to be."""


def track(work: Work) -> Result:
    """Afterwards the track and the sights are in the stage's folder. What was done before it was killed stays done."""
    footage = load_footage(work)
    found = _posed(work, footage)

    def told(row: int, total: int) -> None:
        if row % FPS == 0:
            work.progress(row, total, "frames", "head, torso and background")

    rows = work.folder / ROWS
    side = Options(**work.request.options).resolution
    sights = sighted(footage, found, Person(work.weights(SELFIE)), side, Look(told=told, folder=rows))
    save_sights(work.folder, sights)
    shutil.rmtree(rows, ignore_errors=True)
    off = float(found.reprojection.mean())
    warnings = (f"{footage.takes[0].path.name}: the head could be followed only roughly.",) if off > ROUGH else ()
    figures = {"reprojection_percent": round(100 * off, 3), "torso_sway_percent": round(100 * usual(sights.sway), 3)}
    return Result(figures=figures, warnings=warnings, weights=digests(LANDMARKER, SELFIE))


def _posed(work: Work, footage: Footage) -> Track:
    """The track, which is fitted in one go."""
    if not (work.folder / TRACK).exists():
        work.progress(0, len(footage), "frames", "poses")
        face = archive.read(work.weights(LANDMARKER)).face
        save_track(work.folder, tracked(footage, face, ending(len(footage), footage.starts).learned))
    return load_track(work.folder)
