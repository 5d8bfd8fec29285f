"""Faces: how many pictures a second become embeddings, against the networks alone and against one picture at a time.

Each way runs in processes of its own on the same pictures, the ways in turns, so that other load hits all alike.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.figures import median
from bench.place import ROOT, environment
from bench.report import Report, Table
from bench.ways import CLASSIC, COUNT, PICTURES, Rate

TIMES = 5
CORES = 2
BEST, TWICE = 0.85, 2.0
"""Of the networks alone, and of one picture at a time, that were promised."""
ABOUT = f"""
Pictures of LFW (250 px) with the pack buffalo_sc, {COUNT} for each process, start-up apart. embed: the stage's own
code from file to stored part (decoding, detection at the size that suits the picture, alignment, recognition,
quality, chips, checkpoints), {CORES} processes of one thread side by side, as two shards run. networks alone: bare
onnxruntime with inputs that are in memory already, as many and as large as embed shows it: the better of {CORES}
processes of one thread and one process of {CORES} threads, at the best of several batches. one at a time: what
FaceAnalysis does, picture by picture: decode, detection at {CLASSIC} px, alignment, recognition by ones, {CORES}
threads (insightface's own code where that is installed, else the same steps). at {CLASSIC}: every picture enlarged to
{CLASSIC} px, to compare with the figures of others. The ways take turns; a row is the median of {TIMES}, and a ratio
the median of the ratios of runs of one turn. a CPU second: pictures by the CPU time that the processes used, which
other load on the cores changes least.
""".strip()


def measure(folder: Path) -> Report:
    """The rates, in turns."""
    if not PICTURES.is_dir():
        return Report(name="faces", title="Pictures into embeddings", about="The pictures are not here.", tables=())
    ways: Mapping[str, Callable[[Path], Rate]] = {
        "embed": lambda at: _together("embed", CORES, 1, at),
        "networks alone": lambda at: max(_together("bare", CORES, 1, at), _together("bare", 1, CORES, at)),
        f"embed at {CLASSIC}": lambda at: _together("embed-640", CORES, 1, at),
        f"networks alone at {CLASSIC}": lambda at: _together("bare-640", CORES, 1, at),
        "one at a time": lambda at: _together("single", 1, CORES, at),
    }
    rates: dict[str, list[Rate]] = {name: [] for name in ways}
    for turn in range(TIMES):
        for name, way in ways.items():
            at = folder / f"{turn}-{name.replace(' ', '-')}"
            at.mkdir()
            rates[name].append(way(at))
    floor = _ratio(rates["embed"], rates["networks alone"])
    classic = _ratio(rates[f"embed at {CLASSIC}"], rates[f"networks alone at {CLASSIC}"])
    single = _ratio(rates["embed"], rates["one at a time"])
    ratios = (
        ("embed / networks alone", f"{floor.wall:.2f}", f"{floor.cpu:.2f}", f"{BEST}"),
        (f"the same at {CLASSIC}", f"{classic.wall:.2f}", f"{classic.cpu:.2f}", f"{BEST}"),
        ("embed / one at a time", f"{single.wall:.2f}", f"{single.cpu:.2f}", f"{TWICE}"),
    )
    return Report(
        name="faces",
        title="Pictures into embeddings",
        about=ABOUT,
        tables=(
            Table(
                title="Pictures", columns=("way", "a second", "a CPU second", "each turn, a second"), rows=_rows(rates)
            ),
            Table(title="Ratios", columns=("of", "a second", "a CPU second", "wanted"), rows=ratios),
        ),
        verdicts=(
            f"embed reaches {floor.wall:.0%} of the networks alone, {BEST:.0%} wanted: {_held(floor.wall >= BEST)}.",
            f"embed is {single.wall:.2f} times one at a time, {TWICE:g} wanted: {_held(single.wall >= TWICE)}.",
        ),
    )


def _rows(rates: Mapping[str, list[Rate]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            name,
            f"{median([one.wall for one in each]):.1f}",
            f"{median([one.cpu for one in each]):.1f}",
            ", ".join(f"{one.wall:.1f}" for one in each),
        )
        for name, each in rates.items()
    )


def _held(held: bool) -> str:
    return "held" if held else "not held"


def _ratio(above: list[Rate], below: list[Rate]) -> Rate:
    pairs = list(zip(above, below, strict=True))
    return Rate(wall=median([a.wall / b.wall for a, b in pairs]), cpu=median([a.cpu / b.cpu for a, b in pairs]))


def _together(way: str, processes: int, threads: int, folder: Path) -> Rate:
    """The rate of so many processes side by side, of so many threads each."""
    command = [sys.executable, "-c", f"from bench.ways import work; work({way!r}, {threads}, {str(folder)!r})"]
    share = dict.fromkeys(("VISAGED_CPUS", "OMP_NUM_THREADS"), str(threads))
    variables = {**environment(), **share, "CUDA_VISIBLE_DEVICES": ""}
    with ThreadPoolExecutor(processes) as pool:
        runs = [pool.submit(_ran, command, variables) for _ in range(processes)]
        figures = [run.result() for run in runs]
    return Rate(wall=sum(one["wall"] for one in figures), cpu=sum(one["cpu"] for one in figures) / len(figures))


def _ran(command: list[str], variables: dict[str, str]) -> dict[str, Any]:
    ran = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))
