"""What the last stage wants a tree to hold: its ``tree.jsonl``, read, checked, and hashed where it made the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from daemon.folders import walk
from daemon.model import Failed, Kind
from daemon.moves import sha256
from daemon.names import shown
from daemon.tree.words import Identity, Owner, TreeChange, Want, identity_of
from pipelines.contract import TREE, Leaf, read_leaves

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PIPELINE: Final = "This is a fault of the pipeline; report it."


def wanted(change: TreeChange, known: Mapping[Identity, str]) -> tuple[Want, ...] | Failed:
    """All files that the tree is to hold, what stands beside them last. known: hashes of files that the tree has.

    Failed: what the stage left is none; it is the pipeline's fault. Raises OSError.
    """
    try:
        leaves = tuple(read_leaves(change.staged / TREE))
    except FileNotFoundError:
        return Failed(f"The last stage left no {TREE}; retry the job.", Kind.CRASH)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Failed(f"The last stage's {TREE} cannot be read ({error}). {_PIPELINE}", Kind.CRASH)
    made = _made(change, known)
    for leaf in leaves:
        if problem := _problem(leaf, made):
            return Failed(
                f"The last stage wants {shown(leaf.path)!r} in the tree, but {problem}. {_PIPELINE}", Kind.CRASH
            )
    return (*_once(_want(leaf, made) for leaf in leaves), *_beside(change))


def _made(change: TreeChange, known: Mapping[Identity, str]) -> dict[str, tuple[Path, str]]:
    """Each plain file of the staged folder with its hash, by its path there."""
    near = change.tree.is_dir() and change.tree.stat().st_dev == change.staged.stat().st_dev
    made = {}
    for path in walk(change.staged):
        status = path.lstat()
        digest = known.get(identity_of(status)) if near else None  # a file that was linked into the tree before
        if path.is_symlink() or not path.is_file():
            continue
        made[path.relative_to(change.staged).as_posix()] = (path, digest or sha256(path)[0])
    return made


def _problem(leaf: Leaf, made: Mapping[str, tuple[Path, str]]) -> str | None:
    parts = leaf.path.split("/")
    if "\0" in leaf.path or any(part in {"", ".", ".."} for part in parts):
        return "that is no path below the tree's root"
    if (leaf.sha256 is None) == (leaf.file is None):
        return "says of it neither or both, whose content it has and who made it"
    if leaf.sha256 is not None and not _SHA256.fullmatch(leaf.sha256):
        return f"{shown(leaf.sha256)!r} is no SHA-256"
    if leaf.file is not None and leaf.file not in made:
        return f"{shown(leaf.file)!r} is no file that it left"
    return None


def _want(leaf: Leaf, made: Mapping[str, tuple[Path, str]]) -> Want:
    if leaf.file is None:
        return Want(path=leaf.path, sha256=str(leaf.sha256), place=leaf.place, tag=leaf.tag)
    path, digest = made[leaf.file]
    return Want(path=leaf.path, sha256=digest, tag=leaf.tag, owner=Owner.STAGE, made=path)


def _beside(change: TreeChange) -> Iterable[Want]:
    for path, content in sorted(change.beside.items()):
        yield Want(path=path, sha256=hashlib.sha256(content).hexdigest(), owner=Owner.DAEMON, made=content)


def _once(wants: Iterable[Want]) -> Iterable[Want]:
    """The same without what is wanted twice in the very same place."""
    return {(want.path, want.sha256): want for want in wants}.values()
