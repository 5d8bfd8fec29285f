"""The record of a tree: how we last left it, and, while it is being changed, the journal of what shall be done.

Both lie in the folder of the key's state. The journal names the record that it goes on from; a journal of another
record is of no account. In the tree's root ``.visaged-tree`` holds the id that its record has too: without it
nothing is concluded from files that are not there.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from daemon.folders import open_plain, sync_folder
from daemon.tree.words import Applied, Entry, Found, Identity, Owner
from pipelines.contract import Fault, write_atomic

RECORD: Final = "tree.jsonl"
JOURNAL: Final = "tree.journal.jsonl"
MARKER: Final = ".visaged-tree"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """It is intended that path shall hold this. origin: from where it is moved; None: it is new there."""

    path: str
    sha256: str
    leaf: str
    tag: str
    owner: Owner
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What a change of the tree intended, and what of it is known to be done.

    leaving: what shall go away, by its path in the record -> where it is. done: as they were left.
    """

    job: str
    puts: tuple[Put, ...]
    leaving: Mapping[str, str]
    done: Mapping[str, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a tree was left. id: of its marker; None: there is no record yet. entries: by path.

    number: how often it was written. known: hashes of files that are not ours, so that they are read once. job: the
    last that changed the tree; whole: whether it has come to its end; applied: what came of it until now. journal: of a
    change that was broken off.
    """

    id: str | None = None
    number: int = 0
    job: str = ""
    whole: bool = True
    applied: Applied = field(default_factory=Applied)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    known: Mapping[Identity, str] = field(default_factory=dict)
    journal: Journal | None = None

    def hashes(self) -> dict[Identity, str]:
        """The contents of all files that are known, by identity."""
        done = self.journal.done.values() if self.journal else ()
        return {**self.known, **{entry.identity: entry.sha256 for entry in (*self.entries.values(), *done)}}


def recorded(state_root: Path) -> Record:
    """How the tree was last left; an empty record where it never was. Raises OSError."""
    try:
        lines = _lines(state_root / RECORD)
    except FileNotFoundError:
        return Record()
    if not lines or lines[0].get("format") != _FORMAT:
        return Record()  # of no use: the tree is then looked at as if it were not ours
    head, entries, known = lines[0], {}, {}
    for line in lines[1:]:
        if "path" in line:
            entry = _entry(line)
            entries[entry.path] = entry
        else:
            known[_identity(line)] = str(line["sha256"])
    return Record(
        id=str(head["id"]),
        number=int(head["number"]),
        job=str(head["job"]),
        whole=bool(head["whole"]),
        applied=_applied(head["applied"]),
        entries=entries,
        known=known,
        journal=_journal(state_root, int(head["number"])),
    )


def write_record(state_root: Path, record: Record) -> None:
    """Afterwards the record is on disk, durably, and its journal, if there was one, is gone. Raises OSError."""
    state_root.mkdir(parents=True, exist_ok=True)
    head = {
        "format": _FORMAT,
        "id": record.id,
        "number": record.number,
        "job": record.job,
        "whole": record.whole,
        "applied": dataclasses.asdict(record.applied),
    }
    lines = [_line(head)]
    lines += [_line(_raw(record.entries[path])) for path in sorted(record.entries)]
    known = sorted(record.known.items(), key=lambda pair: (pair[0].inode, pair[0].size, pair[0].mtime_ns))
    lines += [_line(dataclasses.asdict(identity) | {"sha256": digest}) for identity, digest in known]
    write_atomic(state_root / RECORD, b"".join(lines))
    sync_folder(state_root)


def drop_journal(state_root: Path) -> None:
    """Afterwards there is no journal."""
    (state_root / JOURNAL).unlink(missing_ok=True)


def begin_journal(state_root: Path, record: Record, journal: Journal) -> None:
    """Afterwards it is on disk, durably, what shall be done to the tree that is as the record says. Raises OSError."""
    head = {"format": _FORMAT, "number": record.number, "job": journal.job}
    lines = [_line(head), *(_line({"leaving": was, "at": at}) for was, at in sorted(journal.leaving.items()))]
    lines += [_line({"put": dataclasses.asdict(put)}) for put in journal.puts]
    write_atomic(state_root / JOURNAL, b"".join(lines))
    sync_folder(state_root)


def note_done(state_root: Path, entries: Iterable[Entry]) -> None:
    """Afterwards the journal says that these are in their places. Raises OSError."""
    with (state_root / JOURNAL).open("ab", buffering=0) as file:
        file.write(b"".join(_line({"done": _raw(entry)}) for entry in entries))


def settle(record: Record, files: Mapping[str, Found]) -> Record:
    """The record as if the change that was broken off had been meant to end where it did; without a journal. Pure.

    Of what the journal intended, files tell what was done. A file of ours that is not where it was, and was to leave
    there, was moved or removed by us.
    """
    journal = record.journal
    if journal is None:
        return record
    entries = {
        path: entry
        for path, entry in record.entries.items()
        if path not in journal.leaving or _is_at(journal.leaving[path], entry, files)
    }
    for put in journal.puts:
        found = files.get(put.path)
        if found is not None and found.sha256 == put.sha256:
            entries[put.path] = Entry(
                path=put.path, identity=found.identity, sha256=put.sha256, leaf=put.leaf, tag=put.tag, owner=put.owner
            )
    entries |= journal.done  # some are under a name beside the one that was intended
    return dataclasses.replace(record, entries=entries, journal=None, known=record.hashes())


def _is_at(path: str, entry: Entry, files: Mapping[str, Found]) -> bool:
    return path in files and files[path].sha256 == entry.sha256


def _journal(state_root: Path, number: int) -> Journal | None:
    try:
        lines = _lines(state_root / JOURNAL)
    except FileNotFoundError:
        return None
    if not lines or lines[0].get("format") != _FORMAT or lines[0].get("number") != number:
        return None
    done = [_entry(line["done"]) for line in lines if "done" in line]
    return Journal(
        job=str(lines[0]["job"]),
        puts=tuple(Put(**{**line["put"], "owner": Owner(line["put"]["owner"])}) for line in lines if "put" in line),
        leaving={str(line["leaving"]): str(line["at"]) for line in lines if "leaving" in line},
        done={entry.path: entry for entry in done},
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file up to the first that is none: a power cut leaves half a line at the end."""
    with open_plain(path) as file:
        lines = file.read().splitlines()
    with suppress(ValueError):
        parsed: list[dict[str, Any]] = json.loads(b"[" + b",".join(lines) + b"]")  # many times faster than by line
        return parsed
    whole = []
    with suppress(ValueError):
        for line in lines:
            whole.append(json.loads(line))  # noqa: PERF401  what was read before the error counts
    return whole


def _line(raw: Mapping[str, Any]) -> bytes:
    return json.dumps(raw, separators=(",", ":")).encode("ascii") + b"\n"


def _raw(entry: Entry) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "path": entry.path,
        "inode": entry.identity.inode,
        "size": entry.identity.size,
        "mtime_ns": entry.identity.mtime_ns,
        "sha256": entry.sha256,
        "tag": entry.tag,
        "owner": entry.owner,
    }
    return raw if entry.leaf == entry.path else raw | {"leaf": entry.leaf}


def _entry(raw: Mapping[str, Any]) -> Entry:
    return Entry(
        path=raw["path"],
        identity=_identity(raw),
        sha256=raw["sha256"],
        leaf=raw.get("leaf", raw["path"]),
        tag=raw["tag"],
        owner=Owner(raw["owner"]),
    )


def _identity(raw: Mapping[str, Any]) -> Identity:
    return Identity(raw["inode"], raw["size"], raw["mtime_ns"])


def _applied(raw: Mapping[str, Any]) -> Applied:
    return Applied(**{**raw, "faults": tuple(Fault(**fault) for fault in raw["faults"]), "notes": tuple(raw["notes"])})
