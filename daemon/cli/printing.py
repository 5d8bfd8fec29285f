"""How commands answer: text for people and JSON for programs on stdout, plain lines on stderr where it went wrong."""

from __future__ import annotations

import json
import sys
from typing import Any

from daemon.view import as_json


def say(text: str) -> None:
    """Afterwards the text stands on stdout."""
    print(text)  # noqa: T201 - this is where commands print


def say_json(value: Any) -> None:
    """Afterwards the value stands on stdout as JSON in ASCII, so that names in any bytes survive."""
    say(json.dumps(as_json(value), indent=2))


def complain(text: str) -> None:
    """Afterwards what is wrong stands on stderr, after the name of the program."""
    print(f"visaged: {text}", file=sys.stderr, flush=True)  # noqa: T201 - this is where commands print
