"""Results that are a folder or a file: a folder appears by one rename; a file, then its receipt, by one each.

The trees that some pipelines keep of a key are written by ``daemon.tree``.

A result is assembled in ``preparing/`` of the job's work folder, made durable, and becomes ``publishing/`` by one
rename. From then on what is still in ``publishing/`` has to be shown, what is not has been; empty means done::

    result          the stage's folder (with WHY.txt, SEE.txt and receipt.json in it) or the stage's file
    WHY.txt         beside a file, where something failed
    beside.<name>   beside a file, what else there is of it
    receipt.json    beside a file
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.custody.places import Occupied
from daemon.failpoints import Step, step
from daemon.folders import Ownership, flush, make_folder, names_in, remove, sync_folder, trouble, walk
from daemon.model import Failed, Kind
from daemon.moves import move, rename_new
from daemon.names import safe, shown, unused
from daemon.receipt import Receipt, made_by, receipt
from daemon.why import WHY, note, write_why
from pipelines.contract import Publish, write_atomic

__all__ = ["Publication", "Receipt", "choose_target", "ending", "publish", "published", "receipt"]

_RESULT: Final = "result"
_RECEIPT: Final = "receipt.json"
_SEE: Final = "SEE.txt"
_ALSO: Final = "beside."
_BESIDE: Final = {WHY: f".{WHY}", _RECEIPT: f".{_RECEIPT}"}
"""What stands beside a file, in this order: how its name ends, after the target's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A result on its way.

    staged: what the last stage left, a folder or a file; None: only the receipt and notes are published, in a folder.
    work: the job's work folder. results: the folder that the result appears in. target: its name there, without a
    suffix, from ``choose_target``. receipt: from ``receipt``. why: what failed of it; see: where the result is that
    answers for this job; both in plain words. beside: what the last stage left to stand beside a file.
    """

    job: str
    staged: Path | None
    work: Path
    results: Path
    target: str
    receipt: bytes
    ownership: Ownership
    why: str | None = None
    see: str | None = None
    beside: tuple[Path, ...] = ()

    @property
    def preparing(self) -> Path:
        """Where the result is assembled."""
        return self.work / "preparing"

    @property
    def publishing(self) -> Path:
        """Where the result waits when it is complete."""
        return self.work / "publishing"


def ending(beside: Path) -> str:
    """How the name ends of what stands beside a file, after the target's name."""
    return f".{beside.name}"


def choose_target(results: Path, name: str, publish: Publish, suffixes: Sequence[str] = ()) -> str:
    """A name that nothing in results has yet, in any case, safe for every file system; a used one gets ``-2``.

    suffixes: of the file that will be published (``.mp4``), and of what stands beside it. Only a look: save it, then
    ``publish``.
    """
    endings = ("",) if publish is Publish.FOLDER else (*suffixes, *_BESIDE.values())
    return unused(safe(name), names_in(results), endings)


def publish(plan: Publication) -> Occupied | Failed | None:
    """Afterwards the result is in the result tree: whole, durable, with its receipt and the ownership (None).

    Occupied: something else has taken the name since ``choose_target``; nothing of ours is visible, another target can
    be given. Failed: infrastructure, and the same call completes it; or what the stage left cannot be published.
    """
    try:
        _forget_earlier(plan)
        if not os.path.lexists(plan.publishing) and (failed := _prepare(plan)):
            return failed
        make_folder(plan.results, plan.ownership)
        if occupied := _show(plan):
            return occupied
    except OSError as error:
        return trouble(error)
    step(Step.PUBLISH_RENAMED)
    return None


def published(results: Path, target: str, job: str) -> bool:
    """Whether the result of that name is there, complete, and the job's own."""
    return job in {made_by(results / target / _RECEIPT), made_by(results / (target + _BESIDE[_RECEIPT]))}


def _forget_earlier(plan: Publication) -> None:
    """Where something is staged still or again, what is prepared is of an earlier run: preparing takes it away."""
    if plan.staged is not None and os.path.lexists(plan.staged):
        remove(plan.preparing)
        remove(plan.publishing)


