"""Owns the process of a stage, from the fork to the first instruction."""

# What is imported here is paid at every start: json, dataclasses or pathlib would each cost 4 to 10 ms.
import _signal as signal  # type: ignore[import-not-found]  # `signal` adds enums that take longer than all the rest
import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NICENESS = 5
OOM_SCORE = b"500"

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class Orders:
    """What the command line asks for."""

    __slots__ = ("command", "control", "folder", "grace", "log", "memory", "timeout")

    def __init__(self, argv: list[str]) -> None:
        """From the arguments as the module's docstring orders them."""
        self.control, self.folder, self.log = argv[:3]
        self.timeout, self.memory, self.grace = float(argv[3]), int(argv[4]), float(argv[5])
        self.command = argv[6:]

    def file(self, name: str) -> str:
        """The path of one file of the control folder."""
        return f"{self.control}/{name}"


class Stage:
    """A stage that is forked and waits at a gate, so that it is on record before its first instruction."""

    __slots__ = ("_gate", "_word", "pid")

    def __init__(self, orders: Orders) -> None:
        """Afterwards the process is there; nothing of the stage has run."""
        at_gate, self._gate = os.pipe()
        self._word, last_word = os.pipe()
        launcher = os.getpid()
        self.pid = os.fork()
        if self.pid:
            os.close(at_gate)
            os.close(last_word)
            return
        try:
            os.close(self._gate)
            _become(orders, launcher)
            if os.read(at_gate, 1):
                os.execv(orders.command[0], orders.command)  # noqa: S606  (no shell is what we want)
        except OSError as error:
            os.write(last_word, f"{error.strerror}: {error.filename or orders.command[0]}".encode(errors="replace"))
        finally:
            os._exit(127)

    def begin(self) -> str:
        """Let it start; afterwards it runs, or the answer says why it cannot."""
        try:
            os.write(self._gate, b"1")
        except BrokenPipeError:  # it failed before the gate; the reason is read below
            os.waitpid(self.pid, 0)
        os.close(self._gate)
        return os.read(self._word, 4096).decode(errors="replace")  # empty: closed by a successful exec

    def drop(self) -> None:
        """Let it go without having started."""
        os.close(self._gate)
        os.waitpid(self.pid, 0)

    def over(self) -> bool:
        """Whether it has ended. It stays a zombie, so its number stays ours until it is collected."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def send(self, number: int) -> None:
        """Send a signal to it and all of its process group."""
        os.killpg(self.pid, number)


def let_go() -> None:
    """Afterwards this process, which may live for days, keeps no folder busy and no file of the daemon's open."""
    os.chdir("/")
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(number) > 2:  # noqa: PLR2004  (0, 1 and 2 are the streams)
            os.closerange(int(number), int(number) + 1)  # the listing's own is closed already, which this ignores


def adopt_orphans() -> None:
    """Afterwards whoever below this process loses its parent becomes our own child."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _become(orders: Orders, launcher: int) -> None:
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != launcher:  # killed before the line above took hold
        os._exit(127)
    log = os.open(orders.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(orders.folder)
    os.nice(NICENESS)
    _give_way_to_the_daemon()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would hand that on
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _give_way_to_the_daemon() -> None:
    """Afterwards the kernel prefers to take this process when memory runs out, where it may be asked to."""
    try:
        with open("/proc/self/oom_score_adj", "wb") as score:  # noqa: PTH123  (pathlib costs 4 ms here)
            score.write(OOM_SCORE)
    except OSError:  # it stands higher already, or the container forbids it
        return
