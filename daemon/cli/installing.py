"""``visaged install-service``: the systemd unit of one config.toml."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from string import Template

from daemon.cli.opening import configuration
from daemon.cli.settings import Settings
from daemon.config import Config
from pipelines.contract import write_atomic

UNIT = "visaged.service"

GROUPS = """
# The group that may use the Docker engine.
SupplementaryGroups=docker
"""

DEPTH = 3
"""Parts of the least deep folder that may be opened for what lies in it, such as / srv visaged; /srv is too much."""


def install(settings: Settings, user: str, units: Path | None) -> tuple[str, ...]:
    """Afterwards the unit is in the folder units; given back: what to do next. Without a folder: the unit's lines.

    Raises ConfigError where config.toml cannot be used, OSError where the unit cannot be written.
    """
    text = unit(configuration(settings), user)
    if units is None:
        return tuple(text.splitlines())
    write_atomic(units / UNIT, text.encode())
    (units / UNIT).chmod(0o644)
    return (
        f"{units / UNIT} is written. To start it now and with the machine:",
        "  sudo systemctl daemon-reload && sudo systemctl enable --now visaged",
    )


def unit(config: Config, user: str) -> str:
    """The unit for a configuration. Its folders are looked at: which file systems they are on decides about mounts."""
    daemon = config.daemon
    inboxes = [folder for inbox in config.inboxes for folder in (inbox.path, inbox.results)]
    folders = (daemon.root, daemon.work, daemon.archive, daemon.failed, daemon.state, *inboxes)
    command = Path(sys.executable).with_name("visaged")
    template = Template(resources.files("daemon").joinpath("systemd", UNIT).read_text("utf-8"))
    return template.substitute(
        user=user,
        root=_quoted(daemon.root),
        state=_quoted(daemon.state),
        config=_quoted(config.path.absolute()),
        command=_quoted(command),
        writable=" ".join(_optional(folder) for folder in writable({folder: _device(folder) for folder in folders})),
        groups=GROUPS if _containers(config) else "",
    )


def writable(device_of: Mapping[Path, int]) -> tuple[Path, ...]:
    """The fewest folders that hold all of these, one for each file system, unless that were the whole machine. Pure.

    Folders that are mounts of their own cannot be renamed into each other; so what shares a device shares a folder.
    """
    found: set[Path] = set()
    for device in set(device_of.values()):
        mine = sorted(folder for folder, on in device_of.items() if on == device)
        shared = Path(os.path.commonpath(mine))
        found.update([shared] if len(shared.parts) >= DEPTH or shared in mine else _outermost(mine))
    return tuple(_outermost(sorted(found)))


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Those that are not below another one; the folders come sorted."""
    kept: list[Path] = []
    for folder in folders:
        if not any(folder.is_relative_to(one) for one in kept):
            kept.append(folder)
    return kept


def _device(folder: Path) -> int:
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return there.stat().st_dev


def _containers(config: Config) -> bool:
    return "docker" in (config.daemon.runner, *(table.runner for table in config.pipelines.values()))


def _quoted(path: Path) -> str:
    """A path as a unit has it: % begins a specifier there, and a blank ends a word."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if shlex.quote(text) != text else text


def _optional(path: Path) -> str:
    """A path that may be missing when the daemon starts, such as a share that is not mounted."""
    quoted = _quoted(path)
    return f'"-{quoted[1:]}' if quoted.startswith('"') else f"-{quoted}"
