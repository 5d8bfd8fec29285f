"""How the containers of stages may be set: user, network, variables, mounts, run arguments; the unsafe is refused."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator

from daemon.config.problems import unknown
from daemon.config.quantities import Spelled, size

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SET_BY_US = re.compile(r"VISAGED_.*|[A-Z]+_NUM_THREADS|(CUDA|NVIDIA)_VISIBLE_DEVICES|PYTHONUNBUFFERED|LD_PRELOAD")
_SECRET = ("/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/etc", "/var/lib/docker", "/var/lib/containerd")
_OURS = ("/job", "/models", "/proc", "/sys", "/dev", "/tmp")  # noqa: S108 - a name in the container


def user(value: Any) -> str | None:
    """A user by number, "1000" or "1000:1000"; None for "auto". Raises ValueError."""
    if value == "auto":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,9}(:\d{1,9})?", value):
        raise ValueError(
            'it must be "auto" or a user\'s number, with the group\'s if you like, as "1000" or "1000:1000"'
        )
    return value


def network(value: Any) -> str:
    """The name of a network that is not the host's nor another container's. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value):
        raise ValueError('it must be "none", "bridge" or the name of a network of the engine (`docker network ls`)')
    if value == "host":
        raise ValueError(
            'the host\'s own network would let a stage reach everything that the host reaches; use "bridge"'
        )
    return value


def environment(value: Any) -> Mapping[str, str]:
    """Variables by name. Raises ValueError for one that visaged sets itself."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError('it must be a table of text, like { TZ = "Europe/Oslo" }')
    for name in value:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f'"{name}" is no name of a variable')
        if _SET_BY_US.fullmatch(name):
            raise ValueError(f"{name} is set by visaged, so that a stage keeps to what it was given")
    return value


def mounts(value: Any) -> tuple[tuple[Path, str], ...]:
    """Folders and files of this machine with their places in the container, always read-only. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('it must be an array of "/folder/here:/folder/in/the/container"')
    return tuple(_mount(one) for one in value)


