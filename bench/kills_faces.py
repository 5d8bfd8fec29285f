"""kill -9 of daemon and stages while faces are sorted: the same people, names, decisions and tree as without."""

from __future__ import annotations

import csv
import os
import random
import re
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.place import Place, set_up
from bench.report import Report, Table
from daemon.cli.heads import make_demo_pictures
from daemon.errors import StoreError
from daemon.failpoints import Step
from daemon.model import ACTIVE

DAYS = 3
"""Drops into one collection; between them the user renames a folder and moves a picture."""
STEPS = tuple(step for step in Step if step.startswith(("prepare:", "state:", "tree:", "publish:intent", "archive:")))
LONGEST = 25.0
"""Seconds after which a daemon that has not passed its step is killed wherever it is."""
END = 300.0
SETTINGS = "[pipelines.faces]\nthreshold = 0.7\n"
STAGE = re.compile(rb"pipelines\.faces\x00(survey|embed|cluster|tree)\x00")


def measure(folder: Path, seed: int, times: int, models: Path) -> Report:
    """So many kills over rounds of the same drops and edits, each round compared with an undisturbed one."""
    chance = random.Random(seed)
    album = folder / "album"
    make_demo_pictures(album)
    undisturbed = _told(_played(folder / "quiet", album, models, iter(())))
    hits: Counter[str] = Counter()
    broken: list[str] = []
    rounds = 0
    while hits.total() < times:
        place = _played(folder / f"round{rounds}", album, models, _kills(chance, hits, times))
        broken += [f"round {rounds}: {what}" for what in _different(undisturbed, _told(place))]
        shutil.rmtree(place.root)
        rounds += 1
    return _report(hits, rounds, tuple(broken), seed)


def _played(root: Path, album: Path, models: Path, kills: Iterator[Step | str]) -> Place:
    """A place in which all days are over, whatever was killed on the way."""
    place = set_up(root, f'settle_seconds = 0.2\nmodels = "{models}"\nfetch_models = false', rest=SETTINGS)
    pictures = sorted(album.iterdir())
    for day in range(DAYS):
        _drop(place, pictures[day::DAYS], f"day{day}")
        for kill in kills:
            _kill_once(place, kill, day + 1)
            if _is_over(place, day + 1):
                break
        place.visaged("run", "--once", timeout=END)
        if day == 0:
            _edit(place)
    return place


def _drop(place: Place, pictures: list[Path], item: str) -> None:
    hidden = place.root / f".dropping-{item}"
    hidden.mkdir()
    for path in pictures:
        shutil.copyfile(path, hidden / path.name)
    target = place.inbox / "faces" / "album"
    target.mkdir(parents=True, exist_ok=True)
    hidden.rename(target / item)


def _edit(place: Place) -> None:
    """The user names whom the first picture shows, and moves that picture of the second person to them."""
    people = place.root / "results/faces/album/people"
    first = next(p for p in sorted(people.iterdir()) if (p / "IMG_0001.jpg").exists())
    other = next(p for p in sorted(people.iterdir()) if p != first)
    moved = next(p for p in sorted(other.glob("IMG_*.jpg")))
    moved.rename(first / moved.name)
    first.rename(people / "Ada")


def _kills(chance: random.Random, hits: Counter[str], times: int) -> Iterator[Step | str]:
    """Where to kill next: a labelled step of the daemon, or a stage by its name; half and half."""
    while hits.total() < times:
        kill = chance.choice(STEPS) if chance.random() < 0.5 else chance.choice(("survey", "embed", "cluster", "tree"))
        hits[str(kill)] += 1
        yield kill


def _is_over(place: Place, drops: int) -> bool:
    """Whether so many drops have become jobs, and all jobs have ended."""
    try:
        jobs = place.jobs()
    except (StoreError, sqlite3.OperationalError):
        return False  # the first daemon has not made its tables yet
    return sum(job.command is None for job in jobs) >= drops and not any(job.status in ACTIVE for job in jobs)


def _kill_once(place: Place, kill: Step | str, drops: int) -> None:
    """A daemon ran, and it or one of its stages was killed; then the daemon was too, and its stage runs on."""
    daemon = place.start(str(kill) if isinstance(kill, Step) else "")
    until = time.monotonic() + LONGEST
    while daemon.poll() is None and time.monotonic() < until:
        if not isinstance(kill, Step) and (pid := _pid_of(kill, place.root)):
            os.kill(pid, signal.SIGKILL)
            break
        if _is_over(place, drops):
            break
        time.sleep(0.01)
    daemon.kill()
    daemon.wait()


def _pid_of(stage: str, root: Path) -> int | None:
    """A running stage of that name below root, if there is one."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        found = STAGE.search(words)
        if found and found[1].decode() == stage and os.fsencode(root) in words:
            return int(path.parent.name)
    return None


# ---------------------------------------------------------------- what must be the same

Told = tuple[frozenset[str], frozenset[tuple[str, str, str]], dict[str, np.ndarray]]


def _told(place: Place) -> Told:
    """The files of the tree, who each face is and how it stands, and the embedding of each face, by picture and box."""
    tree = place.root / "results/faces/album"
    files = frozenset(str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file())
    with (tree / "faces.csv").open() as file:
        rows = list(csv.DictReader(file))
    people = frozenset((f"{r['picture']} {float(r['x0']):.0f}", r["person"] + r["name"], r["standing"]) for r in rows)
    return files, people, _embeddings(place)


def _embeddings(place: Place) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for embeddings in sorted((place.root / "state/faces/album/files").rglob("embeddings.npy")):
        faces = np.load(embeddings.with_name("faces.npy"))
        names = (embeddings.with_name("pictures.jsonl")).read_text().splitlines()
        for face, embedding in zip(faces, np.load(embeddings).astype(np.float32), strict=True):
            found[f"{names[face['picture']]} {face['box'][0]:.0f}"] = embedding
    return found


def _different(one: Told, other: Told) -> Iterator[str]:
    if one[0] != other[0]:
        yield f"other files in the tree: {sorted(one[0] ^ other[0])[:5]}"
    if one[1] != other[1]:
        yield f"other people: {sorted(one[1] ^ other[1])[:5]}"
    if one[2].keys() != other[2].keys():
        yield "other faces"
        return
    apart = max(float(np.abs(one[2][key] - other[2][key]).max()) for key in one[2])
    if apart > 1e-3:  # half a step of float16 at 1; the stages themselves agree within 1e-4
        yield f"embeddings differ by {apart:.1e}"


def _report(hits: Counter[str], rounds: int, broken: tuple[str, ...], seed: int) -> Report:
    held = "held" if not broken else "broken, see below"
    return Report(
        name="kills_faces",
        title="kill -9 while faces are sorted",
        about=ABOUT.format(days=DAYS, rounds=rounds, seed=seed),
        tables=(
            Table(
                title=f"{hits.total()} kills",
                columns=("killed at", "times"),
                rows=tuple((at, str(n)) for at, n in sorted(hits.items(), key=lambda hit: (-hit[1], hit[0]))),
            ),
        ),
        verdicts=(f"the same faces, people, numbers, names and files as without a kill: {held}",),
        broken=broken,
    )


ABOUT = """
{days} drops into one collection, of the 37 pictures of the demo; after the first, a folder is renamed and a picture
moved. {rounds} rounds (seed {seed}). Half of the kills hit the daemon at a labelled step of preparing, of state or tree
(where that drop does not pass it: wherever the daemon is after 25 s, or when it is done), half a stage that runs, and
then the daemon. Each round must end like one without a kill.
""".strip()
