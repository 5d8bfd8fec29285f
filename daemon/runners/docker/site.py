"""What the parts of the runner share: the engine, the settings, whose containers are ours, whether we still work."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from daemon.errors import ConfigError
from daemon.model import Ended
from daemon.runners.docker.answers import Image
from daemon.runners.docker.engine import Engine
from daemon.runners.docker.folders import Translation, translation
from daemon.runners.docker.proof import Ground, prove
from daemon.runners.docker.settings import Containers, Settings
from daemon.runners.docker.spec import User
from pipelines.contract import write_atomic

ROOT = ".visaged-docker"
"""The file in the work folder that holds the id by which its daemon knows its containers."""


def root_of(work: Path) -> str:
    """The id of a work folder, made at its first use and the same ever after."""
    path = work / ROOT
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        write_atomic(path, secrets.token_hex(16).encode())
    return path.read_text("ascii")


@dataclass(slots=True)
class Site:
    """Shared by the threads of one runner. without_gpus: why the engine gives none; empty: as far as known it does."""

    settings: Settings
    engine: Engine
    root: str
    report: Callable[[Ended], None]
    closed: threading.Event = field(default_factory=threading.Event)
    without_gpus: str = ""
    _translation: Translation | None = None
    _proving: threading.Lock = field(default_factory=threading.Lock)

    def containers(self, pipeline: str) -> Containers:
        """How the containers of a pipeline are made."""
        return self.settings.pipelines.get(pipeline) or Containers(image=f"visaged/{pipeline}")

    def user(self, containers: Containers | None = None) -> User:
        """Who a stage runs as: whoever is configured, else this process's user with all groups but the engine's."""
        if containers and containers.user:
            uid, _, gid = containers.user.partition(":")
            return User(uid=int(uid), gid=int(gid or uid))
        if self.engine.facts().rootless:
            return User(uid=0, gid=0)  # which is the engine's own user outside
        groups = {*os.getgroups()} - {os.getegid(), self.engine.group()}
        return User(uid=os.geteuid(), gid=os.getegid(), groups=tuple(sorted(groups)))

    def proven(self, image: Image | None = None) -> Translation | None:
        """How our paths are called on the engine's machine, once it is proved that containers see the same files.

        image: to prove it in; None: the configured one, or any of a pipeline; the answer is None where none is here.
        Raises ConfigError with what is wrong, RunnerUnavailable.
        """
        with self._proving:
            if self._translation is not None:
                return self._translation
            image = image or self._any_image()
            if image is not None:
                found = translation(self.engine)
                for path in (self.settings.work, *self.settings.readable):
                    found.there(path)
                ground = Ground(work=self.settings.work, image=image, user=self.user(), root=self.root)
                prove(self.engine, ground, found)
                self._translation = found
            return self._translation

    def certain(self, image: Image) -> Translation:
        """As ``proven``, in an image that is here."""
        found = self.proven(image)
        if found is None:
            raise ConfigError(f"The image {image.reference} went away while it was being used.")
        return found

    def _any_image(self) -> Image | None:
        wanted = [self.settings.probe_image] if self.settings.probe_image else []
        wanted += [containers.image for containers in self.settings.pipelines.values()]
        return next((image for one in wanted if (image := self.engine.image(one))), None)
