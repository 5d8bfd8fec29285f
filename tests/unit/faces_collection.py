"""A collection of drawn faces, dropped and sorted by the real stage: what tests of gallery, people and asking share."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.contract import Place, Request, Result, Shown, Work, write_lines
from pipelines.faces.columns import FACE, Harvest, Picture, packed, write_harvest
from pipelines.faces.gallery import Gallery, opened
from pipelines.faces.people.words import Standing
from pipelines.faces.sorting.listening import holdings
from pipelines.faces.sorting.stage import cluster
from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.leaves import leaves

DIMENSION = 512


def direction(name: str) -> np.ndarray:
    """A person's centre."""
    vector = np.random.default_rng(list(name.encode())).standard_normal(DIMENSION)
    return vector / np.linalg.norm(vector)


def face(who: str, shot: int, spread: float = 0.7) -> np.ndarray:
    """A face of somebody: two of them have a cosine similarity of about 1 / (1 + spread²); "a+b" is between two."""
    centre = np.sum([direction(name) for name in who.split("+")], axis=0)
    noise = np.random.default_rng([*who.encode(), shot]).standard_normal(DIMENSION)
    vector = centre / np.linalg.norm(centre) + spread * noise / np.linalg.norm(noise)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


@dataclass(frozen=True)
class Shot:
    """A picture and whose faces are on it. embeddings: in their place, where they are not drawn by their names."""

    name: str
    who: Sequence[str] = ()
    problem: str | None = None
    spread: float = 0.7
    times: Sequence[float] = ()
    quality: float = 0.9
    alike: int | None = None


def harvest(shots: Sequence[Shot]) -> Harvest:
    pictures = [Picture(sha256=f"sha-{s.name}", path=s.name, problem=s.problem) for s in shots]
    rows = [(at, s, n, who) for at, s in enumerate(shots) for n, who in enumerate(s.who)]
    faces = np.zeros(len(rows), dtype=FACE)
    faces["id"], faces["time"] = -1, np.nan
    embeddings = np.zeros((len(rows), DIMENSION), dtype=np.float16)
    for row, (at, shot, n, who) in enumerate(rows):
        faces["picture"][row], faces["quality"][row] = at, shot.quality
        if shot.times:
            faces["time"][row] = shot.times[n]
        seed = shot.alike if shot.alike is not None else sum(shot.name.encode()) * 31 + n + len(shot.name) * 1009
        embeddings[row] = face(who, seed, shot.spread)
    chips = packed(f"chip-{s.name}-{n}".encode() for _, s, n, _ in rows)
    return Harvest(pictures=pictures, faces=faces, embeddings=embeddings, chips=chips)


def many(who: str, count: int, begin: int = 0) -> list[Shot]:
    return [Shot(f"{who}{n}.jpg", [who]) for n in range(begin, begin + count)]


