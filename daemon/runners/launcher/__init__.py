"""Owns one attempt at one stage: starts it, bounds its time and memory, writes down how it ended. Outlives the daemon.

A program, and as such a package without parents, which imports nothing of ours and little else, because all that it
loads before the stage starts is waited for at every drop::

    python -I -S -c START <parent folder> <control> <folder> <log> <timeout> <memory> <grace> <argv of the stage...>

control: the attempt's control folder. folder: the stage's working folder. log: gets its stdout and stderr, appended.
timeout, grace: seconds. memory: bytes (0: no limit). The environment is handed on as it is. What it keeps in control::

    run.json      who runs this attempt: whoever creates it, runs; there is never a second one
    cancel        made by the runner: a SIGTERM means "cancel", and an attempt that has not begun does not begin
    exit.json     how it ended, written last, durably
    launcher.log  what went wrong if there is neither

The stage has a session of its own at a lower priority (nice 5), so that the daemon stays responsive; it dies when its
launcher is killed, and whatever it started ends with it. The kernel takes it before the daemon when memory runs out.
"""

import _signal as signal  # type: ignore[import-not-found]  # `signal` adds enums that take longer than all the rest
import os
import sys
import time

from .record import claim, farewell
from .stage import Orders, Stage, adopt_orphans, let_go

START = "import sys; sys.path.append(sys.argv.pop(1)); import launcher; sys.exit(launcher.main(sys.argv[1:]))"
"""What Python runs. The folder goes last on its path, so that nothing in it can stand in for the standard library."""


def main(argv: list[str]) -> int:
    """Run the attempt unless another launcher does; 1 if the stage could not be started, with the reason on stderr."""
    orders = Orders(argv)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD, signal.SIGTERM))  # taken one by one, in watch.py
    let_go()
    adopt_orphans()
    stage = Stage(orders)
    if not claim(orders, stage.pid):
        stage.drop()
        return 0
    if os.path.exists(orders.file("cancel")):  # noqa: PTH110
        stage.drop()
        farewell(orders, "cancelled", 0, time.time(), 0)
        return 0
    problem = stage.begin()
    if problem:
        os.unlink(orders.file("run.json"))  # noqa: PTH108  # nothing has run: the attempt may be made again
        sys.stderr.write(f"{problem}\n")
        return 1
    from .watch import run  # noqa: PLC0415  (the stage runs already and does not wait for this)

    run(stage, orders)
    return 0
