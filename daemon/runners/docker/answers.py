"""What the engine's answers say, as our types. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ALIVE = ("running", "paused", "restarting", "removing")
"""States of a container in which its processes may be alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container as the engine describes it. started, ended: wall clock of the engine, seconds (0: not yet)."""

    id: str
    name: str
    state: str
    labels: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    out_of_memory: bool = False
    error: str = ""
    started: float = 0.0
    ended: float = 0.0
    binds: tuple[tuple[str, str], ...] = ()  # source on the engine's machine, target in the container

    @property
    def alive(self) -> bool:
        """Whether its processes may be alive."""
        return self.state in ALIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image on the engine's machine. digest: of its registry; its own id where it was built here."""

    reference: str
    id: str
    digest: str
    entry: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an engine says about itself. gpus: the names of GPUs that it knows by CDI."""

    cpus: float
    version: str = ""
    rootless: bool = False
    runtimes: tuple[str, ...] = ()
    gpus: frozenset[str] = frozenset()


def container_of(told: Mapping[str, Any]) -> Container:
    """What ``inspect`` says."""
    state = told["State"]
    return Container(
        id=told["Id"],
        name=str(told["Name"]).removeprefix("/"),
        state=state["Status"],
        labels=told["Config"].get("Labels") or {},
        status=int(state.get("ExitCode") or 0),
        out_of_memory=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        started=seconds(state.get("StartedAt")),
        ended=seconds(state.get("FinishedAt")),
        binds=tuple((m["Source"], m["Destination"]) for m in told.get("Mounts") or () if m.get("Source")),
    )


def listed_of(told: Mapping[str, Any]) -> Container:
    """What a listing says of one."""
    name = next(iter(told.get("Names") or ()), "")
    return Container(
        id=told["Id"], name=str(name).removeprefix("/"), state=told["State"], labels=told.get("Labels") or {}
    )


def image_of(reference: str, told: Mapping[str, Any]) -> Image:
    """What ``inspect`` says of an image."""
    digests = told.get("RepoDigests") or ()
    entry = (told.get("Config") or {}).get("Entrypoint") or ()
    return Image(reference=reference, id=told["Id"], digest=next(iter(digests), told["Id"]), entry=tuple(entry))


def facts_of(told: Mapping[str, Any]) -> Facts:
    """What ``info`` says."""
    options = " ".join(told.get("SecurityOptions") or ())
    devices = told.get("DiscoveredDevices") or ()
    return Facts(
        cpus=float(told.get("NCPU") or 1),
        version=str(told.get("ServerVersion") or ""),
        rootless="name=rootless" in options,
        runtimes=tuple(told.get("Runtimes") or ()),
        gpus=frozenset(str(d.get("ID")) for d in devices if d.get("Source") == "cdi"),
    )


def seconds(moment: str | None) -> float:
    """The engine's time as seconds of the wall clock; 0 for the time that means never."""
    if not moment or moment.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(moment).timestamp()
