"""Files that kill their reader: which ones were being read when a process died, and whether they do it again.

A fault in a native decoder ends the whole process. What was in hand is marked on disk; after such an end each marked
file is read once more by a process of its own, and a file that ends that too is never read again. From then on
every file of the shard is tried so before it is read.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

PATIENCE = 120.0
"""Seconds that a picture may take; a video may take as long as it likes."""
_FATAL_FOR_VIDEO = 2
"""Deaths after which a video is tried: its trial takes as long as its reading."""


class Marks:
    """The places that are in hand, and the deaths that each has seen, in one small file.

    It outlives the process, not the machine; it need not, for no picture stops a machine.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        held = json.loads(path.read_bytes()) if path.exists() else {"in_hand": [], "deaths": {}, "fatal": []}
        self._deaths: dict[str, int] = held["deaths"]
        self._fatal: set[int] = set(held["fatal"])
        self._in_hand: list[int] = []
        self.left: tuple[int, ...] = tuple(dict.fromkeys(held["in_hand"]))
        for place in self.left:
            self._deaths[str(place)] = self._deaths.get(str(place), 0) + 1
        self._write()

    @property
    def fatal(self) -> frozenset[int]:
        """The places whose files kill their reader."""
        return frozenset(self._fatal)

    def suspected(self, videos: frozenset[int]) -> tuple[int, ...]:
        """The places that were in hand when the last process died and are worth a trial. videos: places of those."""
        return tuple(p for p in self.left if p not in videos or self._deaths[str(p)] >= _FATAL_FOR_VIDEO)

    def condemn(self, place: int) -> None:
        """Afterwards the place is one of the fatal, also for later processes."""
        self._fatal.add(place)
        self._write()

    def take(self, places: Sequence[int]) -> None:
        """Afterwards these are in hand too."""
        self._in_hand += places
        self._write()

    def drop(self, places: Sequence[int]) -> None:
        """Afterwards these are in hand once less."""
        for place in places:
            self._in_hand.remove(place)
        self._write()

    def _write(self) -> None:
        held = {"in_hand": self._in_hand, "deaths": self._deaths, "fatal": sorted(self._fatal)}
        partial = self._path.with_name(f".{self._path.name}.partial")
        partial.write_text(json.dumps(held), "ascii")
        partial.replace(self._path)


class Trial:
    """A process that reads files so that this one need not die of them; started when it is needed first."""

    def __init__(self, max_pixels: int, interval: float) -> None:
        self._limits = max_pixels, interval
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def survived(self, path: Path, kind: str) -> bool:
        """Whether a process can read the file and live; not that it is any good."""
        process = self._running()
        asked, told = _pipes(process)
        try:
            asked.write(json.dumps([str(path), kind, *self._limits]).encode("ascii") + b"\n")
            asked.flush()
        except OSError:
            self._end()
            return False
        ready, _, _ = select.select([told], [], [], PATIENCE if kind == "picture" else None)
        if ready and told.readline():
            return True
        self._end()
        return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [sys.executable, "-m", "pipelines.faces.embed.trial"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with self._process:
                pass
            self._process = None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The process that tries pictures has no pipes.")
    return process.stdin, process.stdout


def _serve() -> None:
    """Reads each file that stdin names, and says a line when it is still there."""
    from pipelines.faces.embed.pictures import Unreadable, read  # noqa: PLC0415  the parent needs no decoders
    from pipelines.faces.embed.video import Sampling, frames  # noqa: PLC0415

    for line in sys.stdin:
        path, kind, max_pixels, interval = json.loads(line)
        try:
            if kind == "picture":
                read(Path(path), max_pixels)
            else:
                for _ in frames(Path(path), Sampling(interval=interval, max_pixels=max_pixels)):
                    pass
        except Unreadable:
            pass
        sys.stdout.write("read\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
