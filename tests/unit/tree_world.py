"""A result tree with a stage that wants things of it and a user who changes it: what the tests of trees share."""

import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from daemon.folders import Ownership
from daemon.tree import Applied, TreeChange, apply, look, recorded, signature
from pipelines.contract import Leaf, Place, write_lines
from tests.killing import census, files, plant


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def leaf(path: str, content: bytes, tag: str = "faces:1", place: Place = Place.AUTO) -> Leaf:
    """A leaf of a user's picture."""
    return Leaf(path=path, sha256=sha(content), tag=tag, place=place)


def made(path: str, tag: str = "ours") -> Leaf:
    """A leaf that the stage makes, from a file of the same path."""
    return Leaf(path=path, file=path, tag=tag)


WRITES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime"}
"""The audit events of what changes a file system, besides opening a file to write."""


@dataclass
class World:
    """Folders of one collection. pictures: everything that was ever dropped, in the archive."""

    root: Path
    place: Path | None = None
    jobs: int = 0
    archived: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    @property
    def tree(self) -> Path:
        return (self.place or self.root / "results") / "family"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def kept(self) -> Path:
        return self.root / "kept"

    @property
    def work(self) -> Path:
        return self.root / "work" / f"job{self.jobs}"

    def drop(self, *contents: bytes) -> None:
        """The user drops pictures; they are archived."""
        for content in contents:
            path = self.root / "archive" / f"{sha(content)[:8]}.jpg"
            plant(path.parent, {path.name: content})
            self.archived[sha(content)] = (path,)
            self.dropped.add(sha(content))

    def look(self):
        return look(self.tree, recorded(self.state))

    def published(self) -> dict[str, tuple[str | None, str]]:
        """What the stages are told: path -> (was, tag); of what is gone, ``-`` and its path."""
        return {line.path or f"-{line.was}": (line.was, line.tag) for line in self.look().shown}

    def change(self, leaves, made=None, *, seen=True, **changes) -> TreeChange:
        """A stage has looked at the tree and wants these."""
        self.jobs += 1
        staged = self.work / "tree"
        staged.mkdir(parents=True)
        plant(staged, made or {})
        write_lines(staged / "tree.jsonl", leaves)
        write_lines(self.work / "published.jsonl", self.look().shown)
        return TreeChange(
            **{
                "job": f"job{self.jobs}",
                "tree": self.tree,
                "state_root": self.state,
                "staged": staged,
                "sources": self.archived,
                "kept": self.kept,
                "ownership": Ownership(0o022),
                "seen": self.work / "published.jsonl" if seen else None,
                **changes,
            }
        )

    def show(self, leaves, made=None, **changes) -> Applied:
        """A stage looks at the tree, wants these, and gets them."""
        applied = apply(self.change(leaves, made, **changes))
        assert isinstance(applied, Applied), applied
        return applied

    def seen(self) -> dict[str, bytes]:
        """The files that a user sees."""
        return {p: c for p, c in files(self.tree).items() if not any(n.startswith(".visaged") for n in p.split("/"))}

    def move(self, old: str, new: str) -> None:
        """The user moves a file or folder of the tree."""
        (self.tree / new).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / old).rename(self.tree / new)

    def write(self, path: str, content: bytes) -> None:
        """The user writes a file into the tree, as a new one."""
        (self.tree / path).unlink(missing_ok=True)
        plant(self.tree, {path: content})

    def remove(self, path: str) -> None:
        """The user removes a file or folder of the tree."""
        target = self.tree / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    def pictures(self) -> set[str]:
        """The hashes of all pictures that were dropped and are anywhere, seen or not."""
        return self.contents() & self.dropped

    def contents(self) -> set[str]:
        """The hashes of all files that are anywhere for good, seen or not."""
        return census(self.root / "archive", self.kept).keys() | {
            sha(content) for path, content in files(self.tree).items() if not path.startswith(".visaged-partial/new-")
        }

    def signature(self) -> str:
        return signature(self.tree)


def interrupted(at: int, call: Callable[..., object], *arguments: object) -> bool:
    """Call in a forked child that dies before its at-th write to a file or folder; the answer is whether it did."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = at

    def hook(name: str, said: tuple[object, ...]) -> None:
        nonlocal left
        if name in WRITES or (name == "open" and isinstance(said[1], str) and set(said[1]) & set("wxa")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(hook)
        call(*arguments)
    finally:
        os._exit(0)


def snapshot(*roots: Path) -> dict[str, tuple[int, int, int]]:
    """Every file and folder below roots, with what a write to it would change."""
    return {
        os.fspath(path): (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
        for root in roots
        for path in (root, *root.rglob("*"))
        if (status := path.lstat())
    }
