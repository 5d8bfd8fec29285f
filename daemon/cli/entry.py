"""The way in and the way out: arguments to a command, errors to one plain line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from daemon.cli.exits import Exit, of
from daemon.errors import VisagedError
from daemon.names import shown

GLOBAL = ("--config", "--log-level")
"""Options of all commands, which people also write behind the command."""


def main() -> None:
    """Run the command line of this process; it ends by SystemExit with one of ``Exit``."""
    from daemon.cli.app import invoke  # noqa: PLC0415 - the package is imported by whoever wants only a part of it

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        invoke(hoisted(sys.argv[1:]))
    except VisagedError as error:
        sys.exit(_ended(str(error), of(error)))
    except OSError as error:
        where = f": {shown(str(error.filename))}" if error.filename else ""
        sys.exit(_ended(f"{error.strerror or error}{where}", Exit.FAILED))


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The arguments with the options of all commands in front, wherever before a ``--`` they stood. Pure."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    first, rest = [], []
    words = iter(arguments[:end])
    for word in words:
        if word.partition("=")[0] not in GLOBAL:
            rest.append(word)
        elif "=" in word:
            first.append(word)
        else:
            first += [word, *(one for one in [next(words, None)] if one is not None)]
    return [*first, *rest, *arguments[end:]]


def _ended(message: str, code: Exit) -> Exit:
    for line in message.splitlines() or [""]:
        print(f"visaged: {line}", file=sys.stderr, flush=True)  # noqa: T201 - the one place where errors end
    return code
