"""A pair of heads, from the inbox to the result."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.figures import median
from bench.place import Place, set_up
from bench.report import Report, Table
from daemon.model import Job, Status

PAIRS = 3
HEADS = """
import pathlib, sys
from pipelines.morph.head.files import write_heads
write_heads(pathlib.Path(sys.argv[1]))
"""
ABOUT = f"""
Two heads of our own with texture, dropped as a folder into a running daemon; everything by default (41 frames, 512 px,
a film, a contact sheet). {PAIRS} times, one after the other. Seconds from the row of the job to its being done (result
published, inputs archived); the stage's part of that; there is no floor yet: that comes with the work on speed.
""".strip()


def measure(folder: Path) -> Report:
    """The same pair, each time with other options, so that no result answers for the next."""
    heads = folder / "heads"
    subprocess.run([sys.executable, "-c", HEADS, str(heads)], check=True)
    place = set_up(folder / "place", "settle_seconds = 0.5")
    with place.running():
        jobs = [_morphed(place, heads, number) for number in range(PAIRS)]
    walls = [job.updated - job.created for job in jobs]
    stages = [sum((a.ended or 0) - a.started for a in place.attempts(job)) for job in jobs]
    rows = (("job, accepted to done", _seconds(walls)), ("of that, its stage", _seconds(stages)))
    return Report(
        name="morph",
        title="A pair of heads",
        about=ABOUT,
        tables=(Table(title="One pair", columns=("what", "s (median; each)"), rows=rows),),
    )


def _morphed(place: Place, heads: Path, number: int) -> Job:
    name = f"pair-{number}"
    hidden = place.root / name
    shutil.copytree(heads, hidden)
    (hidden / "manifest.toml").write_text(f"[options]\nfps = {20 + number}.0\n", encoding="ascii")
    hidden.rename(place.inbox / "morph" / name)
    place.wait_for(f"the end of {name}", lambda: _ended(place, name), 300.0)
    return next(job for job in place.jobs(Status.DONE) if job.item == name)


def _ended(place: Place, name: str) -> bool:
    return any(job.item == name for job in place.jobs(Status.DONE))


def _seconds(values: list[float]) -> str:
    return f"{median(values):.2f} ({', '.join(f'{value:.2f}' for value in values)})"
