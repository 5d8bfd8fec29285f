"""kill -9 of the daemon, again and again: everything ends once, nothing is lost, nothing half is ever seen."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.parcels import KINDS, VARIED, Kind, Parcel, parcel
from bench.place import Place, set_up
from bench.report import Report, Table
from bench.sentry import Sentry
from daemon.cli.exits import Exit
from daemon.failpoints import Step
from daemon.model import Job, Status
from tests.containers import configured, have_image, ours

ELSEWHERE = Path("/dev/shm")
"""A second file system, where there is one, for an inbox that results do not share a disk with."""
OURS = frozenset({"STATUS.txt", ".visaged-inbox", "WHY.txt"})
OF_CONTAINERS = tuple(step for step in Step if step.startswith("docker:"))
OF_STATES = tuple(step for step in Step if step.startswith(("prepare:", "state:", "tree:", "forget:")))
"""Passed by what remembers, which is besieged in ``kills_faces``."""
LABELLED = 0.7
"""The share of kills at a labelled step; the others come at a time by chance."""
LONGEST = 4.0
"""Seconds after which a daemon that has not passed its step is killed wherever it is."""
END = 120.0
"""Seconds that the last daemon has to bring everything to its end."""


@dataclass(slots=True, kw_only=True)
class Siege:
    """A bench under way. far: an inbox on another file system, or None. hits: label, or "any time" -> kills.

    longest: seconds after which a daemon that has not passed its step is killed wherever it is.
    """

    place: Place
    steps: tuple[Step, ...]
    longest: float
    far: Path | None
    chance: random.Random
    dropped: list[Parcel] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def measure(folder: Path, seed: int, times: int, *, containers: bool = False) -> Report:
    """So many kills, one run to the end, and every promise looked at. containers: stages run in them."""
    with _other_inbox() as far:
        siege = Siege(
            place=_set_up(folder / "place", far, containers=containers),
            far=far,
            chance=random.Random(seed),
            steps=tuple(
                OF_CONTAINERS if containers else (step for step in Step if step not in (*OF_CONTAINERS, *OF_STATES))
            ),
            longest=LONGEST * (2 if containers else 1),
        )
        sentry = Sentry(siege.place.root / "results", siege.texts)
        sentry.start()
        for label in _labels(siege, times):
            _kill_once(siege, label)
        siege.broken += _run_to_the_end(siege.place)
        sentry.stop()
        siege.broken += [*sentry.faults, *_judged(siege)]
        if containers and (left := ours(siege.place.root / "work")):
            siege.broken.append(f"containers are left over: {', '.join(left)}")
    report = _report(siege, sentry, seed)
    return replace(report, name="kills_docker", title=f"{report.title}, with containers") if containers else report


def _set_up(root: Path, far: Path | None, *, containers: bool) -> Place:
    other = f'[[inbox]]\nname = "far"\npath = "{far}"\n' if far else ""
    if not containers:
        return set_up(root, "settle_seconds = 0.2", rest=other)
    have_image()
    return set_up(root, 'settle_seconds = 0.2\nrunner = "docker"', rest=other + configured("noop", "counted"))


@contextlib.contextmanager
def _other_inbox() -> Iterator[Path | None]:
    if not os.access(ELSEWHERE, os.W_OK):
        yield None
        return
    folder = ELSEWHERE / f"visaged-bench-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


# ---------------------------------------------------------------- one kill


def _labels(siege: Siege, times: int) -> Sequence[Step | None]:
    """Where the daemon shall be killed: every step about as often as the others, else (None) anywhere."""
    reached = [step for step in siege.steps if step is not Step.RETURN_FIRST]  # nothing here changes while it is taken
    labelled = [reached[n % len(reached)] for n in range(round(times * LABELLED))]
    labels = [*labelled, *[None] * (times - len(labelled))]
    siege.chance.shuffle(labels)
    return labels


def _kill_once(siege: Siege, label: Step | None) -> None:
    """Something is dropped, a daemon runs, something more is dropped, the daemon is killed, nothing is missing."""
    chance = siege.chance
    limit = siege.longest if label else chance.uniform(0.3, 2.5)
    for kind in VARIED:
        _drop(siege, kind)
    daemon = siege.place.start(f"{label}:{chance.choice((1, 1, 2))}" if label else "")
    time.sleep(chance.uniform(0.0, 1.0))
    _drop(siege, chance.choice(KINDS))
    try:
        daemon.wait(limit)
        at = str(label) if label else "ended by itself"
    except subprocess.TimeoutExpired:
        at = "any time"
        daemon.kill()
        daemon.wait()
    if daemon.returncode != -9:
        siege.broken.append(f"the daemon ended with {daemon.returncode} (armed: {label})")
    siege.hits[at] += 1
    found = _census(siege)
    siege.broken += (f"after {at}, {p.item} was nowhere" for p in siege.dropped if p.digests - found.keys())


def _drop(siege: Siege, kind: Kind) -> None:
    new = parcel(kind, len(siege.dropped), siege.chance)
    if new.result and new.text:
        siege.texts[new.result] = new.text
    far = siege.far is not None and siege.chance.random() < 0.4
    for top in new.tops:
        _put(siege, new, top, siege.far if far else siege.place.inbox)
    siege.dropped.append(new)


def _put(siege: Siege, new: Parcel, top: str, inbox: Path | None) -> None:
    files = {path: content for path, content in new.files.items() if path == top or path.startswith(f"{top}/")}
    if inbox == siege.place.inbox:
        siege.place.drop(files, top)
        return
    hidden = Path(f"{inbox}-dropping")
    for path, content in files.items():
        (hidden / path).parent.mkdir(parents=True, exist_ok=True)
        (hidden / path).write_bytes(content)
    target = Path(str(inbox), top)
    target.parent.mkdir(parents=True, exist_ok=True)
    (hidden / top).rename(target)
    shutil.rmtree(hidden)


def _run_to_the_end(place: Place) -> Iterator[str]:
    try:
        ran = place.visaged("run", "--once", timeout=END)
    except subprocess.TimeoutExpired:
        yield f"the last run did not come to an end within {END:g} s"
        return
    if ran.returncode not in {Exit.OK, Exit.FAILED}:
        yield f"the last run ended with {ran.returncode}: {ran.stderr[-500:]}"


# ---------------------------------------------------------------- what must be true


def _census(siege: Siege) -> Counter[str]:
    """The content of every file that is the user's, and how often it is there."""
    roots = [siege.place.root / name for name in ("inbox", "work", "archive", "failed")]
    roots += [siege.far] if siege.far else []
    files = (p for root in roots for p in root.rglob("*") if p.is_file() and p.name not in OURS)
    found: Counter[str] = Counter()
    for path in files:
        with contextlib.suppress(FileNotFoundError):  # a stage that runs may replace its own files
            found[hashlib.sha256(path.read_bytes()).hexdigest()] += 1
    return found


