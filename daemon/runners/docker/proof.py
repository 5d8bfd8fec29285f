"""The proof that containers see the same files as the daemon: a probe container copies a file that nobody can guess."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.errors import ConfigError
from daemon.failpoints import Step, step
from daemon.folders import remove
from daemon.runners.docker.answers import Image
from daemon.runners.docker.engine import Declined, Engine
from daemon.runners.docker.folders import Translation
from daemon.runners.docker.spec import User, own

PATIENCE = 60.0
"""Seconds for the probe container; the first container of an engine takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the proof is made. root: the id by which a daemon knows its own."""

    work: Path
    image: Image
    user: User
    root: str

    @property
    def name(self) -> str:
        """How the names of the folders begin that proofs are made in."""
        return f".visaged-probe-{self.root[:8]}"


def prove(engine: Engine, ground: Ground, translation: Translation) -> None:
    """Afterwards it is sure that a container can read and write the work folder, as the user of the stages.

    Raises ConfigError with what is wrong, RunnerUnavailable.
    """
    _clear(engine, ground)
    folder = ground.work / f"{ground.name}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        nonce = secrets.token_hex(16)
        (folder / "nonce").write_text(nonce)
        if os.geteuid() == 0:
            os.chown(folder, ground.user.uid, ground.user.gid)
        why = _copied(engine, ground, translation.there(folder))
        if not why and _read(folder / "copy") != nonce:
            why = "it does not see the same files there"
        if why:
            raise ConfigError(_WRONG.format(work=ground.work, there=translation.there(ground.work), why=why))
    finally:
        remove(folder)


def _clear(engine: Engine, ground: Ground) -> None:
    """Afterwards nothing is left of a proof during which its daemon was killed."""
    for container in engine.listing(own(ground.root)):
        if "visaged.probe" in container.labels:
            engine.remove(container.id)
    for folder in ground.work.glob(f"{ground.name}-*"):
        remove(folder)


_WRONG = (
    "A container cannot work in the work folder {work}, which is {there} for the Docker engine: {why}. The daemon and "
    "its stages must see the same folder: mount it at the same path inside and outside, and let DOCKER_HOST name the "
    "engine of this machine."
)


def _copied(engine: Engine, ground: Ground, there: str) -> str | None:
    """Why the probe could not copy; None: it has."""
    user = ground.user
    made = engine.create(f"visaged-probe-{secrets.token_hex(6)}", _configuration(ground, there, user))
    if isinstance(made, Declined):
        return made.why
    step(Step.DOCKER_PROVING)
    try:
        if declined := engine.start(made):
            return declined.why
        status = engine.wait(made, PATIENCE)
        said = b"".join(engine.log(made)).decode("utf-8", "replace").strip() if status else ""
    finally:
        engine.remove(made)
    if status == 0:
        return None
    return said or (f"it ended with status {status}" if status else f"it did not end in {PATIENCE:g} s")


def _configuration(ground: Ground, there: str, user: User) -> dict[str, Any]:
    return {
        "Image": ground.image.id,
        "Entrypoint": ["cp", "/probe/nonce", "/probe/copy"],
        "Cmd": [],
        "User": f"{user.uid}:{user.gid}",
        "Labels": {"visaged.root": ground.root, "visaged.probe": "mounts"},
        "HostConfig": {
            "Mounts": [{"Type": "bind", "Source": there, "Target": "/probe", "ReadOnly": False}],
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "GroupAdd": [str(group) for group in user.groups],
        },
    }


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
