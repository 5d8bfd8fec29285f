"""Which folders of this machine a container sees, and what they are called on the machine of the engine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import ConfigError
from daemon.model import Task
from daemon.runners.docker.engine import Engine
from daemon.runners.docker.settings import Bind, Containers
from daemon.runners.docker.spec import JOB, WEIGHTS, Mounted, User
from pipelines.contract import stage_folder

_OWN_ID = re.compile(r"\S*/containers/([0-9a-f]{64})/\S* /etc/(?:hostname|hosts|resolv\.conf) ")
"""A mount that an engine makes in each container, from its folder of that container."""


@dataclass(frozen=True, slots=True)
class Translation:
    """From paths that this process sees to those of the engine's machine.

    mounts: source there, target here, when this process is in a container itself; None: it is not.
    """

    mounts: tuple[tuple[str, str], ...] | None = None

    def there(self, path: Path) -> str:
        """The path on the engine's machine. Raises ConfigError for what is inside this process's own container only."""
        if self.mounts is None:
            return str(path)
        fitting = [(source, target) for source, target in self.mounts if path.is_relative_to(target)]
        if not fitting:
            raise ConfigError(
                f"{path} lies in the daemon's own container, where no other container can see it. Mount a folder of "
                "the host there; the easiest is the same path inside and outside, as in docker-compose.yml."
            )
        source, target = max(fitting, key=lambda pair: len(pair[1]))
        return str(Path(source, path.relative_to(target)))


def own_container(mountinfo: str) -> str | None:
    """The id of the container that a process with these mounts is in; None: in none."""
    ids = [match[1] for line in mountinfo.splitlines() if (match := _OWN_ID.search(line))]
    return ids[0] if ids else None


def translation(engine: Engine, mountinfo: Path = Path("/proc/self/mountinfo")) -> Translation:
    """How this process's paths are called on the engine's machine. Raises RunnerUnavailable."""
    own = own_container(mountinfo.read_text("utf-8", "surrogateescape"))
    if own is None and Path("/.dockerenv").exists():
        own = os.uname().nodename
    container = engine.find(own) if own else None
    return Translation(container.binds) if container else Translation()


def of_stage(task: Task, readable: Sequence[Path], more: Sequence[Bind]) -> Iterator[Bind]:
    """What a stage sees: the job folder, of which it may write its own and the progress, and what links lead to."""
    folder = task.folder.resolve()
    own = stage_folder(folder, task.stage.name, task.shard)
    yield Bind(folder, str(JOB))
    yield Bind(own, str(JOB / own.relative_to(folder)), writable=True)
    yield Bind(folder / "progress.jsonl", str(JOB / "progress.jsonl"), writable=True)
    for inbox in linked(folder / "in", readable):
        yield Bind(inbox, str(inbox))
    yield from more


def weights(containers: Containers) -> Iterator[Bind]:
    """The folder of weights, where the stages need one; afterwards it is there, maybe empty. Raises OSError."""
    if containers.models:
        containers.models.mkdir(parents=True, exist_ok=True)
        yield Bind(containers.models.resolve(), str(WEIGHTS))


def linked(folder: Path, readable: Sequence[Path]) -> set[Path]:
    """The inboxes that links below a folder lead into."""
    if not readable:
        return set()
    found: set[Path] = set()
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            if path.is_symlink():
                found.update(inbox for inbox in readable if path.readlink().is_relative_to(inbox))
        if len(found) == len(readable):
            break
    return found


def prepare(task: Task, user: User) -> None:
    """Afterwards what the stage may write is there and its user's. Raises OSError."""
    own = stage_folder(task.folder, task.stage.name, task.shard)
    progress = task.folder / "progress.jsonl"
    own.mkdir(parents=True, exist_ok=True)
    progress.touch()
    if os.geteuid() == 0 and user.uid != 0:
        for path in (own, progress):
            os.chown(path, user.uid, user.gid)


def mounted(binds: Iterator[Bind], translation: Translation) -> tuple[Mounted, ...]:
    """The mounts as the engine's machine has them. Raises ConfigError."""
    return tuple(Mounted(source=translation.there(b.source), target=b.target, writable=b.writable) for b in binds)
