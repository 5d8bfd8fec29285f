"""What is configured about containers: the engine and the folders for all, image and limits for those of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Pull(StrEnum):
    """When an image is fetched from its registry."""

    NEVER = "never"
    MISSING = "missing"  # when it is not on this machine
    ALWAYS = "always"  # before every stage, so that a newer one is taken


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder or file of this machine that a container sees. source: as this process sees it, absolute."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """How the containers of one pipeline are made.

    image: of its stages; one that has an image of its own has the name of that between name and tag, behind a hyphen.
    user: "uid" or "uid:gid"; None: this process's. shm: bytes; None: what the stage asks for. mounts: never writable.
    models: the folder of weights that its stages see; None: they need none.
    host, config: what run arguments add to the HostConfig and to the container, as the Engine API spells it.
    """

    image: str
    pull: Pull = Pull.NEVER
    user: str | None = None
    network: str = "none"
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Bind, ...] = ()
    models: Path | None = None
    shm: int | None = None
    host: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def image_of(self, part: str) -> str:
        """The image of a stage: of ``attributes`` (part, its ``Stage.image``) it is ``visaged/faces-attributes:1``.

        A digest is of one image alone, so a stage's own image is then the one with the tag, if there is one.
        """
        if not part:
            return self.image
        undigested = self.image.partition("@")[0]
        folder, slash, name = undigested.rpartition("/")
        name, colon, tag = name.partition(":")
        return f"{folder}{slash}{name}-{part}{colon}{tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the runner needs to know.

    work: the folder of all job folders. address: of the engine; empty: DOCKER_HOST, else this machine's socket.
    readable: inboxes whose originals are read in place. probe_image: what the proof of the mounts runs in; empty: the
    first image of a pipeline that is here. grace: seconds between asking a stage to stop and killing it.
    orphan_grace: seconds for which a container stays that ended while nobody asked for it. pulse: between two looks.
    """

    work: Path
    pipelines: Mapping[str, Containers]
    address: str = ""
    readable: tuple[Path, ...] = ()
    probe_image: str = ""
    grace: float = 10.0
    orphan_grace: float = 600.0
    pulse: float = 1.0
