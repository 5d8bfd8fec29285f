"""Owns the life of a stage that has begun: its time, its memory, its end, and that nothing of it is left."""

import _signal as signal  # type: ignore[import-not-found]  # `signal` adds enums that take longer than all the rest
import os
import time

from .record import farewell, read
from .stage import Orders, Stage

TICK = 0.5
"""Seconds between two looks at the memory. What a stage takes between two looks, only the machine bounds."""
FAREWELL = 5.0
"""Seconds that killed processes have to vanish before the end is written without waiting for them."""


class Watch:
    """Looks after a running stage until it is over. why: what we ended it for, empty while we did not."""

    __slots__ = ("_deadline", "_kill_at", "_orders", "_stage", "peak", "why")

    def __init__(self, stage: Stage, orders: Orders) -> None:
        """Time runs from here, on the clock that nobody can set, and does not stop with the daemon."""
        self._stage, self._orders = stage, orders
        self._deadline = time.monotonic() + orders.timeout
        self._kill_at = float("inf")
        self.why, self.peak = "", 0

    def until_over(self) -> None:
        """Return when the stage has ended, by itself or by us."""
        while not self._stage.over():
            now = time.monotonic()
            pause = max(0.0, min(TICK, (self._kill_at if self.why else self._deadline) - now))
            got = signal.sigtimedwait((signal.SIGCHLD, signal.SIGTERM), pause)
            terminated = got is not None and got.si_signo == signal.SIGTERM
            self._look(terminated=terminated, now=time.monotonic())

    def _look(self, *, terminated: bool, now: float) -> None:
        self._collect_orphans()
        too_much = self._too_much()
        if not self.why:
            if terminated:
                self._end(_meaning(self._orders), signal.SIGTERM)
            elif now >= self._deadline:
                self._end("timeout", signal.SIGTERM)
        elif now >= self._kill_at:
            self._stage.send(signal.SIGKILL)
            self._kill_at = now + TICK
        if too_much:
            self._end(self.why or "out of memory", signal.SIGKILL)  # it grows: no time to be polite

    def _collect_orphans(self) -> None:
        for pid in _children(os.getpid()):
            if pid != self._stage.pid:
                os.waitpid(pid, os.WNOHANG)

    def _too_much(self) -> bool:
        pids = descendants()
        held = resident(pids)
        self.peak = max(self.peak, held)
        return 0 < self._orders.memory < held and self._orders.memory < proportional(pids)

    def _end(self, why: str, number: int) -> None:
        self.why, self._kill_at = why, time.monotonic() + self._orders.grace
        self._stage.send(number)


def _meaning(orders: Orders) -> str:
    """What a SIGTERM means: ours comes with a file; a machine that shuts down sends one too, which cancels no job."""
    return "cancelled" if os.path.exists(orders.file("cancel")) else "killed"  # noqa: PTH110


def _clear() -> None:
    """Afterwards nothing that the stage started is left."""
    until = time.monotonic() + FAREWELL
    while time.monotonic() < until:
        for pid in descendants():
            _kill(pid)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)
        except ChildProcessError:
            return


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # gone, or a program of another user's that the stage may start
        return


def run(stage: Stage, orders: Orders) -> None:
    """Afterwards the stage, which has begun, is over, nothing of it is left, and ``exit.json`` says how it ended."""
    started, kills = time.time(), _kills_of_the_kernel()
    watch = Watch(stage, orders)
    watch.until_over()
    stage.send(signal.SIGKILL)  # its whole group in one blow, while its number is still ours; _clear finds who ran away
    _, raw, usage = os.wait4(stage.pid, 0)
    _clear()
    why, status = verdict(watch.why, os.waitstatus_to_exitcode(raw), kernel_killed=_kills_of_the_kernel() != kills)
    farewell(orders, why, status, started, max(watch.peak, usage.ru_maxrss * 1024))


def verdict(asked: str, code: int, *, kernel_killed: bool) -> tuple[str, int]:
    """Why a stage ended, and its status or signal.

    asked: what we ended it for, if we did. code: its status, or minus the signal. kernel_killed: the kernel ran out of
    memory while the stage ran; then a SIGKILL that is not ours was the kernel's.
    """
    if asked == "killed":
        return asked, int(signal.SIGTERM)
    if asked:
        return asked, abs(code)
    if code == -signal.SIGKILL and kernel_killed:
        return "out of memory", -code
    return ("killed", -code) if code < 0 else ("exited", code)


def descendants() -> list[int]:
    """All processes below this one; whoever loses its parent becomes our own child (subreaper), so none is missed."""
    found = _children(os.getpid())
    for pid in found:  # grows while it is walked
        found += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    return [int(child) for thread in threads for child in read(f"/proc/{pid}/task/{thread}/children").split()]


def resident(pids: list[int]) -> int:
    """Bytes of memory that processes hold, pages that they share counted in each: cheap, and never too little."""
    sizes = (read(f"/proc/{pid}/statm").split() for pid in pids)
    return sum(int(fields[1]) for fields in sizes if fields) * os.sysconf("SC_PAGE_SIZE")


def proportional(pids: list[int]) -> int:
    """Bytes of memory that processes hold: shared pages once, mapped files (which the kernel can drop) not at all."""
    lines = (line.split() for pid in pids for line in read(f"/proc/{pid}/smaps_rollup").splitlines())
    return sum(int(fields[1]) for fields in lines if fields[0] in {"Pss_Anon:", "Pss_Shmem:"}) * 1024


def _kills_of_the_kernel() -> str:
    return next((line for line in read("/proc/vmstat").splitlines() if line.startswith("oom_kill ")), "")
