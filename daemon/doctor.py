"""What of this machine would keep visaged from working, and what to do about it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from daemon.errors import ConfigError
from daemon.gpus import Discovered, chosen
from daemon.watch.mounts import MOUNTINFO, file_system, is_remote

WATCHES = 65536
"""Folders that inotify should be able to watch; a full archive of drops has more than the smallest default, 8192."""

_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_PATIENCE = 60.0
_OPENGL = "import moderngl; print(moderngl.create_standalone_context(backend='egl').info['GL_RENDERER'])"
_H264 = "import av; print(av.codec.Codec('h264', 'w').name)"
_DOCKER = "import docker; print(docker.from_env(timeout=5).version()['Version'])"
_DEBIAN = "sudo apt-get install -y libegl1 libgl1-mesa-dri"


class State(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"  # works, but less well than it could
    BAD = "bad"  # something that is configured cannot work


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. says: a sentence. fix: what to do, where something is to be done."""

    what: str
    state: State
    says: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the daemon is to work with. own: archive, failed, results. disk_min: bytes. pipelines: run here."""

    inboxes: tuple[Path, ...]
    own: tuple[Path, ...]
    work: Path
    state: Path
    disk_min: int
    pipelines: tuple[str, ...]
    use_gpus: str | tuple[str, ...] = "auto"
    mountinfo: Path = MOUNTINFO


def examine(site: Site, gpus: Discovered) -> tuple[Finding, ...]:
    """Everything that was looked at, the good too. Takes seconds: OpenGL and codecs are tried in other processes."""
    packages = {name: _wanted(name) for name in site.pipelines}
    wanted = {package for found in packages.values() for package in found}
    return (
        _python(),
        *(_installed(name, packages[name], others=_any_whole(packages, name)) for name in packages),
        *([_opengl()] if "moderngl" in wanted else []),
        *([_h264()] if "av" in wanted else []),
        _gpu(site, gpus),
        *(Finding(what="GPU", state=State.WARN, says=sick) for sick in gpus.sick),
        _docker(),
        *_folders(site),
        *_disks(site),
        _watches(),
    )


# ---------------------------------------------------------------- programs and devices


def _python() -> Finding:
    says = f"Python {platform.python_version()} with SQLite {sqlite3.sqlite_version}."
    return Finding(what="Python", state=State.OK, says=says)


def _wanted(pipeline: str, distribution: str = "visaged") -> tuple[str, ...]:
    """The packages of a pipeline, or of its kind for GPUs where more of those are installed."""
    each = [found for extra in (pipeline, f"{pipeline}-cuda") if (found := _packages(extra, distribution))]
    return min(each, key=lambda found: len(_missing(found)), default=())


def _missing(packages: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in packages if next(iter(metadata.distributions(name=name)), None) is None)


def _packages(pipeline: str, distribution: str = "visaged") -> tuple[str, ...]:
    """The packages of the extra with the pipeline's name; a pipeline of another distribution has none here."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return ()
    name = re.sub(r"[-_.]+", "[-_.]+", pipeline)  # talking_head is talking-head there
    extra = re.compile(rf"""([\w.-]+)[^;]*;.*\bextra == ["']{name}["']""")
    return tuple(match[1].lower() for match in map(extra.match, lines) if match)


def _any_whole(packages: Mapping[str, Sequence[str]], but: str) -> bool:
    """Whether another pipeline has all of its packages."""
    return any(not _missing(found) for name, found in packages.items() if name != but)


def _installed(pipeline: str, packages: Sequence[str], *, others: bool = False) -> Finding:
    """Whether the pipeline has its packages: who uses another does well without. others: another works."""
    missing = _missing(packages)
    versions = {name: metadata.version(name) for name in packages if name not in missing}
    what = f"packages of {pipeline}"
    if missing:
        works = "; other pipelines can" if others else ""
        says = f"{', '.join(missing)} not installed, so {pipeline} cannot run{works}."
        fix = f"{sys.executable} -m pip install 'visaged[{pipeline}]'"
        return Finding(what=what, state=State.WARN if others else State.BAD, says=says, fix=fix)
    return Finding(what=what, state=State.OK, says=", ".join(f"{n} {v}" for n, v in versions.items()) or "none needed")


def _opengl() -> Finding:
    renderer, trouble = _tried(_OPENGL)
    if renderer:
        return Finding(what="OpenGL", state=State.OK, says=f"Pictures are drawn by {renderer}.")
    return Finding(what="OpenGL", state=State.BAD, says=f"Pictures cannot be drawn: {trouble}", fix=_DEBIAN)


def _h264() -> Finding:
    encoder, trouble = _tried(_H264)
    if encoder:
        return Finding(what="video", state=State.OK, says=f"Videos are encoded by {encoder}.")
    fix = f"{sys.executable} -m pip install --force-reinstall av"
    return Finding(what="video", state=State.BAD, says=f"There is no h264 encoder: {trouble}", fix=fix)


