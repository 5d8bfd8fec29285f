"""The stage ``mux``: films and their sounds become MP4s that say that they are synthetic; and what is published."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines.contract import Result, Work
from pipelines.talking_head.film import VERSION, joined
from pipelines.talking_head.stages.files import PREVIEW, named, parts, video

RESULT = "result"
SYNTHETIC = (
    "Synthetic: the person shown did not say this. Their head was drawn by a program (visaged, talking_head) to fit a "
    "sound, over frames of a real video. Digital source type: "
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""What the films and the receipts say of themselves."""


def mux(work: Work) -> Result:
    """Afterwards the films are whole.

    Published is the one film of a drop with one sound; else a folder with all of them, and with the preview where a
    video was learned from.
    """
    folder = work.folder / RESULT
    folder.mkdir(exist_ok=True)
    films = named(work.request.of("audio"))
    for number, (name, audio) in enumerate(films.items()):
        work.progress(number, len(films), "films")
        path = folder / f"{name}.mp4"
        if not path.exists():
            joined(parts(work, number), work.path(audio), path, {"title": _plain(name), "comment": SYNTHETIC})
    if video(work):
        shutil.copyfile(work.earlier("train") / PREVIEW, folder / PREVIEW)
    publish = Path(RESULT, f"{next(iter(films))}.mp4") if len(films) == 1 else Path(RESULT)
    told = {"synthetic": SYNTHETIC} if films else {}
    return Result(publish=str(publish), figures=told, versions={"pyav": VERSION})


def _plain(name: str) -> str:
    """The name without bytes that are no text."""
    return name.encode("utf-8", "replace").decode("utf-8")
