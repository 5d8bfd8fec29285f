"""The stage ``mux``: films and their sounds become MP4s that say that they are synthetic; and what is published."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract import Result, Work
from pipelines.talking_head import Options
from pipelines.talking_head.about import read_about
from pipelines.talking_head.film import VERSION, joined
from pipelines.talking_head.marks import SYNTHETIC, Mark, stamped
from pipelines.talking_head.signing import Signature, signature, signed
from pipelines.talking_head.stages.files import PREVIEW, model, named, parts, seconds_of, video

RESULT = "result"


@dataclass(frozen=True, slots=True)
class Finish:
    """What a film gets at last. marked: whether it says of itself what it is."""

    mark: Mark
    marked: bool
    by: Signature | None


def mux(work: Work) -> Result:
    """Afterwards the films are whole.

    Published is the one film of a drop with one sound, with the preview beside it where a video was learned from; else
    a folder with all of them, and with that preview.
    """
    folder = work.folder / RESULT
    folder.mkdir(exist_ok=True)
    films = named(work.request.of("audio"))
    began = time.perf_counter()
    for number, name in enumerate(films):
        work.progress(number, len(films), "films")
        _film(work, number, name)
    joining = time.perf_counter() - began
    if video(work):
        shutil.copyfile(work.earlier("train") / PREVIEW, folder / PREVIEW)
    publish = Path(RESULT, f"{next(iter(films))}.mp4") if len(films) == 1 else Path(RESULT)
    options = Options(**work.request.options)
    told = {
        "synthetic": SYNTHETIC,
        "signed": bool(options.synthetic_mark and options.credentials),
        "file_to_file_frames_a_second": _rate(work, len(films), joining),
    }
    beside = (str(Path(RESULT, PREVIEW)),) if len(films) == 1 and video(work) else ()
    return Result(publish=str(publish), figures=told if films else {}, versions={"pyav": VERSION}, beside=beside)


def _film(work: Work, number: int, name: str) -> None:
    """Afterwards the film of that sound is there, finished; it is never there before."""
    path = work.folder / RESULT / f"{name}.mp4"
    if path.exists():
        return
    finish = _finish(work, _plain(name))
    film, done = work.folder / "joined.mp4", work.folder / "signed.mp4"
    audio = work.request.of("audio")[number]
    joined(parts(work, number), work.path(audio), film, finish.mark.tags if finish.marked else {})
    if finish.marked:
        stamped(film, finish.mark)
    if finish.by:
        done.unlink(missing_ok=True)
        signed(film, done, finish.mark, finish.by)
        film = done
    film.rename(path)


def _rate(work: Work, films: int, joining: float) -> float:
    """Frames a second of all films, from what their mouths do to whole files. joining: seconds."""
    spent = [seconds_of(work.earlier("render") / str(number)) for number in range(films)]
    seconds = joining + sum(one for _, one in spent)
    return round(sum(frames for frames, _ in spent) / seconds, 1) if spent else 0.0


def _finish(work: Work, title: str) -> Finish:
    options = Options(**work.request.options)
    mark = Mark(
        title=title,
        engine=read_about(model(work)).engine,
        made_by=options.made_by,
        consent=options.consent,
    )
    marked = options.synthetic_mark
    return Finish(mark, marked, signature(options.credentials) if marked else None)


def _plain(name: str) -> str:
    """The name without bytes that are no text."""
    return name.encode("utf-8", "replace").decode("utf-8")
