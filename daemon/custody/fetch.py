"""How the user's bytes come into the work folder: the originals themselves, copies of them, or links to them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from daemon.custody.order import Returned, Taking
from daemon.custody.places import back
from daemon.failpoints import Step, step
from daemon.folders import make_folder, names_in, remove, sync_folder, walk
from daemon.model import Failed, Kind, Take
from daemon.moves import Changed, copy, move, rename_new
from daemon.names import shown
from daemon.watch.scan import fingerprint, look

_CHANGED = "it changed while it was being taken"


def fetch(order: Taking) -> Returned | None:
    """Afterwards the tops themselves lie under their final name, or in the inbox again. Raises OSError."""
    if not os.path.lexists(order.final):
        held = _hold(order)
        if isinstance(held, Returned):
            return held
        step(Step.ACCEPT_RENAMED)
        if why := _changed(order, held):
            return _return(order, why)
        step(Step.ACCEPT_LOOKED)
    for held in (order.near, order.far):
        try:
            _finish(order, order.source(held))
        except Changed:
            return _return(order, _CHANGED)
        _leave(held)
    return None


def _finish(order: Taking, source: Path) -> None:
    if os.path.lexists(source):
        make_folder(order.final.parent, order.ownership)
        if not move(source, order.final):
            raise OSError(errno.EEXIST, f"it holds other files than {source}", os.fspath(order.final))


def _hold(order: Taking) -> Path | Returned:
    """Rename all tops away from their place, to the side of the work folder if that is one file system."""
    near, far = order.near, order.far
    held = far if os.path.lexists(far) else near
    try:
        missing = _rename_tops(order, held)
    except OSError as error:
        if error.errno != errno.EXDEV or held is far or names_in(near):
            raise
        near.rmdir()
        held = far
        missing = _rename_tops(order, held)
    if missing:
        return _return(order, f"{shown(missing)} was not there any more when the item was to be taken")
    return held


def _rename_tops(order: Taking, held: Path) -> str | None:
    """The first top that is missing, or None when all are held."""
    held.mkdir(exist_ok=True)
    for top in order.tops:
        src, dst = order.inbox / top, held / Path(top).name
        if os.path.lexists(dst):
            if os.path.lexists(src) and os.path.samestat(src.lstat(), dst.lstat()):
                src.unlink()  # killed between link and unlink, on a file system that has no exclusive rename
            continue
        if not os.path.lexists(src):
            return top
        rename_new(src, dst)
        step(Step.ACCEPT_FIRST)
    for folder in {held, held.parent, (order.inbox / order.tops[0]).parent}:
        sync_folder(folder)
    return None


def _changed(order: Taking, folder: Path) -> str | None:
    now = fingerprint(look([folder / Path(top).name for top in order.tops], order.ignored))
    return None if now == order.fingerprint else _CHANGED


def _return(order: Taking, why: str) -> Returned:
    for held in (order.near, order.far):
        for top in order.tops:
            if os.path.lexists(place := held / Path(top).name):
                back(place, order.inbox / top)
                step(Step.RETURN_FIRST)
        _leave(held)
    return Returned(f"{why}; it is in the inbox and is looked at again.")


def _leave(held: Path) -> None:
    with suppress(OSError):  # it was never there, or a system put a file of its own into it
        held.rmdir()


def duplicate(order: Taking) -> Returned | Failed | None:
    """Afterwards copies of the originals, or links to them, lie under their final name. Raises OSError.

    The originals are what the scan saw, before and after; else nothing is kept of them (Returned), as of what holds
    something else than plain files (Failed).
    """
    if os.path.lexists(order.final):
        return None
    copying = order.work / "copying"
    remove(copying)
    copying.mkdir()
    other = _put(order, copying)
    if other is None:
        step(Step.ACCEPT_RENAMED)
        _finish(order, order.source(copying))
    remove(copying)
    return other


def _put(order: Taking, copying: Path) -> Returned | Failed | None:
    put: Callable[[Path, Path], None] = copy if order.take is Take.COPY else _refer
    originals = [order.inbox / top for top in order.tops]
    try:
        if why := _changed(order, originals[0].parent):
            return Returned(f"{why}; it is looked at again.")
        if problem := strange(originals):
            return problem
        for original in originals:
            put(original, copying / original.name)
            step(Step.ACCEPT_FIRST)
        why = _changed(order, originals[0].parent)
    except (Changed, FileNotFoundError):
        why = _CHANGED
    return Returned(f"{why}; it is looked at again.") if why else None


def _refer(src: Path, dst: Path) -> None:
    """Afterwards dst holds a link to each file of src, under the same path."""
    if src.is_dir():
        dst.mkdir()
    for path in walk(src):
        link = dst / path.relative_to(src)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.absolute())


def strange(roots: Iterable[Path]) -> Failed | None:
    """The refusal of what holds something else than plain files at or below roots. Raises OSError."""
    for root in roots:
        for path in walk(root):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                continue
            name = shown(path.name if path == root else os.fspath(path.relative_to(root)))
            if stat.S_ISLNK(mode):
                what = (
                    f"a link to {shown(os.fspath(path.readlink()))}, and links are not followed; copy the file itself"
                )
            else:
                what = "a device, a pipe or a socket and holds no content; leave it out"
            return Failed(f"{name} is {what}.", Kind.BAD_INPUT)
    return None
