"""A small collection with a tree that a user edits: what the tests of tree and edits share.

Who faces are comes from what ``base`` says and from the decisions, as simply as can be; files are inodes in a mapping.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from daemon.folders import Ownership
from daemon.model import Failed
from daemon.tree import TreeChange, apply, look, recorded
from pipelines.contract import TREE, Leaf, Place, Shown, write_lines
from pipelines.faces.columns import FACE, Picture
from pipelines.faces.people.said import replayed
from pipelines.faces.people.words import NOBODY, Census, Decision, Person, Standing, Verb
from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.edits import Reading, read
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.leaves import elsewhere, leaves

Who = int | None | str
"""Of a face: a person's number, None: nobody, "1?": perhaps the person 1."""


def sha(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass
class File:
    inode: int
    content: str


@dataclass
class World:
    """pictures: path -> whose its faces are. names: of people."""

    pictures: Mapping[str, Sequence[Who]]
    names: Mapping[int, str] = field(default_factory=dict)
    crops: bool = False
    decisions: list[Decision] = field(default_factory=list)
    tree: dict[str, File] = field(default_factory=dict)
    record: dict[str, tuple[File, str]] = field(default_factory=dict)
    inodes: int = 1000
    batch: int = 0

    def __post_init__(self) -> None:
        for number, name in sorted(self.names.items()):
            self.hear([Decision(number=0, batch=0, at=0.0, by="command", verb=Verb.NAME, person=number, name=name)])
        self.leave()

    # --- who is who
    @property
    def faces(self) -> list[tuple[int, Who]]:
        return [(row, who) for row, (_, each) in enumerate(self.pictures.items()) for who in each]

    def face(self, path: str, which: int = 0) -> int:
        """The id of a picture's face."""
        row = list(self.pictures).index(path)
        return [n for n, (picture, _) in enumerate(self.faces) if picture == row][which] * 10 + 3

    def holdings(self) -> Holdings:
        array = np.zeros(len(self.faces), dtype=FACE)
        array["id"] = np.arange(len(array)) * 10 + 3
        array["picture"] = [picture for picture, _ in self.faces]
        array["time"] = np.nan
        array["quality"] = 0.5
        everybody = [abs(int(str(who).rstrip("?"))) if who is not None else 0 for _, who in self.faces]
        alike = np.eye(64, dtype=np.float32)[np.asarray(everybody, dtype=int)]
        return Holdings(
            pictures=[Picture(sha256=sha(path), path=path) for path in self.pictures],
            faces=array,
            census=self.census(array["id"]),
            decisions=tuple(self.decisions),
            embeddings=lambda rows: alike[rows],
            chip=lambda _: b"",
        )

    def census(self, ids: np.ndarray) -> Census:
        said = replayed(self.decisions)
        stands = [self._stands(int(face), who, said) for face, (_, who) in zip(ids, self.faces, strict=True)]
        person = np.array([p for p, _ in stands], dtype=np.int32)
        settled = {int(p) for p, s in stands if s in (Standing.JOINED, Standing.PLACED)}
        numbers = {n for n in settled | set(said.names) if n != NOBODY and n not in said.merged}
        return Census(
            people={n: Person(number=n, born=1, name=said.names.get(n)) for n in sorted(numbers)},
            person=person,
            standing=np.array([s for _, s in stands], dtype=np.int8),
            cluster=np.zeros(len(stands), dtype=np.int32),
            similarity=np.full(len(stands), 0.5, dtype=np.float32),
        )

    def _stands(self, face: int, who: Who, said) -> tuple[int, Standing]:
        if face in said.nobody:
            return NOBODY, Standing.NOT_PEOPLE
        if face in said.placed:
            return said.now(said.placed[face]), Standing.PLACED
        if who is None:
            return NOBODY, Standing.UNSORTED
        person = said.now(int(str(who).rstrip("?")))
        if person in said.rejected.get(face, ()):
            return NOBODY, Standing.UNSORTED
        return person, Standing.REVIEW if isinstance(who, str) else Standing.JOINED

    def hear(self, decisions: Sequence[Decision]) -> None:
        self.batch += 1
        for one in decisions:
            person = one.person
            if one.verb is Verb.SPLIT and person is None:
                person = 1 + max([*(d.person or 0 for d in self.decisions), *self.bases()], default=0)
            self.decisions.append(replace(one, number=len(self.decisions), batch=self.batch, person=person))

    def bases(self) -> list[int]:
        return [int(str(who).rstrip("?")) for _, who in self.faces if who is not None]

    def undo(self) -> None:
        last = max(d.batch for d in self.decisions if not d.undone)
        self.decisions = [replace(d, undone=d.undone or d.batch == last) for d in self.decisions]
        self.leave()

    # --- the tree as the daemon keeps it
    def wanted(self) -> list[Leaf]:
        holdings = self.holdings()
        found = arranged(holdings, self.shown(), crops=self.crops)
        made = leaves(holdings, found.placed, Place.AUTO, lambda row: (f"crop {row}", None))
        return [*made, *elsewhere(found)]

    def leave(self) -> list[Leaf]:
        """The tree is as it is wanted."""
        wanted = self.wanted()
        assert len({leaf.path.casefold() for leaf in wanted}) == len(wanted), "two leaves clash"
        mine = {line.path for line in self.shown() if line.was is not None and line.path}
        for path in mine - {leaf.path for leaf in wanted}:
            del self.tree[path]
        record = {}
        for leaf in wanted:
            there = self.tree.get(leaf.path)
            content = leaf.sha256 or ""
            if there is not None and leaf.path not in mine:
                assert there.content == content, f"{leaf.path} is a user's file"
            if there is None or (there.content != content and leaf.path in mine):
                self.tree[leaf.path] = File(inode=hash(content), content=content)
            record[leaf.path] = (self.tree[leaf.path], leaf.tag)
        self.record = record
        return wanted

    def shown(self) -> list[Shown]:
        """What the daemon says of the tree: moves are found again."""
        was: dict[str, str] = {
            path: path for path, (file, _) in self.record.items()
            if path in self.tree and self.tree[path].content == file.content
        }  # fmt: skip
        gone = [path for path in sorted(self.record) if path not in was]
        new = [path for path in sorted(self.tree) if path not in was]
        tests = (
            lambda a, b: self.record[a][0].inode == self.tree[b].inode and _name(a) == _name(b),
            lambda a, b: _name(a) == _name(b),
            lambda a, b: self.record[a][0].inode == self.tree[b].inode,
            lambda _a, _b: True,
        )
        for fits in tests:
            for path in list(new):
                same = (g for g in gone if self.record[g][0].content == self.tree[path].content and fits(g, path))
                if (found := next(same, None)) is not None:
                    was[path] = found
                    gone.remove(found)
                    new.remove(path)
        lines = [self._line(path, was.get(path)) for path in sorted(self.tree)]
        lost = [
            Shown(path="", inode=0, size=0, sha256=self.record[g][0].content, was=g, tag=self.record[g][1])
            for g in gone
        ]
        return lines + lost

    def _line(self, path: str, was: str | None) -> Shown:
        file = self.tree[path]
        tag = self.record[was][1] if was is not None else ""
        return Shown(path=path, inode=file.inode, size=1, sha256=file.content, was=was, tag=tag)

    # --- what a user does
    def move(self, path: str, to: str) -> None:
        """A file, or a folder with all that is in it."""
        if path in self.tree:
            self.tree[to] = self.tree.pop(path)
            return
        inside = [p for p in self.tree if p.startswith(path + "/")]
        assert inside, f"nothing at {path}: {sorted(self.tree)}"
        for one in inside:
            self.tree[to + one[len(path) :]] = self.tree.pop(one)

    def copy(self, path: str, to: str) -> None:
        for one in [p for p in self.tree if p == path or p.startswith(path + "/")]:
            self.inodes += 1
            self.tree[to + one[len(path) :]] = File(inode=self.inodes, content=self.tree[one].content)

    def copy_and_delete(self, path: str, to: str) -> None:
        self.copy(path, to)
        self.delete(path)

    def delete(self, path: str) -> None:
        for one in [p for p in self.tree if p == path or p.startswith(path + "/")]:
            del self.tree[one]

    def put(self, path: str, content: str) -> None:
        self.inodes += 1
        self.tree[path] = File(inode=self.inodes, content=content)

    # --- a look
    def read(self) -> Reading:
        return read(self.holdings(), self.shown(), at=1.0)

    def look(self) -> list[str]:
        """The edits are read, heard, and the tree is left as it is wanted then; what was said, in short words."""
        reading = self.read()
        self.hear(reading.decisions)
        self.leave()
        return [short(d) for d in reading.decisions]

    @property
    def files(self) -> list[str]:
        return sorted(self.tree)


@dataclass
class OnDisk(World):
    """The same with files, and the daemon's own tree over them. root: an empty folder."""

    root: Path = Path()
    jobs: int = 0

    def __post_init__(self) -> None:
        self.originals, self.there, self.state = (self.root / name for name in ("originals", "tree", "state"))
        self.originals.mkdir()
        for number, name in enumerate(self.pictures):  # the content is the name, so that ``sha`` is its hash
            (self.originals / str(number)).write_bytes(name.encode())
        super().__post_init__()

    def leave(self) -> list[Leaf]:
        wanted = self.wanted()
        self.jobs += 1
        staged = self.root / f"staged-{self.jobs}"
        staged.mkdir()
        write_lines(staged / TREE, wanted)
        change = TreeChange(
            job=f"job-{self.jobs}",
            tree=self.there,
            state_root=self.state,
            staged=staged,
            sources={sha(name): (self.originals / str(n),) for n, name in enumerate(self.pictures)},
            kept=self.root / "kept",
            ownership=Ownership(umask=0o022),
        )
        applied = apply(change)
        assert not isinstance(applied, Failed), applied
        assert not applied.unknown
        return wanted

    def shown(self) -> Sequence[Shown]:
        return look(self.there, recorded(self.state)).shown

    @property
    def files(self) -> list[str]:
        every = (path.relative_to(self.there).as_posix() for path in self.there.rglob("*") if path.is_file())
        return sorted(path for path in every if "/." not in f"/{path}")

    def move(self, path: str, to: str) -> None:
        (self.there / to).parent.mkdir(parents=True, exist_ok=True)
        (self.there / path).rename(self.there / to)

    def copy(self, path: str, to: str) -> None:
        (self.there / to).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (self.there / path).is_dir() else shutil.copyfile
        copy(self.there / path, self.there / to)

    def delete(self, path: str) -> None:
        at = self.there / path
        if at.is_dir():
            shutil.rmtree(at)
        else:
            at.unlink()

    def put(self, path: str, content: str) -> None:
        named = next((name for name in self.pictures if sha(name) == content), content)
        (self.there / path).parent.mkdir(parents=True, exist_ok=True)
        (self.there / path).write_bytes(named.encode())


def short(one: Decision) -> str:
    """A decision in a few words."""
    match one.verb:
        case Verb.NAME:
            return f"{one.person} is called {one.name}"
        case Verb.MERGE:
            return f"{', '.join(map(str, one.others))} is {one.person}"
        case Verb.SPLIT:
            return f"split {_what(one)} as {one.name}"
        case _:
            return f"{one.verb} {_what(one)}" + ("" if one.person is None else f" {one.person}")


def _what(one: Decision) -> str:
    return ",".join([*map(str, one.faces), *one.pictures])


def _name(path: str) -> str:
    return PurePosixPath(path).name


def counts(paths: Sequence[str]) -> Mapping[str, int]:
    return Counter(PurePosixPath(path).parts[0] for path in paths)