def _prepare(plan: Publication) -> Failed | None:
    """Assemble the result, the receipt last, make it durable, and say by one rename that it is complete."""
    result = plan.preparing / _RESULT
    make_folder(plan.preparing, plan.ownership)
    if not os.path.lexists(result):
        if failed := _set_aside(plan, result):
            return failed
        step(Step.PUBLISH_STAGED)
    inside = result if result.is_dir() else plan.preparing
    if not result.is_dir() and (failed := _put_beside(plan)):
        return failed
    if plan.why is not None:
        write_why(inside, plan.why, plan.ownership)
    if plan.see is not None:
        write_atomic(inside / _SEE, note(plan.see))
    write_atomic(inside / _RECEIPT, plan.receipt)
    _own(plan.ownership, plan.preparing)
    flush(plan.preparing)
    step(Step.PUBLISH_RECEIPT)
    rename_new(plan.preparing, plan.publishing)
    sync_folder(plan.work)
    return None


def _set_aside(plan: Publication, result: Path) -> Failed | None:
    if plan.staged is None:
        result.mkdir()
        return None
    if not os.path.lexists(plan.staged):
        return Failed(f"The last stage's result ({shown(plan.staged.name)}) is gone; retry the job.", Kind.CRASH)
    for path in walk(plan.staged):
        if not stat.S_ISREG(path.lstat().st_mode):
            return Failed(
                f"The last stage's result holds {shown(path.name)}, which is a link or a device and not a file. "
                "This is a fault of the pipeline; report it.",
                Kind.CRASH,
            )
    rename_new(plan.staged, result)
    return None


def _put_beside(plan: Publication) -> Failed | None:
    """Afterwards what stands beside the file is prepared too, copied: so it can be done again after a kill."""
    for path in plan.beside:
        if not stat.S_ISREG(path.lstat().st_mode if os.path.lexists(path) else 0):
            told = (
                f"What the last stage left beside its result ({shown(path.name)}) is gone, or no file; retry the job."
            )
            return Failed(told, Kind.CRASH)
        shutil.copyfile(path, plan.preparing / f"{_ALSO}{path.name}")
    return None


def _own(ownership: Ownership, folder: Path) -> None:
    for root, _, files in os.walk(folder):
        ownership.give(Path(root))
        for name in files:
            ownership.give(Path(root, name))


def _show(plan: Publication) -> Occupied | None:
    places = _places(plan)
    taken = _taken(plan, places)
    for part, place in places.items():
        if taken is None and os.path.lexists(part):
            if made_by(place / _RECEIPT) == plan.job:
                remove(part)  # killed after it was copied into its place, which the user may have changed since
            elif not move(part, place):
                taken = place
            step(Step.PUBLISH_FIRST)
    if taken is None:
        return None
    for part, place in reversed(places.items()):
        if not os.path.lexists(part) and os.path.lexists(place):
            move(place, part)
    return Occupied(taken)


def _places(plan: Publication) -> dict[Path, Path]:
    """Where each part goes that is, or was, in publishing, in the order in which they are shown."""
    if not names_in(plan.publishing):
        return {}
    result = plan.publishing / _RESULT
    if result.is_dir():
        return {result: plan.results / plan.target}
    suffix = plan.staged.suffix if plan.staged else ""
    parts = {result: plan.results / (plan.target + suffix)}
    parts |= {plan.publishing / f"{_ALSO}{one.name}": plan.results / (plan.target + ending(one)) for one in plan.beside}
    if plan.why is not None:
        parts[plan.publishing / WHY] = plan.results / (plan.target + _BESIDE[WHY])
    parts[plan.publishing / _RECEIPT] = plan.results / (plan.target + _BESIDE[_RECEIPT])
    return parts


def _taken(plan: Publication, places: dict[Path, Path]) -> Path | None:
    """A place beside the file that is not free, looked for before anything becomes visible."""
    result = plan.publishing / _RESULT
    if not os.path.lexists(result):
        return None
    beside = ((part, place) for part, place in places.items() if part != result)
    return next((place for part, place in beside if os.path.lexists(part) and os.path.lexists(place)), None)
