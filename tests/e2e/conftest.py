"""A place of its own for each test: a configuration, an inbox, and a daemon that runs as a process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.model import Job, Status
from daemon.store import Attempt, Store, open_reader

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "tests" / "plugins"


@dataclass
class Place:
    """A folder with everything in it, and the daemon over it."""

    root: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def configure(self, daemon: str = "", rest: str = "") -> None:
        quick = "settle_seconds = 0.3\nprobe_patience = 1\ndisk_min = 0\n"
        (self.root / "config.toml").write_text(f"[daemon]\n{quick}{daemon}\n{rest}")

    def visaged(self, *args: str, kill_at: str = "", timeout: float = 90.0) -> subprocess.CompletedProcess[str]:
        """The command line, as a user runs it."""
        return subprocess.run(
            [sys.executable, "-m", "daemon", "--config", str(self.root / "config.toml"), *args],
            capture_output=True,
            text=True,
            env=environment(kill_at),
            cwd=self.root,
            timeout=timeout,
            check=False,
        )

    def start(self, kill_at: str = "") -> subprocess.Popen[bytes]:
        """A daemon that runs until the test ends it."""
        with (self.root / "daemon.log").open("ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "daemon", "--config", str(self.root / "config.toml"), "run"],
                stdout=log,
                stderr=log,
                env=environment(kill_at),
                cwd=self.root,
            )
        self.daemons.append(daemon)
        return daemon

    def stop(self) -> None:
        """Afterwards no daemon runs."""
        for daemon in self.daemons:
            with contextlib.suppress(ProcessLookupError):
                daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
        self.daemons.clear()

    def store(self) -> Store:
        return Store(open_reader(self.root / "state" / "visaged.db"))

    def jobs(self) -> tuple[Job, ...]:
        with contextlib.closing(self.store()) as store:
            return store.of_status(*Status)

    def attempts(self, job: Job) -> tuple[Attempt, ...]:
        with contextlib.closing(self.store()) as store:
            return store.attempts(job.id)

    def forget_nights(self) -> None:
        """Afterwards no nightly work was ever done, as far as anybody knows."""
        with contextlib.closing(sqlite3.connect(self.root / "state" / "visaged.db")) as database, database:
            database.execute("DELETE FROM facts WHERE name LIKE 'last_success:%'")

    def drop(self, path: str, content: bytes | str) -> Path:
        """A file that appears in the inbox by one rename, as from a program that does it well."""
        target = self.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = self.root / f".dropping-{time.monotonic_ns()}"
        hidden.write_bytes(content.encode() if isinstance(content, str) else content)
        hidden.rename(target)
        return target

    def wait_for(self, what: Callable[[], object], seconds: float = 30.0) -> None:
        """Afterwards what() is true; fails after that time with the daemon's log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                if what():
                    return
            time.sleep(0.05)
        log = self.root / "daemon.log"
        pytest.fail(f"it did not happen in {seconds} s\n{log.read_text()[-4000:] if log.exists() else ''}")

    def work_slowly(self, key: str) -> None:
        """Afterwards a daemon is at work on the drop ``slow`` into a key of the probe ``ledger``, for half a minute."""
        self.start()
        self.wait_for(lambda: (self.root / "daemon.log").read_text().count("visaged runs"))
        self.drop(f"ledger/{key}/slow/c.entry", "third")
        self.drop(f"ledger/{key}/slow/manifest.toml", "[options]\nsleep = 30\n")
        self.wait_for(lambda: any(job.status is Status.RUNNING for job in self.jobs()))

    def stop_slow_work(self) -> None:
        """Afterwards that drop is cancelled."""
        assert self.visaged("cancel", "slow").returncode == 0
        self.wait_for(lambda: all(job.status is not Status.RUNNING for job in self.jobs()))

    def files(self, *folders: str) -> dict[str, str]:
        """Every file below these folders and the hash of its content, but for what the daemon itself writes."""
        ours = {"STATUS.txt", ".visaged-inbox", "WHY.txt"}
        return {
            str(p.relative_to(self.root)): hashlib.sha256(p.read_bytes()).hexdigest()
            for folder in folders
            for p in (self.root / folder).rglob("*")
            if p.is_file() and p.name not in ours
        }


def environment(kill_at: str = "") -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(PLUGINS)])
    clean = {k: v for k, v in os.environ.items() if k != "VISAGED_KILL_AT"}
    return {**clean, "PYTHONPATH": paths, **({"VISAGED_KILL_AT": kill_at} if kill_at else {})}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "share")
    place.root.mkdir()
    place.configure()
    made = place.visaged("init", str(place.root))
    assert made.returncode == 0, made.stderr
    yield place
    place.stop()
