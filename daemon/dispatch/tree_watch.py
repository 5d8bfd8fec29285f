"""Whether users have changed result trees: looked at from time to time, in a thread of its own, by folders alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from daemon import tree
from daemon.dispatch.events import TreeEdited
from daemon.dispatch.keys import keys_of
from daemon.dispatch.site import Site, key_folder
from pipelines.contract import write_atomic

SIGNATURE = "tree.signature"
"""The file, in the folder of a key's state, that holds the signature of the tree as we left it."""

FORGOTTEN = 600.0
"""Seconds after which an edit that still stands is posted again: the job that should have read it has failed."""
MOST_IN_A_ROW = 3
"""How often a tree that never comes to rest is read in a row; then the next change of its folders is waited for."""

log = structlog.get_logger()


def leave(root: Path, place: Path) -> None:
    """Afterwards it is known how the tree at place looks because of us; the state of its key is at root.

    Where the user was quicker than this look, what is noted is no tree's, so that the edit is noticed.
    """
    signature = tree.signature_left(place, tree.recorded(root))
    restless = 0 if signature else _restless(root) + 1
    if restless > MOST_IN_A_ROW:  # a file there can never be read, or somebody keeps writing it
        signature = tree.signature(place)
    write_atomic(root / SIGNATURE, json.dumps([signature, restless]).encode("ascii"))


def left(root: Path) -> str | None:
    """The signature of the tree as we left it, or None where none is known."""
    try:
        signature, _ = json.loads((root / SIGNATURE).read_bytes())
    except (OSError, ValueError):
        return None
    return str(signature)


def _restless(root: Path) -> int:
    """How often in a row the tree was not as we had left it."""
    try:
        return int(json.loads((root / SIGNATURE).read_bytes())[1])
    except (OSError, ValueError, TypeError, IndexError):
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One tree. root: of its key's state."""

    pipeline: str
    inbox: str
    key: str
    root: Path
    place: Path


class TreeWatch:
    """Posts a tree that was edited once it has been quiet for a whole interval."""

    def __init__(self, site: Site, interval: float, post: Callable[[TreeEdited], None]) -> None:
        """Nothing is watched yet. interval: seconds between two looks; 0: never looks."""
        self._site = site
        self._interval = interval
        self._post = post
        self._seen: dict[Path, str] = {}
        self._told: dict[Path, tuple[str, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tree-watch", daemon=True)

    def start(self) -> None:
        """Afterwards trees are looked at, where that is wished."""
        if self._interval > 0:
            self._thread.start()

    def stop(self) -> None:
        """Afterwards nothing is posted any more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def tell_edited(self) -> None:
        """Afterwards every tree that differs from what we left is posted, however lately it was changed."""
        self.look()
        self.look()

    def look(self) -> None:
        """Afterwards every tree that differs from what we left, and has not changed since the last look, is posted."""
        for one in self._trees():
            try:
                now = tree.signature(one.place)
            except OSError as error:
                log.debug("a tree cannot be looked at", tree=str(one.place), why=str(error))
                continue
            quiet = self._seen.get(one.place) == now
            self._seen[one.place] = now
            if now == left(one.root):
                self._told.pop(one.place, None)
            elif quiet and not self._was_told(one.place, now):
                self._told[one.place] = (now, time.monotonic())
                self._post(TreeEdited(pipeline=one.pipeline, inbox=one.inbox, key=one.key))

    def _was_told(self, place: Path, signature: str) -> bool:
        """Whether that edit was posted, and not so long ago that it must have been lost."""
        told, at = self._told.get(place, ("", 0.0))
        return told == signature and time.monotonic() - at < FORGOTTEN

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            try:
                self.look()
            except Exception:
                log.exception("result trees could not be looked at")

    def _trees(self) -> Iterator[Watched]:
        for pipeline in self._site.pipelines.values():
            for inbox, key in keys_of(self._site.state, pipeline.name) if pipeline.edited else ():
                if inbox not in self._site.inboxes:
                    continue
                root = self._site.state / pipeline.name / key_folder(inbox, key)
                place = self._site.tree(pipeline, inbox, key)
                if left(root) is not None and place.is_dir():
                    yield Watched(pipeline=pipeline.name, inbox=inbox, key=key, root=root, place=place)