def _judged(siege: Siege) -> Iterator[str]:
    found = _census(siege)
    jobs: dict[str, list[Job]] = {}
    for job in siege.place.jobs():
        if job.status is not Status.RETURNED:
            jobs.setdefault(job.item, []).append(job)
    for one in siege.dropped:
        if any(found[digest] != 1 for digest in one.digests):
            yield f"{one.item}: its files are there {[found[digest] for digest in one.digests]} times"
        mine = jobs.pop(one.item, [])
        if [job.status for job in mine] != [one.becomes]:
            yield f"{one.item} should be {one.becomes}, and is {[(j.status.value, j.reason) for j in mine]}"
        else:
            yield from _started(siege.place, one, mine[0])
    yield from (f"there is a job {item} for nothing that was dropped" for item in jobs)
    yield from _results(siege)


def _started(place: Place, one: Parcel, job: Job) -> Iterator[str]:
    """A stage that ran when the daemon was killed is adopted: it never starts a second time."""
    attempts = place.attempts(job)
    again = [a for a in attempts if a.number > (one.starts or 1)]
    if again:
        yield f"{one.item}: attempt {again[0].number} of {again[0].stage}; before: {attempts[0].reason}"
    starts = place.root / "work" / job.id / "stages/noop/starts"
    if one.starts is not None and (lines := len(starts.read_text().splitlines())) != one.starts:
        yield f"{one.item}: its stage was started {lines} times"


def _results(siege: Siege) -> Iterator[str]:
    results = siege.place.root / "results"
    there = {str(p.relative_to(results)) for g in ("noop/*", "counted/*/*") for p in results.glob(g)}
    wanted = {one.result for one in siege.dropped if one.result}
    wanted |= {result.removesuffix(".txt") + ".receipt.json" for result in wanted if result.endswith(".txt")}
    yield from (f"the result {name} is missing" for name in sorted(wanted - there))
    yield from (f"there is a result {name} that nobody asked for" for name in sorted(there - wanted))


def _report(siege: Siege, sentry: Sentry, seed: int) -> Report:
    kinds = Counter(one.item.partition("-")[0] for one in siege.dropped)
    held = "held" if not siege.broken else "broken, see below"
    return Report(
        name="kills",
        title="kill -9, again and again",
        about=ABOUT.format(seed=seed, looks=f"{sentry.looks:,}", far="yes" if siege.far else "no"),
        tables=(
            Table(
                title=f"{sum(siege.hits.values())} kills",
                columns=("killed at", "times"),
                rows=tuple((at, str(n)) for at, n in sorted(siege.hits.items(), key=lambda hit: (-hit[1], hit[0]))),
            ),
            Table(
                title=f"{len(siege.dropped)} drops",
                columns=("kind", "drops"),
                rows=tuple((kind, str(n)) for kind, n in sorted(kinds.items())),
            ),
        ),
        verdicts=(f"every job ended exactly once, every byte is in one place, no half result was seen: {held}",),
        broken=tuple(siege.broken),
    )


ABOUT = """
A daemon is killed with SIGKILL at labelled steps and at times by chance (seed {seed}), while folders, loose pairs,
archives, stages that run long, crash or refuse, and keyed, sharded jobs are dropped; then one runs to the end. A
part of them is dropped into an inbox on another file system: {far}. After every kill each file that was dropped must
be somewhere; in the end in one place only. A thread looked at the result tree {looks} times meanwhile.
""".strip()
