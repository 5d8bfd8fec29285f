"""What is remembered of somebody: the model, and the frames in which they are shown, as files of a key's state."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from pipelines.contract import BadInput
from pipelines.talking_head import RASTERS
from pipelines.talking_head.about import OTHERS, About, read_about, write_about
from pipelines.talking_head.engines import engine
from pipelines.talking_head.learning.drivers import ByEar, ByMotion, Saying, keep_driver, kept_driver
from pipelines.talking_head.learning.engine import Model
from pipelines.talking_head.playing import LONGEST, Loop, Played, blended, looped, placed, played, torsos
from pipelines.talking_head.scene import Scene, View, stances
from pipelines.talking_head.track.turning import Poses

ALL = slice(None)
TOGETHER = 8
"""Frames that a GPU draws at once."""
PROCESSOR = (torch.device("cpu"), RASTERS[0])
MODEL = "model.pt"
_ARRAYS = ("pictures", "head", "ground", "turns", "moves", "eyes", "sway", "middle")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """Somebody who can be made to speak.

    pictures, head: of the frames that are played, head in 255ths. ground: the background alone. middle: of the moves,
    about which the torso leans. sway: the torso's own. driver: what gives the model its codes.
    """

    about: About
    model: Model
    driver: ByEar | ByMotion
    poses: Poses
    eyes: Float[Tensor, "t 2"]
    sway: Float[Tensor, "t 4"]
    pictures: UInt8[np.ndarray, "t s s 3"]
    head: UInt8[np.ndarray, "t s s"]
    ground: UInt8[np.ndarray, "s s 3"]
    middle: Float[Tensor, 3]

    @property
    def loop(self) -> Loop:
        """In which the frames are played."""
        return Loop(*self.about.loop)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """What was learned of somebody: by which engine, the model, what drives it, and the iterations asked for."""

    engine: str
    model: Model
    driver: ByEar | ByMotion
    iterations: int = 0


def keep(folder: Path, made: Made, scene: Scene, front: tuple[str, str], take: slice = ALL) -> About:
    """Afterwards the folder holds the subject. front: name and digest of the front end. take: frames to be played."""
    folder.mkdir(parents=True, exist_ok=True)
    first, last, _ = take.indices(len(scene))
    rows = slice(first, min(last, first + LONGEST))
    poses = Poses(turns=_doubles(scene.turns[rows]), moves=_doubles(scene.moves[rows]))
    pictures, head = scene.pictures[rows].numpy(), scene.head[rows].numpy()
    places = placed(poses)
    loop = looped(np.concatenate([places, torsos(pictures, head)], axis=1), places)
    about = About(
        engine=made.engine,
        drive=made.driver.drive,
        front_end=front[0],
        digest=front[1],
        side=scene.side,
        make=made.model.make,
        loop=(loop.start, loop.end, loop.apart),
        iterations=made.iterations,
    )
    arrays = {
        "pictures": pictures,
        "head": head,
        "ground": scene.ground.numpy(),
        "turns": poses.turns,
        "moves": poses.moves,
        "eyes": scene.eyes[rows].numpy(),
        "sway": scene.sway[rows].numpy(),
        "middle": scene.middle.numpy(),
    }
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name])
    torch.save({name: values.cpu() for name, values in made.model.state_dict().items()}, folder / MODEL)
    keep_driver(folder, made.driver)
    write_about(folder, about)
    return about


def remembered(folder: Path, on: tuple[torch.device, str] = PROCESSOR) -> Subject:
    """The subject in the folder. Its frames are read as they are needed.

    on: the device of its model, and what draws Gaussians there. Raises BadInput where another version wrote it.
    """
    about = read_about(folder)
    try:
        held = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        small = {name: torch.from_numpy(np.array(held[name])) for name in ("eyes", "sway", "middle")}
        model = engine(about.engine).revived(about.make)
        model.load_state_dict(torch.load(folder / MODEL, weights_only=True))
        driver = kept_driver(folder, about.drive, model)
    except (FileNotFoundError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInput(OTHERS) from error
    model.moved(*on).eval()
    return Subject(
        about=about,
        model=model,
        driver=driver,
        poses=Poses(turns=np.array(held["turns"]), moves=np.array(held["moves"])),
        pictures=held["pictures"],
        head=held["head"],
        ground=np.array(held["ground"]),
        **small,
    )


def spoken(
    subject: Subject, saying: Saying, first: int, last: int
) -> Iterator[tuple[UInt8[np.ndarray, "s s 3"], bool]]:
    """The frames first to before last of the film to that sound, and whether the mouth asked for was ever seen.

    The head is drawn; the rest is the clip's own, as it is played. saying: what the subject's driver says of the sound.
    """
    shown = played(subject.loop, first, last)
    poses = blended(subject.poses, shown)
    turns, moves = _floats(poses.turns), _floats(poses.moves)
    stance = stances(turns, moves, subject.middle)
    eyes, sway = _mixed(subject.eyes, shown), _mixed(subject.sway, shown)
    given = saying(np.arange(first, last), eyes)
    ground = torch.from_numpy(subject.ground) / 255.0
    device = subject.model.device
    for rows in torch.arange(last - first).split(TOGETHER if device.type == "cuda" else 1):
        views = [
            View(
                turn=turns[row], move=moves[row], stance=stance[row], eyes=eyes[row], sway=sway[row], ground=ground
            ).on(device)
            for row in rows
        ]
        with torch.no_grad():
            heads = subject.model.shown_together(given.codes[rows].to(device), views)
            pictures = torch.stack(heads).cpu().numpy() * 255.0
        for row, head in zip(rows.tolist(), pictures, strict=True):
            yield _over(subject, head, shown, row), not given.held[row]


def _over(subject: Subject, head: np.ndarray, shown: Played, row: int) -> UInt8[np.ndarray, "s s 3"]:
    """The drawn head over the frames that are on show."""
    now, other, share = int(shown.now[row]), int(shown.other[row]), float(shown.share[row])
    rest = subject.pictures[now].astype(np.float32)
    mask = subject.head[now].astype(np.float32)
    if share:
        rest += share * (subject.pictures[other] - rest)
        mask += share * (subject.head[other] - mask)
    mask = mask[..., None] / 255.0
    return np.asarray(np.clip(np.rint(mask * head + (1 - mask) * rest), 0, 255), dtype=np.uint8)


def _mixed(values: Tensor, shown: Played) -> Tensor:
    share = torch.from_numpy(shown.share).float()[:, None]
    return (1 - share) * values[torch.from_numpy(shown.now)] + share * values[torch.from_numpy(shown.other)]


def _doubles(values: Tensor) -> np.ndarray:
    found: np.ndarray = values.numpy().astype(np.float64)
    return found


def _floats(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