def run_arguments(value: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What arguments of ``docker run`` add to the HostConfig and to the container of the Engine API.

    Only those that loosen nothing are known. Raises ValueError that names the one that is refused, and why.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('it must be an array of arguments of `docker run`, like ["--ulimit=nofile=65536"]')
    host: dict[str, Any] = {}
    config: dict[str, Any] = {}
    for argument in value:
        name, separator, given = argument.partition("=")
        if name in _REFUSED:
            raise ValueError(f"{name} is refused: {_REFUSED[name]}")
        if name not in _ALLOWED or not separator or not given:
            raise ValueError(f"{shlex.quote(argument)}: {_unknown(name)}")
        _ALLOWED[name](given, host, config)
    return host, config


def _mount(text: str) -> tuple[Path, str]:
    here, _, there = text.removesuffix(":ro").partition(":")
    if text.endswith(":rw") or not here.startswith("/") or not there.startswith("/") or ":" in there:
        raise ValueError(f'"{text}": write "/folder/here:/folder/in/the/container"; a stage can only read there')
    source, target = Path(os.path.normpath(here)), PurePosixPath(os.path.normpath(there))
    if str(source) == "/" or _below(source, _SECRET) or source.name.endswith(".sock"):
        raise ValueError(f'"{text}": {source} is part of the system, and stages may not see it; mount a folder of data')
    if str(target) == "/" or _below(target, _OURS):
        raise ValueError(f'"{text}": {target} is used by visaged or the system in the container; choose another place')
    return source, str(target)


def _below(path: PurePath, folders: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _unknown(name: str) -> str:
    if name in _ALLOWED:
        return f"write it in one piece, {name}=VALUE"
    return unknown(name, _ALLOWED, "argument, or one that is not safe")


# ---------------------------------------------------------------- run arguments

Put = Callable[[str, dict[str, Any], dict[str, Any]], None]


def _ulimit(given: str, host: dict[str, Any], _: dict[str, Any]) -> None:
    match = re.fullmatch(r"([a-z]+)=(\d+)(?::(\d+))?", given)
    if not match:
        raise ValueError(f"--ulimit={given}: write --ulimit=NAME=SOFT:HARD in numbers")
    limit = {"Name": match[1], "Soft": int(match[2]), "Hard": int(match[3] or match[2])}
    host.setdefault("Ulimits", []).append(limit)


def _tmpfs(given: str, host: dict[str, Any], _: dict[str, Any]) -> None:
    place, _colon, options = given.partition(":")
    if not place.startswith("/") or _below(PurePosixPath(os.path.normpath(place)), ("/job", "/proc", "/sys", "/dev")):
        raise ValueError(f"--tmpfs={given}: it must be a folder of the container that visaged does not use")
    bad = [one for one in options.split(",") if one and not re.fullmatch(r"(size|mode|nr_inodes)=\w+%?|exec", one)]
    if bad:
        raise ValueError(f"--tmpfs={given}: of its options only size, mode, nr_inodes and exec may be set")
    host.setdefault("Tmpfs", {})[place] = ",".join(["rw", "nosuid", "nodev", *filter(None, options.split(","))])


def _label(given: str, _: dict[str, Any], config: dict[str, Any]) -> None:
    name, _equals, value = given.partition("=")
    if name.startswith("visaged."):
        raise ValueError(f"--label={given}: labels that begin with visaged. are the daemon's own")
    config.setdefault("Labels", {})[name] = value


def _listed(key: str, pattern: str) -> Put:
    def put(given: str, host: dict[str, Any], _: dict[str, Any]) -> None:
        host.setdefault(key, []).append(_checked(given, pattern))

    return put


def _single(key: str, pattern: str, parse: Callable[[str], Any] = str) -> Put:
    def put(given: str, host: dict[str, Any], _: dict[str, Any]) -> None:
        host[key] = parse(_checked(given, pattern))

    return put


def _hostname(given: str, _: dict[str, Any], config: dict[str, Any]) -> None:
    config["Hostname"] = _checked(given, r"[A-Za-z0-9.-]{1,63}")


def _checked(given: str, pattern: str) -> str:
    if not re.fullmatch(pattern, given):
        raise ValueError(f'"{given}" does not fit this argument')
    return given


_ALLOWED: Mapping[str, Put] = {
    "--add-host": _listed("ExtraHosts", r"[A-Za-z0-9.-]+:[0-9A-Fa-f.:]+"),
    "--cpu-shares": _single("CpuShares", r"\d{1,6}", int),
    "--cpuset-cpus": _single("CpusetCpus", r"[\d,-]+"),
    "--dns": _listed("Dns", r"[0-9A-Fa-f.:]+"),
    "--hostname": _hostname,
    "--label": _label,
    "--memory-reservation": _single("MemoryReservation", r".+", size),
    "--oom-score-adj": _single("OomScoreAdj", r"\d{1,3}|1000", int),
    "--pids-limit": _single("PidsLimit", r"[1-9]\d{0,5}", int),
    "--tmpfs": _tmpfs,
    "--ulimit": _ulimit,
}
_HOST = "it would open the host to a stage, which reads files of strangers"
_KEY = "the key {} of this table says it"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "--privileged",
            "--cap-add",
            "--device",
            "--device-cgroup-rule",
            "--security-opt",
            "--pid",
            "--ipc",
            "--uts",
            "--userns",
            "--cgroupns",
            "--cgroup-parent",
            "--volumes-from",
            "--sysctl",
            "--runtime",
            "--group-add",
            "--oom-kill-disable",
            "--publish",
            "-p",
            "-P",
        ),
        _HOST,
    ),
    **dict.fromkeys(("-v", "--volume", "--mount"), _KEY.format("mounts") + ", and what it names is only read"),
    **dict.fromkeys(("-e", "--env", "--env-file"), _KEY.format("environment")),
    **dict.fromkeys(("--network", "--net"), _KEY.format("network")),
    **dict.fromkeys(("-u", "--user"), _KEY.format("user")),
    **dict.fromkeys(("-m", "--memory", "--memory-swap"), _KEY.format("memory")),
    "--cpus": _KEY.format("cpus"),
    "--shm-size": _KEY.format("shm"),
    "--pull": _KEY.format("pull"),
    "--gpus": "visaged gives each stage a GPU of its own; [gpus] says which it may give",
    **dict.fromkeys(
        ("--rm", "-d", "--detach", "--name", "--restart", "--entrypoint", "--init", "--read-only", "--stop-signal",
         "--stop-timeout", "--workdir", "-w", "--cidfile", "--log-driver", "--log-opt", "-i", "-t", "-it"),
        "visaged decides it",
    ),
}  # fmt: skip

User = Annotated[str | None, BeforeValidator(user), Spelled('"auto", "uid" or "uid:gid"')]
Network = Annotated[str, BeforeValidator(network), Spelled("name of a network")]
NetworkOrAuto = Annotated[
    str | None, BeforeValidator(lambda value: None if value == "auto" else network(value)), Spelled('name or "auto"')
]
Environment = Annotated[Mapping[str, str], BeforeValidator(environment), Spelled("table of text")]
Mounts = Annotated[tuple[tuple[Path, str], ...], BeforeValidator(mounts), Spelled('array of "/here:/in/the/container"')]
RunArguments = Annotated[
    tuple[Mapping[str, Any], Mapping[str, Any]], BeforeValidator(run_arguments), Spelled("array of arguments")
]
