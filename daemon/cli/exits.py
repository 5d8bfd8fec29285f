"""The exit codes of the command line, and which error ends with which."""

from __future__ import annotations

from enum import IntEnum

from daemon.errors import CannotDo, ConfigError, StoreError, VisagedError


class Exit(IntEnum):
    """What the command's end says."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WAITS = 3
    DAEMON = 4
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "all is well, or all is done",
    Exit.FAILED: "something failed, or could not be done",
    Exit.USAGE: "the command line, config.toml or the database cannot be used",
    Exit.WAITS: "something still waits",
    Exit.DAEMON: "another daemon holds the folder, or none is running where one is needed",
    Exit.INTERRUPTED: "interrupted by Ctrl-C (`run` ends with 0)",
}


class DaemonError(VisagedError):
    """A daemon runs where none may, or none runs where one is needed."""


def of(error: VisagedError) -> Exit:
    """The exit code of a command that ends with this error."""
    match error:
        case DaemonError():
            return Exit.DAEMON
        case ConfigError() | StoreError():
            return Exit.USAGE
        case CannotDo():
            return Exit.FAILED
    return Exit.FAILED
