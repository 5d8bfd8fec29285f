"""Which file of a revision lies where: what a job has written lies over what it read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A revision as the stages of a job see it. new: what was written; old: the revision that was read."""

    new: Path | None
    old: Path | None

    def at(self, path: str) -> Path:
        """Where the file lies. Raises FileNotFoundError where the revision has none of that name."""
        found = self.find(path)
        if found is None:
            raise FileNotFoundError(f"{path} is missing in the state of this collection; `visaged rollback` goes back")
        return found

    def find(self, path: str) -> Path | None:
        """Where the file lies, or None."""
        for root in (self.new, self.old):
            if root is not None and (root / path).is_file():
                return root / path
        return None
