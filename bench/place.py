"""A folder with everything in it and a daemon that runs over it as a process: what the benches measure."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daemon.failpoints import VARIABLE
from daemon.model import Job, Status
from daemon.store import Attempt, Store, open_reader

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ROOT / "tests" / "plugins"
"""The pipelines ``noop`` and ``counted``, which the tests use too."""
STEP = 0.02
"""Seconds between two looks at what is waited for."""


class Unexpected(Exception):
    """The daemon did not do what a bench waits for. The message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that was set up. inbox: the watched folder. daemons: those that should be running now."""

    root: Path
    inbox: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    # ------------------------------------------------------------ the command line

    def visaged(self, *args: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """The command as a user runs it, over."""
        return subprocess.run(
            self._command(*args),
            capture_output=True,
            text=True,
            env=environment(),
            cwd=self.root,
            timeout=timeout,
            check=False,
        )

    def ordered(self, *args: str) -> None:
        """Afterwards the command has succeeded."""
        made = self.visaged(*args)
        if made.returncode:
            raise Unexpected(f"visaged {' '.join(args)} ended with {made.returncode}: {made.stderr[-2000:]}")

    def start(self, kill_at: str = "") -> subprocess.Popen[bytes]:
        """A daemon that runs. kill_at: the labelled step at which it kills itself."""
        with (self.root / "daemon.log").open("ab") as log:
            return subprocess.Popen(
                self._command("run"), stdout=log, stderr=log, env=environment(kill_at), cwd=self.root
            )

    @contextlib.contextmanager
    def running(self) -> Iterator[int]:
        """Within, a daemon runs that has looked at its inbox; its pid."""
        daemon = self.start()
        self.daemons.append(daemon)
        try:
            self.wait_for("the first scan", lambda: all(row.mode for row in self.store().inboxes()))
            yield daemon.pid
        finally:
            self.daemons.remove(daemon)
            daemon.terminate()
            daemon.wait(30)

    def _command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "daemon", "--config", str(self.root / "config.toml"), *args]

    # ------------------------------------------------------------ what there is

    def store(self) -> Store:
        """The database, open to be read."""
        return Store(open_reader(self.root / "state" / "visaged.db"))

    def jobs(self, *statuses: Status) -> tuple[Job, ...]:
        """The jobs of these statuses, or all."""
        with contextlib.closing(self.store()) as store:
            return store.of_status(*(statuses or Status))

    def count(self, *statuses: Status) -> int:
        """How many jobs there are of these statuses."""
        with contextlib.closing(self.store()) as store:
            return sum(n for status, n in store.counts().items() if status in statuses)

    def attempts(self, job: Job) -> tuple[Attempt, ...]:
        """All attempts of a job, in order."""
        with contextlib.closing(self.store()) as store:
            return store.attempts(job.id)

    def wait_for(self, what: str, happened: Callable[[], object], seconds: float = 120.0) -> None:
        """Afterwards it has happened; Unexpected says that it did not, or that the daemon has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and all(daemon.poll() is None for daemon in self.daemons):
            with contextlib.suppress(Exception):  # the database may be in the making
                if happened():
                    return
            time.sleep(STEP)
        log = self.root / "daemon.log"
        said = log.read_text("utf-8", "replace")[-3000:] if log.exists() else ""
        raise Unexpected(f"{what} did not happen in time ({seconds:g} s), or the daemon has ended\n{said}")

    # ------------------------------------------------------------ what is dropped

    def drop(self, files: Mapping[str, bytes], top: str) -> float:
        """Afterwards the files (paths below the inbox) lie there, their top there by one rename; when that was."""
        hidden = self.root / ".dropping" / str(time.monotonic_ns())
        for path, content in files.items():
            (hidden / path).parent.mkdir(parents=True, exist_ok=True)
            (hidden / path).write_bytes(content)
        (self.inbox / top).parent.mkdir(parents=True, exist_ok=True)
        at = time.time()
        (hidden / top).rename(self.inbox / top)
        return at


def set_up(root: Path, daemon: str = "", inbox: str = "", rest: str = "") -> Place:
    """A new place below root. daemon, inbox, rest: more lines of its config.toml."""
    root.mkdir(parents=True)
    text = f"[daemon]\nprobe_patience = 1\ndisk_min = 0\n{daemon}\n\n[[inbox]]\n{inbox}\n\n{rest}\n"
    (root / "config.toml").write_text(text, encoding="utf-8")
    place = Place(root=root, inbox=root / "inbox")
    place.ordered("init", str(root))
    return place


def environment(kill_at: str = "") -> dict[str, str]:
    """What the daemon and its stages find: our packages and the pipelines of the tests."""
    clean = {name: value for name, value in os.environ.items() if name != VARIABLE}
    paths = os.pathsep.join([str(ROOT), str(PLUGINS)])
    return {**clean, "PYTHONPATH": paths, **({VARIABLE: kill_at} if kill_at else {})}
