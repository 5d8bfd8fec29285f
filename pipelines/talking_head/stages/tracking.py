"""The stage ``track``: where the head is in every frame, and what of the frame is head, torso and background."""

from __future__ import annotations

from pipelines.contract import Result, Work
from pipelines.talking_head import Options
from pipelines.talking_head.landmarks import archive
from pipelines.talking_head.stages.files import load_footage, save_sights, save_track, video
from pipelines.talking_head.track.person import Person
from pipelines.talking_head.track.sights import sighted
from pipelines.talking_head.track.sway import usual
from pipelines.talking_head.track.tracked import tracked
from pipelines.talking_head.weights import LANDMARKER, SELFIE, digests

ROUGH = 0.03
"""Reprojection from which the user is told: eyes that are three hundredths of their distance off are seen to be."""


def track(work: Work) -> Result:
    """Afterwards the track and the sights are in the stage's folder."""
    seen = video(work)
    assert seen is not None  # noqa: S101  nobody asks otherwise
    footage = load_footage(work.earlier("ingest"), work.path(seen))
    work.progress(0, 2, "steps", "poses")
    face = archive.read(work.weights(LANDMARKER)).face
    found = tracked(footage, face)
    save_track(work.folder, found)
    work.progress(1, 2, "steps", "head, torso and background")
    options = Options(**work.request.options)
    sights = sighted(footage, found, Person(work.weights(SELFIE)), options.resolution)
    save_sights(work.folder, sights)
    off = float(found.reprojection.mean())
    warnings = (f"{seen.path.rpartition('/')[2]}: the head could be followed only roughly.",) if off > ROUGH else ()
    figures = {"reprojection_percent": round(100 * off, 3), "torso_sway_percent": round(100 * usual(sights.sway), 3)}
    return Result(figures=figures, warnings=warnings, weights=digests(LANDMARKER, SELFIE))
