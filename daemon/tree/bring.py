"""Files that come to their places in a tree: moved there, linked, or written out of sight and then named."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from daemon.failpoints import Step, step
from daemon.folders import flush
from daemon.moves import PARTIAL, rename_new
from daemon.tree.branches import Branches
from daemon.tree.contents import Contents
from daemon.tree.place import fill, link
from daemon.tree.record import note_done
from daemon.tree.spelling import beside, join
from daemon.tree.steps import NOBODY, Bring, Drop
from daemon.tree.words import Entry, TreeChange, folder_of, name_of
from pipelines.contract import Fault, Place

_REFUSED: Final = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL})
"""What a file system says to a name that it cannot have: that file is left out, the rest goes on."""


class Bringer:
    """Makes the steps of one plan that bring files.

    entries: what has come, by path. counts: placed, moved and unknown files. faults: what could not come. late: what
    was copied where it should have been moved, and is still to be removed.
    """

    def __init__(self, change: TreeChange, contents: Contents, branches: Branches) -> None:
        """Nothing has come yet."""
        self.entries: dict[str, Entry] = {}
        self.counts: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.late: list[Drop] = []
        self._change = change
        self._tree = change.tree
        self._contents = contents
        self._branches = branches
        self._scratches = 0

    def bring(self, brings: Sequence[Bring]) -> None:
        """Afterwards these files are in their places, durably, and the journal says so.

        Raises OSError; then what could be done until there is done.
        """
        done: list[Entry] = []
        written: list[tuple[Bring, Path]] = []
        trouble = None
        for one in brings:
            try:
                self._begin(one, done, written)
            except OSError as error:
                if error.errno not in _REFUSED:
                    trouble = error
                    break
                self._miss(one, f"the file system refuses it: {error.strerror}")
        if written:
            flush(self._tree)
        done += [self._placed(one, self._show(scratch, one)) for one, scratch in written]
        self._branches.sync(folder_of(path) for one in brings for path in (one.put.path, one.put.origin) if path)
        note_done(self._change.state_root, done)
        step(Step.TREE_NOTED)
        if trouble is not None:
            raise trouble

    def _begin(self, bring: Bring, done: list[Entry], written: list[tuple[Bring, Path]]) -> None:
        self._branches.make(folder_of(bring.put.path))
        path = None
        if bring.over is None:
            path = self._move(bring) or self._link(bring)
        if path is not None:
            done.append(self._placed(bring, path))
        elif scratch := self._write(bring):
            written.append((bring, scratch))
        else:
            self._miss(bring, NOBODY)

    def _move(self, bring: Bring) -> str | None:
        """The path to which the origin was moved; None: there is none, or it is not the one any more."""
        put = bring.put
        if put.origin is None or bring.origin is None or self._contents.identity(put.origin) != bring.origin:
            return None
        origin = self._tree / put.origin
        try:
            path = self._under(put.path, lambda target: rename_new(origin, target))
        except OSError as error:
            if error.errno != errno.EXDEV:  # the user has mounted something into the tree
                raise
            self.late.append(
                Drop(path=put.origin, name=put.origin, identity=bring.origin, sha256=put.sha256, owner=put.owner)
            )
            return None
        self.counts["moved"] += 1
        return path

    def _link(self, bring: Bring) -> str | None:
        """The path that is now another name of a file with the content; None: no link can be had."""
        if bring.place not in {Place.AUTO, Place.LINK}:
            return None
        for source in self._sources(bring):
            with suppress(FileNotFoundError):
                path = self._under(bring.put.path, partial(link, source))
                if path is not None:
                    with suppress(PermissionError):  # the file is the user's, who lets us read it
                        self._change.ownership.give(self._tree / path)
                    self.counts["placed"] += 1
                    return path
        return None

    def _write(self, bring: Bring) -> Path | None:
        """A new file, out of sight, with the content and the ownership; None: nobody has the content."""
        self._scratches += 1
        scratch = self._tree / PARTIAL / f"new-{self._scratches}"
        scratch.parent.mkdir(exist_ok=True)
        try:
            if isinstance(bring.made, bytes):
                scratch.write_bytes(bring.made)
            elif not any(self._filled(source, scratch, bring) for source in self._sources(bring)):
                return None
            self._change.ownership.give(scratch)
        except OSError as error:
            scratch.unlink(missing_ok=True)  # on a full disk it would take what is left
            error.filename = error.filename or os.fspath(self._tree / bring.put.path)
            raise
        self.counts["placed"] += 1
        step(Step.TREE_COPIED)
        return scratch

    def _filled(self, source: Path, scratch: Path, bring: Bring) -> bool:
        with suppress(FileNotFoundError):
            return fill(source, scratch, bring.place, bring.put.sha256)
        return False

    def _show(self, scratch: Path, bring: Bring) -> str:
        """The path under which the new file is seen now."""
        path = bring.put.path
        if bring.over is not None and self._contents.identity(path) == bring.over:
            scratch.replace(self._tree / path)
            return path
        return str(self._under(path, lambda target: rename_new(scratch, target)))

    def _under(self, path: str, name: Callable[[Path], bool | None]) -> str | None:
        """The first path, beside the one that is wanted, that nobody has taken meanwhile; None: name says False."""
        n = 1
        while True:
            free = join(folder_of(path), beside(name_of(path), n))
            try:
                return None if name(self._tree / free) is False else free
            except FileExistsError:
                n += 1

    def _placed(self, bring: Bring, path: str) -> Entry:
        step(Step.TREE_PLACED)
        put = bring.put
        identity = self._contents.add(path, put.sha256)
        entry = Entry(path=path, identity=identity, sha256=put.sha256, leaf=put.leaf, tag=put.tag, owner=put.owner)
        self.entries[path] = entry
        return entry

    def _sources(self, bring: Bring) -> Iterator[Path]:
        return iter([bring.made]) if isinstance(bring.made, Path) else self._contents.places(bring.put.sha256)

    def _miss(self, bring: Bring, why: str) -> None:
        self.counts["unknown"] += 1
        self.faults.append(Fault(what=bring.put.leaf, why=why))
