"""What the stages hand on, as files of arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.contract import Input, Work
from pipelines.talking_head.arrays import loaded, saved
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.footage import Footage, Take
from pipelines.talking_head.ingest.part import Part, Region
from pipelines.talking_head.track.bundle import Head
from pipelines.talking_head.track.sights import Sights
from pipelines.talking_head.track.tracked import Track
from pipelines.talking_head.track.turning import Poses

FOOTAGE, TRACK = "footage.npz", "track.npz"
STATE, PREVIEW = "state", "preview.png"
"""What the stage train leaves: the folder of what is remembered, and the preview."""
_REGION = ("left", "top", "width", "height")
_HEAD = ("shape", "bases", "mean", "directions")
_TRACK = ("coefficients", "at", "lips", "mouth", "blink", "there", "reprojection", "learned", "starts")


def video(work: Work) -> Input | None:
    """The video of the job, where there is one."""
    found = work.request.of("video")
    return found[0] if found else None


def model(work: Work) -> Path:
    """Where the subject is: what this job has learned, else what is remembered."""
    if video(work):
        return work.earlier("train") / STATE
    assert work.state is not None  # noqa: S101  the stage ingest has refused it otherwise
    return work.state


def named(audios: Sequence[Input]) -> dict[str, Input]:
    """The sounds of a job by the names that their films get: their own, told apart where two are alike."""
    found: dict[str, Input] = {}
    for audio in audios:
        stem = PurePosixPath(audio.path).stem
        taken = {name.casefold() for name in found}
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        found[name] = audio
    return found


def parts(work: Work, number: int) -> list[Path]:
    """The parts of a sound's film, in order."""
    return sorted((work.earlier("render") / str(number)).glob("[0-9]*.mkv"))


def seconds_of(folder: Path) -> tuple[float, float]:
    """Frames of a film's parts in that folder, and the seconds that drawing and encoding them took."""
    tallies = [json.loads(path.read_bytes()) for path in folder.glob("[0-9]*.json")]
    return sum(tally["frames"] for tally in tallies), sum(tally["seconds"] for tally in tallies)


def save_footage(folder: Path, footage: Footage) -> None:
    """Afterwards the footage is in the folder, but for its files and its notes."""
    crop = footage.crop
    arrays = {name: getattr(footage, name) for name in ("points", "blendshapes", "there", "speech", "sound", "usual")}
    takes = np.array([(take.first, take.count) for take in footage.takes])
    numbers = {"takes": takes, "numbers": np.array([crop.left, crop.top, crop.side, *footage.size])}
    part = footage.part
    times, region = np.array([part.begin, part.end]), part.region
    sides = [] if region is None else [region.left, region.top, region.width, region.height]
    saved(folder / FOOTAGE, {**arrays, **numbers, "times": times, "region": np.array(sides, dtype=np.int64)})


def load_footage(work: Work) -> Footage:
    """The footage that the stage ingest has left, of the videos of the job."""
    arrays = loaded(work.earlier("ingest") / FOOTAGE)
    left, top, side, *size = (int(number) for number in arrays.pop("numbers"))
    begin, end = (float(time) for time in arrays.pop("times"))
    sides = [int(number) for number in arrays.pop("region")]
    takes = zip(work.request.of("video"), arrays.pop("takes"), strict=True)
    return Footage(
        takes=tuple(Take(path=work.path(seen), first=int(first), count=int(count)) for seen, (first, count) in takes),
        part=Part(begin=begin, end=end, region=Region(**dict(zip(_REGION, sides, strict=True))) if sides else None),
        crop=Crop(left=left, top=top, side=side),
        size=(size[0], size[1]),
        notes=(),
        **arrays,
    )


def save_track(folder: Path, track: Track) -> None:
    """Afterwards the track is in the folder."""
    arrays = {name: getattr(track, name) for name in _TRACK}
    arrays |= {f"head_{name}": getattr(track.head, name) for name in _HEAD}
    saved(folder / TRACK, {**arrays, "turns": track.poses.turns, "moves": track.poses.moves})


def load_track(folder: Path) -> Track:
    """The track in the folder."""
    arrays = loaded(folder / TRACK)
    head = Head(**{name: arrays[f"head_{name}"] for name in _HEAD})
    poses = Poses(turns=arrays["turns"], moves=arrays["moves"])
    return Track(head=head, poses=poses, **{name: arrays[name] for name in _TRACK})


def save_sights(folder: Path, sights: Sights) -> None:
    """Afterwards what the frames show is in the folder. What lies in files beside it is moved there, not copied."""
    for field in fields(sights):
        values, path = getattr(sights, field.name), folder / f"{field.name}.npy"
        if isinstance(values, np.memmap) and values.filename:
            values.flush()
            Path(values.filename).replace(path)
        else:
            np.save(path, values)


def load_sights(folder: Path) -> Sights:
    """What the frames show, from the folder: mapped, so memory holds what is looked at. Writing changes no file."""
    return Sights(**{field.name: np.load(folder / f"{field.name}.npy", mmap_mode="c") for field in fields(Sights)})
