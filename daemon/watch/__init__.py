"""Files on a share become settled items: what lies in an inbox, and when it is complete.

The way of a file through the package::

    mounts      does the kernel tell about changes here, or must we look?
    hints       watchdog's events, as a bell and nothing more;  watcher  starts them anew when in doubt
    pace        when to scan next
    scan        what is there: Seen;  look, fingerprint: the same for what was moved away
    items       what belongs together: Candidate  (claims: by a manifest;  homes: by type)
    settle      what was seen when;  complete  is it all there: Arrival or Unsettled  (temporary, listed)
    evidence    the looks that this takes  (leases, probe with meshes, members;  aside: what takes long)
    reconcile   the thread that does all this and tells the dispatcher: Inventory

Everything but hints, watcher, scan, leases, probe, members, evidence, aside and reconcile is pure.
"""

from daemon.watch.leases import ignore_lease_signals
from daemon.watch.members import archive_stem
from daemon.watch.mounts import Mode
from daemon.watch.reconcile import LastScan, Reconciler, Settings
from daemon.watch.scan import MARKER, fingerprint, ignores, look

__all__ = [
    "MARKER",
    "LastScan",
    "Mode",
    "Reconciler",
    "Settings",
    "archive_stem",
    "fingerprint",
    "ignore_lease_signals",
    "ignores",
    "look",
]
