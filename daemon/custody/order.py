"""What is to be taken, and how taking it can end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.folders import Ownership
from daemon.model import Take
from daemon.unpack import Limits
from daemon.watch.scan import Ignores
from pipelines.contract import Input

IN: Final = "in"
DROPPED: Final = "dropped/item"
"""Where an archive lies. Its parent stays when it is put away, and tells that ``in`` was unpacked from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is to be taken.

    tops: siblings, relative to the inbox: one folder, one archive (and its sidecar) or loose files. work: the job's
    work folder; its name is the job's id. fingerprint: of what the scan saw. folder: whether the top is a folder.
    archive: whether what it holds is one archive, to be unpacked. ignored: the names that the scan leaves alone.
    """

    inbox: Path
    tops: tuple[str, ...]
    work: Path
    take: Take
    fingerprint: str
    archive: bool
    folder: bool
    limits: Limits
    ownership: Ownership
    ignored: Ignores | None = None

    @property
    def near(self) -> Path:
        """Where tops are held on the file system of the work folder."""
        return self.work / "arriving"

    @property
    def far(self) -> Path:
        """Where tops are held on the file system of the inbox, under a name that no scan sees."""
        return (self.inbox / self.tops[0]).parent / f".visaged-{self.work.name}"

    @property
    def final(self) -> Path:
        """Where the user's bytes lie when they are taken."""
        return self.work / (DROPPED if self.archive else IN)

    def source(self, held: Path) -> Path:
        """What becomes ``final``: the dropped folder itself, or the folder that the files are held in."""
        return held / Path(self.tops[0]).name if self.folder else held


@dataclass(frozen=True, slots=True)
class Taken:
    """The item is in the work folder, ready to be worked on. inputs: every file below ``in/``, without roles."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """The item is in the inbox, where it was. why: a sentence for the user."""

    why: str
