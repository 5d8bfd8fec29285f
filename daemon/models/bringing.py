"""Weights that somebody brought as files: known by their content, whatever they are called and packed in."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.folders import sync_folder
from daemon.models.packs import Pack, tried_own
from daemon.models.packs import packs as declared
from daemon.models.shelf import UNFINISHED, Wrong, alone, is_here, note_licence, put, unfinished
from daemon.models.sources import opened
from pipelines.contract import Pipeline, Weights

ARCHIVES = (".zip", ".whl")
MANIFEST = "pack.toml"
"""The file by which a folder says that it is meant to be a pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What was found. files: of declared packs, the names of what is here now. own: packs of the user's own.

    wrong: why something that has the name of weights, or is a pack, was not taken, each a sentence.
    """

    files: tuple[Weights, ...] = ()
    own: tuple[Pack, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file that may be weights: on the disk, or (member) in an archive there."""

    path: Path
    size: int
    member: str = ""

    @property
    def where(self) -> str:
        """Where it is, for people."""
        return f"{self.member} in {self.path}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """Its own name, without what it lies in."""
        return (self.member or str(self.path)).rpartition("/")[2]


def bring(paths: Sequence[Path], pipelines: Sequence[Pipeline], folder: Path) -> Brought:
    """Afterwards the folder of weights holds all weights that are in these files, folders and archives.

    They are known by size and sha256. A folder that is a pack of the user's own comes as a folder of its name.
    Raises OSError where something cannot be read or written.
    """
    known = [weights for pack in declared(pipelines) for weights in pack.files]
    with alone(folder, lambda: None):
        taken: dict[str, Weights] = {}
        wrong: list[str] = []
        for found in (found for path in paths for found in _files(path)):
            match _matched(found, known, folder):
                case Weights() as weights:
                    taken[weights.name] = weights
                case str(why):
                    wrong.append(why)
        own = [_adopted(path, pipelines, known, folder) for path in paths]
    wrong += [one for one in own if isinstance(one, str)]
    packs = tuple(one for one in own if isinstance(one, Pack))
    return Brought(files=tuple(taken.values()), own=packs, wrong=tuple(wrong))


# ---------------------------------------------------------------- files


def _files(path: Path) -> Iterator[_Found]:
    """Every file at or below a path, and every file in an archive there."""
    if path.is_dir():
        for root, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                yield from _files(Path(root, name)) if Path(root, name).is_file() else ()
        return
    yield _Found(path=path, size=path.stat().st_size)
    if path.suffix.lower() in ARCHIVES and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
        yield from (_Found(path=path, size=size, member=member) for member, size in members)


def _matched(found: _Found, known: Iterable[Weights], folder: Path) -> Weights | str | None:
    """The weights that a file was, and that are here now; why it was not taken; None: it is something else."""
    namesakes = [weights for weights in known if weights.name == found.name]
    sized = [weights for weights in known if weights.size == found.size]
    try:
        digest = _digest(found) if sized else ""
        for weights in sized:
            if weights.sha256 == digest:
                _take(found, weights, folder)
                return weights
    except Wrong as error:
        return f"{found.where}: {error}."
    if not namesakes:
        return None
    return f"{found.where} is another file than the {found.name} that visaged knows, whose sha256 is {_all(namesakes)}."


def _all(weights: Iterable[Weights]) -> str:
    return " or ".join(f"{one.sha256[:12]}…" for one in weights)


def _digest(found: _Found) -> str:
    with opened(found.path, found.member) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _take(found: _Found, weights: Weights, folder: Path) -> None:
    note_licence(weights, folder)
    if not is_here(weights, folder):
        with opened(found.path, found.member) as file:
            put(file, weights, folder)


# ---------------------------------------------------------------- packs of the user's own


def _adopted(path: Path, pipelines: Iterable[Pipeline], known: Sequence[Weights], folder: Path) -> Pack | str | None:
    """The own pack that a folder is, here now; why it was not taken; None: it is none, or one that is declared."""
    if not path.is_dir():
        return None
    problems = []
    for pipeline in pipelines:
        match tried_own(pipeline, path):
            case str(why):
                problems.append(why)
            case files if {one.sha256 for one in files} <= {one.sha256 for one in known}:
                return None
            case files:
                return _copied(path, Pack(name=files[0].pack, pipeline=pipeline.name, files=files, own=True), folder)
    return problems[0] if problems and (path / MANIFEST).is_file() else None


def _copied(path: Path, pack: Pack, folder: Path) -> Pack | str:
    """The pack, here now as a folder of its name; why not, where another one is there."""
    target = folder / pack.name
    if target.resolve() == path.resolve() or all(is_here(one, target) for one in pack.files):
        return pack
    if target.exists():
        return f"{path}: there is another pack {pack.name} in {folder}; give the folder a name of its own."
    partial = unfinished(folder) / f"{pack.name}.pack"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for one in pack.files:
        with (path / one.name).open("rb") as file:
            put(file, one, partial)
    shutil.rmtree(partial / UNFINISHED)
    partial.rename(target)
    sync_folder(folder)
    note_licence(pack.files[0], folder)
    return pack
