"""Where stages run: one module for each outside thing that can run them, all with the contract of ``model.Runner``.

- ``local``        processes of this machine
- ``launcher``     the small program between daemon and stage that outlives the daemon (a package without parents)
- ``attempt``      the control folder of one attempt: what it says about who runs it and how it ended
- ``processes``    which process is ours: by number, start time and boot, or by a mark in its environment
- ``watching``     the thread that notices the end of processes
- ``environment``  what a stage finds in its environment
"""

from daemon.runners.local import LocalRunner

__all__ = ["LocalRunner"]
