"""Where a user's bytes are: every move between inbox, work, archive and failed folder, whole or as if never begun.

Each function may be killed at any point and called again with the same arguments. Below the job's work folder::

    arriving/      tops that are held but not yet looked at again (across file systems: <inbox>/.visaged-<job>/)
    copying/       a copy that grows while the originals stay
    dropped/item/  an archive as it was dropped, with its sidecar
    in/            what the stages read: a dropped folder itself, loose files, or an archive's content
"""

from daemon.custody.order import Returned, Taken, Taking
from daemon.custody.places import Occupied, choose, give_back, inputs_at, put_away
from daemon.custody.take import take
from daemon.folders import Ownership
from daemon.unpack import Limits
from daemon.why import drop_why, write_why

__all__ = [
    "Limits",
    "Occupied",
    "Ownership",
    "Returned",
    "Taken",
    "Taking",
    "choose",
    "drop_why",
    "give_back",
    "inputs_at",
    "put_away",
    "take",
    "write_why",
]
