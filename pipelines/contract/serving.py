"""The stage's side: the function that a pipeline's ``__main__`` calls, and what its stage functions are given."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.contract.exchange import (
    EXIT_BAD_INPUT,
    EXIT_UNREADY,
    Input,
    Progress,
    Refusal,
    Request,
    Result,
    dump,
    read_request,
    stage_folder,
    write_atomic,
)


class BadInput(Exception):
    """Raised by a stage whose input cannot be used.

    The message is shown to the user as it is: what is wrong, in which file, what to do.
    """


class Unready(Exception):
    """Raised by a stage that cannot run here, whatever its input: packages or certificates are missing.

    The message is shown to the user as it is: what is missing, and how to get it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a stage function gets: the job folder, its own folder, and the request."""

    job: Path
    folder: Path
    request: Request
    stage: str
    shard: str | None = None

    def path(self, entry: Input) -> Path:
        """Where an input lies."""
        return self.job / entry.path

    def earlier(self, stage: str) -> Path:
        """The folder of a stage that ran before this one."""
        return self.job / "stages" / stage

    def weights(self, name: str) -> Path:
        """Where a file of weights lies, of those that the pipeline declares."""
        return Path(os.environ["VISAGED_MODELS"], name)

    @property
    def state(self) -> Path | None:
        """The folder of the revision to read, or None where the key has no state yet."""
        return self.job / self.request.state if self.request.state else None

    def progress(self, done: float, total: float, unit: str, note: str = "") -> None:
        """Append one line of progress; many writers may append at once (one write of less than a page)."""
        line = Progress(
            stage=self.stage, done=done, total=total, unit=unit, note=note[:200], shard=self.shard, at=time.time()
        )
        with (self.job / "progress.jsonl").open("ab", buffering=0) as file:
            file.write(dump(line) + b"\n")


StageFunction = Callable[[Work], Result]


def cores() -> int:
    """How many cores this stage was given: ``VISAGED_CPUS``, else those it may run on."""
    given = os.environ.get("VISAGED_CPUS")
    return max(1, int(float(given))) if given else len(os.sched_getaffinity(0))


def memory() -> int:
    """How many bytes of memory this stage was given: ``VISAGED_MEMORY``; 0: any, or nobody has said."""
    return int(os.environ.get("VISAGED_MEMORY") or 0)


FOREIGN = (
    "What runs the stages of {pipeline} is of another version than the daemon that asks it, most likely older: {why} "
    "Where stages run in containers, build their images anew (`make images`); where they do not, install visaged once "
    "more and start the daemon again."
)


def _agreed(work: Work, stages: Iterable[str], options: type | None) -> None:
    """Raises Unready for what a daemon of another version asks, as an image that is older than the daemon hears it."""
    if why := _unknown(work, stages, options):
        raise Unready(FOREIGN.format(pipeline=work.request.pipeline, why=why))


def _unknown(work: Work, stages: Iterable[str], options: type | None) -> str:
    """What of the request is not known here, as a sentence; empty: nothing."""
    if work.stage not in stages:
        return f"it does not know the stage {work.stage}."
    if options is None:
        return ""
    given = work.request.options
    if strange := sorted(given.keys() - {one.name for one in dataclasses.fields(options)}):
        return f"it does not know the option {', '.join(strange)}."
    try:
        options(**given)
    except (TypeError, ValueError) as error:
        return f"it does not take an option: {error}."
    return ""


def _work(argv: Sequence[str], stages: Iterable[str]) -> Work:
    """What the command line asks for: ``<stage> <job folder> [--shard <name>]``.

    By hand, because argparse would be a tenth of the time that a small stage takes to start.
    """
    match argv:
        case [stage, job]:
            shard = None
        case [stage, job, "--shard", shard]:
            pass
        case _:
            sys.exit(f"usage: <stage> <job folder> [--shard <name>]; the stages are {', '.join(sorted(stages))}")
    folder = stage_folder(Path(job), stage, shard)
    return Work(job=Path(job), folder=folder, request=read_request(Path(job)), stage=stage, shard=shard)


def serve(
    stages: Mapping[str, StageFunction], argv: Sequence[str] | None = None, *, options: type | None = None
) -> int:
    """Run the stage that the command line names and return its exit status.

    options: the dataclass that those of the request have to fit; where they do not, the stage is not run (Unready).
    0 leaves a ``result.json``, EXIT_BAD_INPUT and EXIT_UNREADY a ``refusal.json``.
    Any other exception leaves a traceback on stderr (the stage's log) and status 1.
    """
    work = _work(sys.argv[1:] if argv is None else argv, stages)
    folder = work.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _agreed(work, stages, options)
        result = stages[work.stage](work)
    except (BadInput, Unready) as refusal:
        write_atomic(folder / "refusal.json", dump(Refusal(reason=str(refusal))))
        print(f"refused: {refusal}", file=sys.stderr)
        return EXIT_BAD_INPUT if isinstance(refusal, BadInput) else EXIT_UNREADY
    write_atomic(folder / "result.json", dump(result))
    return 0
