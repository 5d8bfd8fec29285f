"""A tree becomes what is wanted: looked at, planned, journaled, changed and recorded; after a kill, the same again."""

from __future__ import annotations

import errno
import os
import re
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import make_folder, names_in, remove, sync_folder, trouble
from daemon.model import Failed
from daemon.moves import PARTIAL
from daemon.tree.carry import carry
from daemon.tree.disk import HELD, Disk, is_lost, marker_of, read_disk
from daemon.tree.ground import Seen, told
from daemon.tree.plan import plan
from daemon.tree.record import MARKER, Record, begin_journal, drop_journal, recorded, settle, write_record
from daemon.tree.steps import Plan
from daemon.tree.wants import wanted
from daemon.tree.words import Applied, TreeChange, name_of
from pipelines.contract import read_shown

_ID: Final = re.compile(r"[0-9a-f]{32}")


def apply(change: TreeChange) -> Applied | Failed:
    """Afterwards the tree holds what the stage wants, and the record says so; of the user's nothing is lost.

    What a user has put where something is wanted stays, and ours stands beside it; what a user has changed or moved
    since the stages looked is left to the next job. The same call after a kill, or a failure of the infrastructure,
    completes it; once more, it changes nothing. Failed: of the infrastructure, or of the pipeline.
    """
    try:
        return _apply(change)
    except OSError as error:
        return trouble(error)


def _apply(change: TreeChange) -> Applied | Failed:
    record = recorded(change.state_root)
    wants = wanted(change, record.hashes())
    if isinstance(wants, Failed):
        return wants
    if record.id is None or is_lost(change.tree, record):
        record = _begun(change, record)
    disk = read_disk(change.tree, record)
    if record.journal is not None:
        record = _settled(change, record, disk)
    todo = plan(wants, disk, record, _seen(change, record), change.sources)
    if not todo.changes:
        return _recorded(change, record, todo)
    _discard(change)
    begin_journal(change.state_root, record, todo.journal(change.job))
    step(Step.TREE_INTENT)
    entries, applied = carry(change, todo)
    applied = _sum(_so_far(change, record), applied)
    _write(change, record, replace(todo, stay={**todo.stay, **entries}), applied)
    step(Step.TREE_RECORDED)
    _tidy(change)
    return applied


def _begun(change: TreeChange, record: Record) -> Record:
    """Afterwards there is a tree, of which a record says that nothing in it is ours. Raises OSError."""
    if record.id is not None and not change.tree.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT,
            "the folder of this result tree is gone; mount its share, or make the folder again",
            os.fspath(change.tree.parent),
        )
    make_folder(change.tree, change.ownership)
    there = marker_of(change.tree)
    id_ = there if there is not None and there != record.id and _ID.fullmatch(there) else uuid.uuid4().hex
    begun = Record(id=id_, number=record.number + 1, known=record.hashes())
    write_record(change.state_root, begun)
    step(Step.TREE_BEGUN)
    scratch = change.tree / PARTIAL / MARKER
    scratch.parent.mkdir(exist_ok=True)
    scratch.write_text(f"{id_}\n", encoding="ascii")
    change.ownership.give(scratch)
    scratch.replace(change.tree / MARKER)
    sync_folder(change.tree)
    return begun


def _settled(change: TreeChange, record: Record, disk: Disk) -> Record:
    """The record after a change that was broken off, which is on disk now too; what that did is counted."""
    journal = record.journal
    settled = settle(record, disk.files)
    if journal is None:
        return settled
    done = [put for put in journal.puts if put.path in settled.entries]
    moved = {put.origin for put in journal.puts}
    applied = Applied(
        placed=sum(put.origin is None for put in done),
        moved=sum(put.origin is not None for put in done),
        removed=sum(path not in moved and path not in disk.files for path in journal.leaving.values()),
    )
    if record.job == journal.job:
        applied = _sum(record.applied, applied)
    settled = replace(settled, number=record.number + 1, job=journal.job, whole=False, applied=applied)
    write_record(change.state_root, settled)
    drop_journal(change.state_root)
    return settled


def _recorded(change: TreeChange, record: Record, todo: Plan) -> Applied:
    """What came of a change that has nothing to do, or nothing any more. Where all is recorded, nothing is written."""
    now = Applied(left=len(todo.left), unknown=len(todo.unknown), faults=todo.faults, notes=todo.notes)
    applied = _sum(_so_far(change, record), now)
    if record.entries != todo.stay or record.known != todo.known or not record.whole:
        _write(change, record, todo, applied)
    _tidy(change)
    return applied


def _write(change: TreeChange, record: Record, done: Plan, applied: Applied) -> None:
    """Afterwards the record says that the job has left the tree so."""
    after = replace(record, job=change.job, whole=True, applied=applied, entries=done.stay, known=done.known)
    write_record(change.state_root, replace(after, number=record.number + 1))


def _so_far(change: TreeChange, record: Record) -> Applied:
    return record.applied if record.job == change.job else Applied()


def _sum(before: Applied, now: Applied) -> Applied:
    """What came of both; what is left or unknown is so now."""
    return replace(
        now,
        placed=before.placed + now.placed,
        moved=before.moved + now.moved,
        removed=before.removed + now.removed,
        kept=before.kept + now.kept,
    )


def _seen(change: TreeChange, record: Record) -> Seen | None:
    """What the job's stages were told, as far as the record does not know it by now."""
    if change.seen is None:
        return None
    again = record.job == change.job
    if again and record.whole:
        return Seen(again=True, over=True)
    with suppress(FileNotFoundError):
        return told(read_shown(change.seen), again=again)
    return None


def _discard(change: TreeChange) -> None:
    """Afterwards nothing is left of files that were being written; what was set aside stays."""
    for name in names_in(change.tree / PARTIAL):
        if name != name_of(HELD):
            remove(change.tree / PARTIAL / name)


def _tidy(change: TreeChange) -> None:
    """Afterwards nothing tells of the change but the tree and the record."""
    drop_journal(change.state_root)
    if not os.path.lexists(change.tree / PARTIAL):
        return
    _discard(change)
    for folder, _, _ in os.walk(change.tree / PARTIAL, topdown=False):
        with suppress(OSError):  # somebody else has put something there
            os.rmdir(folder)  # noqa: PTH106  a name that os.walk gave
