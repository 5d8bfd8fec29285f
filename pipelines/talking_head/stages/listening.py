"""The stage ``listen``: features of the sounds to be said, and the video's sound brought into step with its mouth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.contract import BadInput, Result, Work, write_atomic
from pipelines.talking_head import FPS, HOP, Options, offset
from pipelines.talking_head.about import About, read_about
from pipelines.talking_head.ingest.spoken import listened
from pipelines.talking_head.listen.front import FrontEnd, Sound
from pipelines.talking_head.listen.hearing import Heard, followed
from pipelines.talking_head.stages.files import load_footage, load_track, named, video
from pipelines.talking_head.stages.fronts import activity_of, front_of, weights_of
from pipelines.talking_head.weights import VOICE, digests

SOUND = "sound.npy"
"""The sound of the video, in step with its mouth."""
FEATURES, ACTIVITY, SPEECH = "features", "activity", "speech"
"""Of a sound: what the front end hears, where somebody speaks, and where the mouth takes it that somebody does."""
STRETCH, BESIDE = 5 * 60 * FPS, 2 * FPS
"""Frames of sound that are listened to at a time, and those before and after that are heard with them."""
SUNG = "most of what is loud in it is not speech, so the mouth follows all of it, and is not shut in its pauses."
"""What the user is told of a song, or of speech in noise."""


def listen(work: Work) -> Result:
    """Afterwards the sound of the video, and what is heard of each sound to be said, are in the folder.

    Raises BadInput for a video whose mouth does not move with its sound, and for a front end that is not the model's.
    """
    options = Options(**work.request.options)
    told, warnings = _in_step(work) if video(work) else ({}, ())
    about = None if video(work) or work.state is None else read_about(work.state)
    front = _as_learned(work, about) if about else front_of(work, options.front)
    audios, sounds = named(work.request.of("audio")), {}
    for number, (name, audio) in enumerate(audios.items()):
        work.progress(number, len(audios), "sounds")
        sounds[name], notes = _heard(work, number, front, whole(listened(work.path(audio)).samples))
        warnings += tuple(f"{Path(audio.path).name}: {note}" for note in notes)
    ear = {"name": front.name, "sha256": front.digest, "layer": front.layer}
    figures: dict[str, Any] = {"front_end": ear, **told, **({"sounds": sounds} if sounds else {})}
    return Result(figures=figures, warnings=warnings, weights={**weights_of(work, front.name), **digests(VOICE)})


def heard_of(work: Work, number: int) -> Heard:
    """What the stage left of a sound, read as it is needed."""
    folder = work.earlier("listen")
    return Heard(*(np.load(folder / f"{number}.{part}.npy", mmap_mode="r") for part in (FEATURES, SPEECH)))


def save_heard(path: Path, hears: Callable[[Sound], np.ndarray], sound: Sound) -> None:
    """Afterwards path holds what is heard of the sound, a row a frame, in stretches: memory has an end.

    It never holds a part of them: those lie beside it, and whoever was stopped goes on behind the last whole stretch.
    sound: at least a frame. A stretch also hears what comes before and after it.
    """
    frames, partial = len(sound) // HOP, path.with_name(f".{path.name}.partial")
    mark = path.with_suffix(".frames")
    done = int(mark.read_text("ascii")) if mark.exists() and partial.exists() else 0
    kept = np.lib.format.open_memmap(partial, "r+") if done else None
    for first in range(done, frames, STRETCH):
        begin, last = max(0, first - BESIDE), min(frames, first + STRETCH)
        heard = hears(sound[begin * HOP : min(frames, last + BESIDE) * HOP])
        if kept is None:
            kept = np.lib.format.open_memmap(partial, "w+", heard.dtype, (frames, *heard.shape[1:]))
        kept[first:last] = heard[first - begin : last - begin]
        kept.flush()
        write_atomic(mark, str(last).encode("ascii"))
    partial.replace(path)
    mark.unlink()


def whole(sound: Sound) -> Sound:
    """The sound with silence at its end, so that its last frame is a whole one."""
    return np.pad(sound, (0, -len(sound) % HOP))


def _heard(work: Work, number: int, front: FrontEnd, sound: Sound) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Afterwards what is heard of that sound is in the folder; figures, and what the user should know."""
    paths = {part: work.folder / f"{number}.{part}.npy" for part in (FEATURES, ACTIVITY, SPEECH)}
    for part, hears in ((FEATURES, front), (ACTIVITY, activity_of(work))):
        if not paths[part].exists():
            save_heard(paths[part], hears, sound)
    spoken = np.load(paths[ACTIVITY])
    speech = followed(spoken, sound)
    np.save(paths[SPEECH], speech)
    notes = () if np.array_equal(speech, spoken) else (SUNG,)
    return {"speech_percent": round(100 * float(spoken.mean()), 1)}, notes


def _in_step(work: Work) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Afterwards the sound of the videos is in the folder, that of each take shifted by what it comes late."""
    footage, mouth = load_footage(work), load_track(work.earlier("track")).mouth
    names = [take.path.name for take in footage.takes]
    sounds = np.split(footage.sound, footage.starts[1:] * HOP)
    lags = [offset.found(*pair) for pair in zip(sounds, np.split(mouth, footage.starts[1:]), strict=True)]
    if why := next((why for pair in zip(names, lags, strict=True) if (why := offset.refusal(*pair))), None):
        raise BadInput(why)
    by = offset.together(lags)
    np.save(work.folder / SOUND, np.concatenate([offset.shifted(*pair) for pair in zip(sounds, by, strict=True)]))
    figures = [
        {"frames": frames, "correlation": round(lag.correlation, 3), "clear": lag.clear}
        for frames, lag in zip(by, lags, strict=True)
    ]
    notes = tuple(note for pair in zip(names, lags, strict=True) for note in offset.advice(*pair))
    return {"offset": figures[0] if len(figures) == 1 else figures}, notes


def _as_learned(work: Work, about: About) -> FrontEnd:
    """The front end of the model. Raises BadInput where it is not here, or not the same."""
    front = front_of(work, about.front_end)
    if about.digest == front.digest:
        return front
    raise BadInput(
        f"{work.request.key} was learned with another {about.front_end} than the one that is here now, so the mouth "
        "would not fit the sound. Drop the video again: it is learned anew, and then this sound can be said."
    )
