"""From a task to what the engine is asked to make: the container's name, labels, limits and mounts. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from daemon.model import Slot, Task
from daemon.runners.docker.answers import Facts, Image
from daemon.runners.docker.settings import Containers
from daemon.runners.environment import MEMORY, MODELS, THREADS

JOB = PurePosixPath("/job")
"""Where a stage finds its job folder."""
WEIGHTS = PurePosixPath("/models")
"""Where a stage finds the weights that it needs."""
PIDS = 4096
"""Processes and threads of one stage; numeric libraries start dozens for each core."""
GPU = ["gpu", "compute", "utility", "graphics", "video"]
"""What of a GPU's driver a stage may use: CUDA, its tools, OpenGL, and the video units."""
LOGS = {"Type": "json-file", "Config": {"max-size": "32m", "max-file": "3"}}
"""What the engine itself keeps of a stage's words; logs/ has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who a stage runs as. groups: further groups, because the daemon may read the inputs by one of them."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A mount as the engine's machine has it."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One container that should be. root: the id of this daemon's work folder, by which it knows its own."""

    task: Task
    root: str
    image: Image
    containers: Containers
    user: User
    mounts: tuple[Mounted, ...]


def name_of(task: str, root: str) -> str:
    """The container's name, the same after every restart, and another one for another daemon's task of that name."""
    return f"visaged-{task}-{root[:8]}"


def own(root: str) -> str:
    """The label by which a daemon finds its containers."""
    return f"visaged.root={root}"


def configuration(wish: Wish, facts: Facts) -> dict[str, Any]:
    """The container as the Engine API takes it, with the hash of all of it among its labels."""
    task, containers = wish.task, wish.containers
    made = {
        "Image": wish.image.id,
        "Entrypoint": None if wish.image.entry else ["python3", "-P", "-m", task.module],
        "Cmd": [task.stage.name, str(JOB), *(["--shard", task.shard] if task.shard else [])],
        "User": f"{wish.user.uid}:{wish.user.gid}",
        "WorkingDir": str(JOB),
        "Env": [f"{name}={value}" for name, value in sorted(_environment(task.slot, containers).items())],
        "StopSignal": "SIGTERM",
        **containers.config,
        "HostConfig": _host(wish, facts),
    }
    spec = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    return {**made, "Labels": {**containers.config.get("Labels", {}), **_labels(wish), "visaged.spec": spec}}


def _labels(wish: Wish) -> dict[str, str]:
    task = wish.task
    return {
        "visaged.root": wish.root,
        "visaged.task": task.name,
        "visaged.job": task.job,
        "visaged.pipeline": task.pipeline,
        "visaged.stage": task.stage.name,
        "visaged.shard": task.shard or "",
        "visaged.attempt": str(task.attempt),
        "visaged.timeout": str(task.stage.timeout),
        "visaged.image": wish.image.reference,
    }


def _environment(slot: Slot, containers: Containers) -> dict[str, str]:
    """As the local runner's, without anything of the daemon's own. GPUs that are not the slot's are hidden."""
    gpus = ",".join(slot.gpus)
    return {
        "HOME": "/tmp",  # noqa: S108 - the only place of a container's own that can be written
        **containers.environment,
        **dict.fromkeys(THREADS, str(max(1, int(slot.cpus)))),
        MEMORY: str(slot.memory),
        "CUDA_VISIBLE_DEVICES": gpus,
        "NVIDIA_VISIBLE_DEVICES": gpus or "void",
        "PYTHONUNBUFFERED": "1",
        **({MODELS: str(WEIGHTS)} if containers.models else {}),
    }


def _host(wish: Wish, facts: Facts) -> dict[str, Any]:
    task, containers, user = wish.task, wish.containers, wish.user
    host: dict[str, Any] = {
        "Mounts": [_mount(one) for one in wish.mounts],
        "NetworkMode": containers.network,
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        # Root without this may not read what belongs to others; as the local runner it may. The mounts still hold it.
        "CapAdd": ["DAC_OVERRIDE"] if user.uid == 0 else [],
        "SecurityOpt": ["no-new-privileges"],
        "GroupAdd": [str(group) for group in user.groups],
        "Init": True,
        "PidsLimit": PIDS,
        # A stage that was given less than a core is told of one thread, and not slowed down below one core.
        "NanoCpus": int(min(max(1.0, task.slot.cpus), facts.cpus) * 1e9),
        "OomScoreAdj": 500,
        "LogConfig": LOGS,
        "RestartPolicy": {"Name": "no"},
        **containers.host,
        "Tmpfs": {"/tmp": "rw,nosuid,nodev,exec,mode=1777", **containers.host.get("Tmpfs", {})},  # noqa: S108
    }
    if task.slot.memory:
        host |= {"Memory": task.slot.memory, "MemorySwap": task.slot.memory}
    if shm := containers.shm or task.stage.shm:
        host["ShmSize"] = shm
    if task.slot.gpus:
        host["DeviceRequests"] = [gpu_request(task.slot.gpus, facts.gpus)]
    return host


def gpu_request(uuids: Iterable[str], known: frozenset[str]) -> Mapping[str, Any]:
    """The request for exactly these GPUs: by CDI where the engine knows them all so, else by NVIDIA's runtime hook."""
    wanted = list(uuids)
    names = [f"nvidia.com/gpu={uuid}" for uuid in wanted]
    if known.issuperset(names):
        return {"Driver": "cdi", "Count": 0, "DeviceIDs": names, "Capabilities": [], "Options": {}}
    return {"Driver": "", "Count": 0, "DeviceIDs": wanted, "Capabilities": [GPU], "Options": {}}


def _mount(mount: Mounted) -> dict[str, Any]:
    return {"Type": "bind", "Source": mount.source, "Target": mount.target, "ReadOnly": not mount.writable}
