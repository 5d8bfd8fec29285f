"""A key's state as revisions: immutable files, small manifests that name them, and the one revision that holds.

Below the folder of the key's state::

    files/<number>-<job>/…   what that revision brought, never changed
    revisions/<number>.json  which files a revision has, under which paths
    current.json             the number of the revision that holds; exchanged by one rename

- ``manifests``  what is on disk: revisions and the files that they name
- ``preparing``  from what a stage left to the next revision
- ``returning``  from an earlier revision to the next one
- ``holding``    which revision holds, what a stage is given of it, and which are dropped
"""

from daemon.revisions.holding import commit, present, prune
from daemon.revisions.manifests import (
    Damaged,
    Revision,
    Stored,
    current,
    manifest,
    number_held,
    numbers,
    prepared,
    readable,
    revisions,
)
from daemon.revisions.preparing import Change, prepare
from daemon.revisions.returning import earlier, jobs_in, prepare_again

__all__ = [
    "Change",
    "Damaged",
    "Revision",
    "Stored",
    "commit",
    "current",
    "earlier",
    "jobs_in",
    "manifest",
    "number_held",
    "numbers",
    "prepare",
    "prepare_again",
    "prepared",
    "present",
    "prune",
    "readable",
    "revisions",
]
