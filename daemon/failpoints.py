"""The labelled steps of every move, and the switch that kills the process at one of them to try its recovery."""

from __future__ import annotations

import os
import signal
import threading
from enum import StrEnum

from daemon.errors import ConfigError

VARIABLE = "VISAGED_KILL_AT"
"""The environment variable that arms one step: ``label`` or ``label:n`` (the n-th time that it is passed)."""


class Step(StrEnum):
    """Every labelled step, in the order in which a job passes them. A label names what has just become true."""

    ACCEPT_ROW = "accept:row"  # the row is saved, nothing has moved
    ACCEPT_FIRST = "accept:rename-first"  # one top of the item is held, others may still be in the inbox
    ACCEPT_RENAMED = "accept:renamed"  # all tops are held, not yet looked at again
    ACCEPT_LOOKED = "accept:looked"  # they are what the scan saw
    ACCEPT_IN = "accept:in"  # they lie under their final name in the work folder
    ACCEPT_UNPACKING = "accept:unpacking"  # one member of an archive is written
    ACCEPT_UNPACKED = "accept:unpacked"  # all members are written, not yet under their final name
    ACCEPT_HASHED = "accept:hashed"
    RETURN_FIRST = "return:first"  # one top is back in the inbox
    QUEUE_ROW = "queue:row"
    PREPARED = "prepare:request"  # weights, state and request are in the work folder, nothing says so yet
    STAGE_INTENT = "stage:intent"
    STAGE_SUBMITTED = "stage:submitted"
    DOCKER_PROVING = "docker:proving"  # there is a container that shall prove the mounts
    DOCKER_INTENT = "docker:intent"  # it is on disk that there shall be a container
    DOCKER_CREATED = "docker:created"  # there is one, its id is not on disk yet
    DOCKER_SAVED = "docker:saved"  # its id is, it does not run yet
    DOCKER_STARTED = "docker:started"
    DOCKER_ENDED = "docker:ended"  # how it ended is on disk, nobody was told, the container is still there
    DOCKER_REMOVED = "docker:removed"
    STAGE_ENDED = "stage:ended"
    PUBLISH_INTENT = "publish:intent"
    STATE_TAKEN = "state:taken"  # what is new of a key's state lies with the state, no manifest names it
    STATE_PREPARED = "state:prepared"  # a manifest names it
    TREE_BEGUN = "tree:begun"  # a tree without a record has one, with nothing in it
    TREE_INTENT = "tree:intent"  # the journal says all that shall be done
    TREE_RESPELT = "tree:respelt"  # one folder has its new spelling
    TREE_HELD = "tree:held"  # one file that stands in the way of another is set aside
    TREE_COPIED = "tree:copied"  # the content of one new file is written, not yet under its name
    TREE_PLACED = "tree:placed"  # one new or moved file is in its place
    TREE_NOTED = "tree:noted"  # the journal says so
    TREE_REMOVED = "tree:removed"  # one file that is wanted no more is gone
    TREE_RECORDED = "tree:recorded"  # the record says how the tree was left, the journal is still there
    PUBLISH_STAGED = "publish:staged"  # the stage's result is set aside for the move
    PUBLISH_RECEIPT = "publish:receipt"  # the receipt is written beside it
    PUBLISH_FIRST = "publish:first"  # one of several files is in the result tree
    PUBLISH_RENAMED = "publish:renamed"
    STATE_COMMITTED = "state:committed"  # the new revision holds
    STATE_PRUNED = "state:pruned"  # one manifest or file of an old revision is removed
    ARCHIVE_INTENT = "archive:intent"
    ARCHIVE_MOVED = "archive:moved"
    FAIL_INTENT = "fail:intent"
    FAIL_MOVED = "fail:moved"
    FAIL_WHY = "fail:why"
    FINISH_ROW = "finish:row"
    FORGET_STATE = "forget:state"  # the state of a key that is forgotten is none any more, its tree and rows are there
    FORGET_ROWS = "forget:rows"  # its jobs are not in the database any more
    FORGET_TREE = "forget:tree"  # its tree is gone, or the user's
    MOVE_COPYING = "move:copying"  # across file systems: one file is copied
    MOVE_COPIED = "move:copied"  # all are copied and verified, not yet under their final name
    MOVE_PLACED = "move:placed"  # they lie under their final name, the source is still there
    MOVE_CLEARING = "move:clearing"  # a part of the source is removed


class _Fuse:
    """One armed step: how often it has still to be passed before it kills."""

    def __init__(self, label: Step, times: int) -> None:
        self._label = label
        self._left = times
        self._lock = threading.Lock()

    def passed(self, label: Step) -> None:
        if label is not self._label:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _fuse(wish: str | None) -> _Fuse | None:
    if not wish:
        return None
    label, _, times = wish.rpartition(":") if wish.rpartition(":")[2].isdecimal() else (wish, "", "1")
    if label not in tuple(Step) or int(times) < 1:
        known = ", ".join(Step)
        raise ConfigError(f"{VARIABLE} is {wish!r}, but there is no such step. Unset it, or use one of: {known}.")
    return _Fuse(Step(label), int(times))


_armed = _fuse(os.environ.get(VARIABLE))


def arm(wish: str | None) -> None:
    """Afterwards the process dies at the step that wish names (``label`` or ``label:n``), or at none.

    For tests that fork; the daemon reads the environment once, when this module is imported. An unknown label
    raises ConfigError.
    """
    global _armed  # noqa: PLW0603  one switch for the whole process is what is meant
    _armed = _fuse(wish)


def step(label: Step) -> None:
    """Nothing happens, unless this step is armed: then the process is killed here, as by a power cut."""
    if _armed is not None:
        _armed.passed(label)