@dataclass
class Collection:
    """A key of the daemon's, in miniature: revisions are folders, and what a job returns is committed at once."""

    root: Path
    options: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    jobs: int = 0
    last: Result | None = None

    @property
    def state(self) -> Path:
        return self.root / f"state-{self.revision}"

    def drop(self, *shards: Sequence[Shot], known: Sequence[str] = (), **options: Any) -> Result:
        """The result of a drop of these pictures."""
        work = self.work(None, {}, options)
        survey = work.earlier("survey")
        survey.mkdir(parents=True)
        names = [f"{n:03}" for n in range(len(shards))]
        (survey / "shards.json").write_text(json.dumps(names))
        (survey / "known.json").write_text(json.dumps(list(known)))
        for name, shots in zip(names, shards, strict=True):
            write_harvest(work.earlier("embed") / name, harvest(shots))
        return self.run(work)

    def ask(self, command: str, shown: Sequence[Shown] = (), **arguments: Any) -> Result:
        """The result of a command."""
        return self.run(self.work(command, arguments, {}, shown))

    def work(
        self,
        command: str | None,
        arguments: Mapping[str, Any],
        options: Mapping[str, Any],
        shown: Sequence[Shown] = (),
    ) -> Work:
        self.jobs += 1
        job = self.root / f"job-{self.jobs}"
        job.mkdir(parents=True)
        if self.revision:
            shutil.copytree(self.state, job / "state")
        if shown:
            write_lines(job / "published.jsonl", shown)
        request = Request(
            job=job.name,
            pipeline="faces",
            name="drop",
            inputs=(),
            options={**self.options, **options},
            key="family",
            state="state" if self.revision else None,
            revision=self.revision,
            published="published.jsonl" if shown else None,
            command=command,
            arguments=arguments,
        )
        return Work(job=job, folder=job / "stages" / "cluster", request=request, stage="cluster")

    def run(self, work: Work) -> Result:
        self.last = cluster(work)
        self.commit(work, self.last)
        return self.last

    def commit(self, work: Work, result: Result) -> None:
        """What the daemon does with a result: what is kept, then what is new."""
        if result.state is None:
            return
        old, self.revision = self.state, self.revision + 1
        for path in result.keep:
            (self.state / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old / path, self.state / path)
        shutil.copytree(work.folder / result.state, self.state, dirs_exist_ok=True)

    def tree(self, *moves: tuple[str, str]) -> list[Shown]:
        """The tree as it is wanted, then moved about: (what, whereto), files or folders; "" is away."""
        gallery = self.gallery()
        found = arranged(holdings(gallery), ())
        lines = []
        for leaf in leaves(holdings(gallery), found.placed, Place.AUTO, lambda _: (None, None)):
            path = leaf.path
            for what, to in moves:
                if path == what or path.startswith(f"{what}/"):
                    path = to and to + path[len(what) :]
            lines.append(Shown(path=path, inode=1, size=1, sha256=leaf.sha256 or "", was=leaf.path, tag=leaf.tag))
        return lines

    def edit(self, *moves: tuple[str, str]) -> Result:
        """The result of reading what a user moved in the tree."""
        return self.ask("edits", self.tree(*moves))

    def gallery(self) -> Gallery:
        request = Request(job="", pipeline="faces", name="", inputs=(), options={}, state=self.state.name)
        found = opened(Work(job=self.root, folder=self.root, request=request, stage="tree"))
        assert found is not None
        return found

    def standing(self) -> dict[str, str]:
        """File (and number of its face) -> where it stands: "Anna", "person-0001!" for placed, "?Anna", "-", "x"."""
        gallery = self.gallery()
        census = gallery.census
        found: dict[str, str] = {}
        for row, one in enumerate(gallery.faces):
            name = gallery.pictures[int(one["picture"])].path.removesuffix(".jpg")
            name = name if name not in found else f"{name}#{sum(k.split('#')[0] == name for k in found)}"
            number, standing = int(census.person[row]), Standing(int(census.standing[row]))
            who = census.people[number].folder if number in census.people else ""
            found[name] = {
                Standing.JOINED: who,
                Standing.PLACED: f"{who}!",
                Standing.REVIEW: f"?{who}",
                Standing.UNSORTED: "-",
                Standing.NOT_PEOPLE: "x",
            }[standing]
        return found

    def face(self, name: str, n: int = 0) -> int:
        """The id of a face by its file."""
        gallery = self.gallery()
        rows = [i for i, f in enumerate(gallery.faces) if gallery.pictures[int(f["picture"])].path == f"{name}.jpg"]
        return int(gallery.ids[rows[n]])

    def who(self, name: str) -> int:
        """The number of the person of a file."""
        gallery = self.gallery()
        return int(gallery.census.person[np.flatnonzero(gallery.ids == self.face(name))[0]])

    def folders(self) -> dict[str, set[str]]:
        """Folder -> files of those who stand there as somebody's."""
        found: dict[str, set[str]] = {}
        for name, where in self.standing().items():
            if where not in {"-", "x"} and not where.startswith("?"):
                found.setdefault(where.removesuffix("!"), set()).add(name)
        return found


def plain(result: Result) -> dict[str, Any]:
    return json.loads(json.dumps(dataclasses.asdict(result)))
