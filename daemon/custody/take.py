"""Taking an item: into the work folder, unpacked and hashed, or back into the inbox."""

from __future__ import annotations

from pathlib import Path

from daemon.custody.fetch import duplicate, fetch, strange
from daemon.custody.order import IN, Returned, Taken, Taking
from daemon.failpoints import Step, step
from daemon.folders import make_folder, trouble, walk
from daemon.model import Failed, Take
from daemon.moves import sha256
from daemon.unpack import unpack
from daemon.watch.members import archive_stem
from daemon.why import drop_why
from pipelines.contract import Input


def take(order: Taking) -> Taken | Returned | Failed:
    """Afterwards the item is whole in the work folder (Taken, Failed), or whole in the inbox again (Returned).

    Failed of kind infrastructure: the same call completes it later. Of kind bad input: the item lies where
    ``inputs_at`` says, or, copied or referenced, where it was.
    """
    try:
        make_folder(order.work, order.ownership)
        other = fetch(order) if order.take is Take.MOVE else duplicate(order)
        return other or _ready(order)
    except OSError as error:
        return trouble(error)


def _ready(order: Taking) -> Taken | Failed:
    step(Step.ACCEPT_IN)
    if order.take is not Take.REFERENCE:
        if problem := strange([order.final]):
            return problem
        drop_why(order.final)
    into = order.work / IN
    if order.archive:
        packed = next(path for path in walk(order.final) if archive_stem(path.name) is not None)
        if failed := unpack(packed, into, order.limits):
            return failed
    inputs = tuple(_input(order.work, path) for path in walk(into))
    step(Step.ACCEPT_HASHED)
    return Taken(inputs)


def _input(work: Path, path: Path) -> Input:
    digest, size = sha256(path.readlink() if path.is_symlink() else path)
    return Input(path=path.relative_to(work).as_posix(), role="", size=size, sha256=digest)
