"""``make tour``: a clip of yours goes through a real inbox, and film strips show what became of it."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float32

from bench.place import Place, environment, set_up
from bench.strips import Pictures, strips
from bench.talking import CLIPS, weights
from daemon.model import Job, Status
from daemon.names import numbered
from pipelines.talking_head import HOP, RATE
from pipelines.talking_head.claim import VIDEOS
from pipelines.talking_head.ingest import sound
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.stages.files import load_sights
from pipelines.talking_head.stages.listening import SOUND
from tests.unit.talking_world import wav

FOLDER = Path("visaged-tour")
SUBJECT = "somebody"
KEPT = "what-they-said"
"""The name of the sound that was not learned from."""


def main(argv: list[str]) -> int:
    """Afterwards the film and its strips lie in ``visaged-tour``; 1 where the clip could not be learned from."""
    parser = argparse.ArgumentParser(prog="python -m bench.tour", description=__doc__)
    parser.add_argument("clip", nargs="?", type=Path, help="a video of somebody talking; else VISAGED_TOUR names it")
    parser.add_argument("--sound", type=Path, help="what else they are to say")
    parser.add_argument("--resolution", type=int, default=128, help="pixels a side")
    parser.add_argument("--iterations", type=int, default=1500, help="how long is learned")
    args = parser.parse_args(argv)
    clip = args.clip or _clip()
    if clip is None or not clip.is_file():
        parser.error("there is no clip: VISAGED_TOUR=/path/to/a/video.mp4 make tour")
    place = _place(clip, f"resolution = {args.resolution}\niterations = {args.iterations}\n")
    _drop(place, clip.name, clip.read_bytes())
    if _run(place):
        return 1
    (learned,) = place.jobs()
    first, truth, heard = _kept(place.root / "work" / learned.id)
    _drop(place, f"{KEPT}.wav", wav(place.root / f"{KEPT}.wav", heard).read_bytes())
    if args.sound:
        _drop(place, args.sound.name, args.sound.read_bytes())
    if _run(place):
        return 1
    for job in place.jobs()[1:]:
        own = job.name == KEPT
        _show(place, job, {"the truth, which was not learned from": truth} if own else {}, first if own else 0.0)
    return 0


def _clip() -> Path | None:
    """The clip that VISAGED_TOUR names, else the first of the data folder."""
    if named := os.environ.get("VISAGED_TOUR"):
        return Path(named)
    return next((path for path in sorted(CLIPS.rglob("*")) if path.suffix in VIDEOS), None)


def _place(clip: Path, wishes: str) -> Place:
    number = 1
    while (root := (FOLDER / numbered(clip.stem, number)).absolute()).exists():
        number += 1
    print(f"{clip.name} is learned in {root} (some minutes on a processor) …", flush=True)
    return set_up(root, f'models = "{weights()}"\nsettle_seconds = 1', rest=f"[pipelines.talking_head]\n{wishes}")


def _drop(place: Place, name: str, content: bytes) -> None:
    path = f"talking_head/{SUBJECT}/{name}"
    place.drop({path: content}, path)


def _run(place: Place) -> bool:
    """Whether something failed, when all that was dropped is over; what happens is shown."""
    command = [sys.executable, "-m", "daemon", "--config", str(place.root / "config.toml"), "run", "--once"]
    subprocess.run(command, env=environment(), cwd=place.root, check=False)
    failed = place.jobs(Status.FAILED, Status.CANCELLED)
    for job in failed:
        print(f"{job.item}: {job.reason}", file=sys.stderr)
    return bool(failed)


def _kept(work: Path) -> tuple[float, Pictures, Float32[np.ndarray, " n"]]:
    """What of the clip was not learned from: since which second, its pictures, and its sound, in step with them."""
    pictures = load_sights(work / "stages" / "track").pictures
    rows = ending(len(pictures)).held
    samples = np.load(work / "stages" / "listen" / SOUND)
    first, last = int(rows[0]), int(rows[-1]) + 1
    return first * HOP / RATE, np.asarray(pictures[first:last]), samples[first * HOP : last * HOP]


def _show(place: Place, job: Job, truth: dict[str, Pictures], since: float) -> None:
    film = place.root / "results" / "talking_head" / SUBJECT / f"{job.result}.mp4"
    with av.open(str(film)) as container:
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    strip = film.with_suffix(".strips.png")
    strip.write_bytes(strips({**truth, "the film": pictures}, sound.read(film).samples, since))
    print(f"{film}\n{strip}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
