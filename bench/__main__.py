"""``python -m bench [NAME...]``: run all benches, or some, and write their tables."""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import (
    clusters,
    docker,
    faces,
    fronts,
    idle,
    images,
    kills,
    kills_faces,
    kills_talking,
    morph,
    noop,
    report,
    scan,
    talking,
    talking_drawn,
    talking_near,
    talking_voices,
)
from bench.place import ROOT
from bench.report import Report
from daemon import models
from pipelines.faces.registry import WEIGHTS
from pipelines.talking_head import ENGINES


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is run. folder: an empty one, which the bench may fill."""

    run: Callable[[Path], Report]
    about: str


def main(argv: list[str]) -> int:
    """Afterwards the tables are written; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benches to run; without any: all")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the kills; else one by chance")
    parser.add_argument("--kills", type=int, default=50, help="how often the daemon is killed")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="which draws in talking_*; else each")
    args = parser.parse_args(argv)
    benches = _benches(args.seed, args.kills, args.engine or ENGINES)
    if unknown := {name for name in args.names if not _asked(name, benches)}:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(benches)}")
    chosen = [one for name in args.names for one in _asked(name, benches)] or list(benches)
    return max(_run(name, benches[name], _command(name, args)) for name in chosen)


def _asked(name: str, benches: Collection[str]) -> list[str]:
    """The bench of that name, else those that it is the family of: ``talking`` is all that begin with ``talking_``."""
    return [name] if name in benches else [one for one in benches if one.startswith(f"{name}_")]


def _benches(seed: int, times: int, engines: Sequence[str]) -> Mapping[str, Bench]:
    return {
        "scan": Bench(run=scan.measure, about="many files at once"),
        "noop": Bench(run=noop.measure, about="the daemon's own cost of a job"),
        "idle": Bench(run=idle.measure, about="the cost of waiting"),
        "morph": Bench(run=morph.measure, about="a pair of heads"),
        "faces": Bench(run=faces.measure, about="pictures a second, from file to stored embedding"),
        "clusters": Bench(run=clusters.measure, about="embeddings into people, up to half a million (20 minutes)"),
        "talking_codes": Bench(run=talking.measure, about="whether a mouth's codes follow the audio (3 minutes)"),
        "talking_voices": Bench(run=talking_voices.measure, about="what other voices do to a mouth (2 minutes)"),
        "talking_drawn": Bench(
            run=lambda folder: talking_drawn.measure(folder, engines),
            about="whether a drawn mouth follows the audio (8 minutes an engine)",
        ),
        "talking_near": Bench(
            run=lambda folder: talking_near.measure(folder, engines),
            about="how near pictures come to the truth (5 minutes an engine)",
        ),
        "fronts": Bench(run=fronts.measure, about="what each front end tells of the mouth (three minutes)"),
        "images": Bench(run=images.measure, about="weight and build time of the images; needs a Docker engine"),
        "docker": Bench(run=docker.measure, about="what a container costs a stage; needs a Docker engine"),
        "kills_docker": Bench(
            run=lambda folder: kills.measure(folder, seed, times, containers=True),
            about=f"{times} kills, seed {seed}, stages in containers; needs a Docker engine",
        ),
        "kills_faces": Bench(
            run=lambda folder: kills_faces.measure(folder, seed, times, weights()),
            about=f"{times} kills, seed {seed}, while faces are sorted",
        ),
        "talking_gpu": Bench(run=_talking_gpu, about="heads on a GPU (twenty minutes), else what is the floor (three)"),
        "talking_parts": Bench(run=_talking_parts, about="what the parts of a talking head take (two minutes)"),
        "kills_talking": Bench(
            run=lambda folder: kills_talking.measure(folder, talking.weights()),
            about="18 kills while somebody is learned and rendered (a quarter of an hour)",
        ),
        "kills": Bench(run=lambda folder: kills.measure(folder, seed, times), about=f"{times} kills, seed {seed}"),
    }


def _talking_gpu(folder: Path) -> Report:
    from bench import talking_gpu  # noqa: PLC0415  torch and Triton are extras

    return talking_gpu.measure(folder)


def _talking_parts(folder: Path) -> Report:
    from bench import talking_parts  # noqa: PLC0415  as above

    return talking_parts.measure(folder)


def weights() -> Path:
    """The folder of weights for the benches of faces, filled once."""
    folder = Path(os.environ.get("VISAGED_MODELS") or ROOT / ".cache" / "models")
    if failed := models.fetch([one for one in WEIGHTS if one.pack == "buffalo_sc"], folder):
        raise SystemExit(failed.reason)
    return folder


def _command(name: str, args: argparse.Namespace) -> str:
    by_chance = name.startswith("kills") and name != "kills_talking"
    options = ["--seed", str(args.seed), "--kills", str(args.kills)] if by_chance else []
    drawn = name in {"talking_drawn", "talking_near"}
    options += [word for one in args.engine or () for word in ("--engine", one)] if drawn else []
    return shlex.join(["python", "-m", "bench", *options, name])


def _run(name: str, bench: Bench, command: str) -> int:
    print(f"{name}: {bench.about} …", file=sys.stderr, flush=True)
    folder = Path(tempfile.mkdtemp(prefix=f"visaged-bench-{name}-"))
    where, began = report.conditions(command, folder), time.monotonic()
    found = bench.run(folder)
    path = report.write(found, where)
    print(path.read_text("utf-8"))
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if found.broken:
        print(f"{name}: a promise was broken; everything is still in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main(sys.argv[1:]))