def _tried(program: str) -> tuple[str, str]:
    """What a Python program prints and, where it fails, its last words: a broken driver may end the process."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer in {_PATIENCE:g} s."
    if done.returncode:
        return "", (done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"])[-1]
    return done.stdout.strip(), ""


def _gpu(site: Site, gpus: Discovered) -> Finding:
    try:
        usable = chosen(gpus, site.use_gpus)
    except ConfigError as error:
        return Finding(what="GPU", state=State.BAD, says=str(error), fix="correct [gpus] use in config.toml")
    if usable:
        shown = ", ".join(f"{gpu.name} with {gpu.memory / 1e9:.0f} GB ({gpu.uuid})" for gpu in usable)
        return Finding(what="GPU", state=State.OK, says=f"{shown}, driver {usable[0].driver}.")
    why = "config.toml says to use none." if site.use_gpus == "none" else gpus.why_none
    return Finding(what="GPU", state=State.OK, says=f"None: {why} Stages that can do without run on the processor.")


def _docker() -> Finding:
    version, _trouble = _tried(_DOCKER)
    if version:
        return Finding(what="Docker", state=State.OK, says=f"Engine {version} answers.")
    where = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    says = f"No Docker engine answers at {where}. Stages that run as processes need none."
    return Finding(what="Docker", state=State.WARN, says=says)


# ---------------------------------------------------------------- folders and disks


def _folders(site: Site) -> Iterator[Finding]:
    mounts = site.mountinfo.read_text(encoding="utf-8", errors="surrogateescape")
    for path in site.inboxes:
        yield _inbox(path, mounts, site.work)
    for path in dict.fromkeys((*site.own, site.work)):
        yield _writable(path)
    kind = _kind(site.state, mounts)
    if is_remote(kind):
        says = f"{site.state} lies on a network file system ({kind}), where a database can be damaged."
        fix = "set state under [daemon] in config.toml to a folder on a disk of this machine"
        yield Finding(what="state", state=State.BAD, says=says, fix=fix)
    else:
        yield _writable(site.state)


def _inbox(path: Path, mounts: str, work: Path) -> Finding:
    what, kind = f"inbox {path}", _kind(path, mounts)
    if not path.is_dir():
        fix = f"visaged init {path.parent}, or mount the share"
        return Finding(what=what, state=State.BAD, says="It is not there.", fix=fix)
    noticed = "looked through at intervals" if is_remote(kind) else "watched by events"
    if path.stat().st_dev == _there(work).stat().st_dev:
        taken = "taken by renaming"
    else:
        taken = f"taken by copying, since {work} is on another file system"
    if not os.access(path, os.W_OK | os.X_OK):
        fix = f"give the user {os.getuid()} the right to write there"
        return Finding(what=what, state=State.BAD, says=f"Nothing can be written or moved there ({kind}).", fix=fix)
    return Finding(what=what, state=State.OK, says=f"File system {kind}: {noticed}; drops are {taken}.")


def _writable(path: Path) -> Finding:
    there = _there(path)
    if os.access(there, os.W_OK | os.X_OK) and there.is_dir():
        says = "It can be written." if there == path else f"It is not there yet and can be made in {there}."
        return Finding(what=f"folder {path}", state=State.OK, says=says)
    fix = f"sudo install -d -o {os.getuid()} -g {os.getgid()} {path}"
    return Finding(what=f"folder {path}", state=State.BAD, says=f"This user cannot write in {there}.", fix=fix)


def _disks(site: Site) -> Iterator[Finding]:
    """The free space of each disk once, whichever folders lie on it."""
    disks = {_there(path).stat().st_dev: path for path in (*site.own, site.work, site.state)}
    for path in disks.values():
        free = shutil.disk_usage(_there(path)).free
        state = State.BAD if free < site.disk_min else State.WARN if free < 5 * site.disk_min else State.OK
        fix = "" if state is State.OK else f"make space; below {site.disk_min / 1e9:.3g} GB no job is started"
        yield Finding(what=f"disk of {path}", state=state, says=f"{free / 1e9:.1f} GB are free.", fix=fix)


def _watches(limit: Path = _LIMIT) -> Finding:
    try:
        number = int(limit.read_text())
    except (OSError, ValueError):
        says = "inotify is not here, so all inboxes are looked through at intervals."
        return Finding(what="events", state=State.WARN, says=says)
    if number >= WATCHES:
        return Finding(what="events", state=State.OK, says=f"inotify can watch {number} folders.")
    fix = "echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/60-visaged.conf && sudo sysctl --system"
    return Finding(what="events", state=State.WARN, says=f"inotify can watch only {number} folders.", fix=fix)


def _there(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())


def _kind(path: Path, mounts: str) -> str:
    return file_system(mounts, path.resolve()) or "unknown"
