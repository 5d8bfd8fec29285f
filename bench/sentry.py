"""A thread that looks at a result tree all the time and notes every half result that it ever sees."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

PAUSE = 0.001
"""Seconds between two looks."""


class Sentry:
    """Looks from ``start`` to ``stop``. looks: how many. faults: what was half, in words.

    texts: result below the root -> what its file must hold as soon as it is there; it may grow meanwhile.
    """

    def __init__(self, results: Path, texts: Mapping[str, str]) -> None:
        self.looks = 0
        self.faults: list[str] = []
        self._results = results
        self._texts = texts
        self._whole: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sentry", daemon=True)

    def start(self) -> None:
        """Afterwards it looks."""
        self._thread.start()

    def stop(self) -> None:
        """Afterwards it has looked once more, at everything."""
        self._over.set()
        self._thread.join()
        self._whole.clear()
        self._look()

    def _run(self) -> None:
        while not self._over.is_set():
            self._look()
            time.sleep(PAUSE)

    def _look(self) -> None:
        """What has been seen whole once is not looked at again: nothing unmakes it."""
        for path in [*self._in("noop"), *self._in("counted/*")]:
            name = str(path.relative_to(self._results))
            if name not in self._whole:
                self.faults += (f"{name}: {fault}" for fault in self._faults(name, path))
                self._whole.add(name)
        self.looks += 1

    def _in(self, folder: str) -> Iterator[Path]:
        """What a user sees: no hidden names."""
        for parent in self._results.glob(folder):
            yield from (path for path in parent.iterdir() if not path.name.startswith("."))

    def _faults(self, name: str, path: Path) -> Iterator[str]:
        if path.is_dir():
            yield from (f"no {file}" for file in ("receipt.json", "seen.txt") if not (path / file).is_file())
            yield from _unreadable(path / "receipt.json")
        elif name.endswith(".receipt.json"):
            yield from _unreadable(path)
            if not path.with_name(path.name.replace(".receipt.json", ".txt")).is_file():
                yield "a receipt without its result"
        elif path.read_text("utf-8", "replace") != self._texts.get(name):
            yield "its content is not that of the whole"


def _unreadable(receipt: Path) -> Iterator[str]:
    try:
        found = json.loads(receipt.read_bytes())["job"]
    except (OSError, ValueError, KeyError):
        found = None
    if not found:
        yield "a receipt that cannot be read"
