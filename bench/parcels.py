"""What the kill bench drops, and what must have become of it in the end, whatever happened in between."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from daemon.model import Status

KEYS = ("ann", "bob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One item. files: path below the inbox -> content, no two alike. tops: what appears there, each by one rename.

    becomes: how its job ends. result: a path below the results folder, None where it fails. text: what that file holds,
    where the result is a file. starts: how often the stage of ``noop`` starts.
    """

    item: str
    files: Mapping[str, bytes]
    tops: tuple[str, ...]
    becomes: Status = Status.DONE
    result: str | None = None
    text: str | None = None
    starts: int | None = 1

    @property
    def digests(self) -> frozenset[str]:
        """The SHA-256 of every file."""
        return frozenset(sha256(content).hexdigest() for content in self.files.values())


def parcel(kind: Kind, number: int, chance: random.Random) -> Parcel:
    """A parcel of that kind; number makes it differ from all others."""
    return kind(f"{kind.__name__.strip('_')}-{number:04}", chance)


Kind = Callable[[str, random.Random], Parcel]


def _content(name: str, chance: random.Random) -> bytes:
    return f"{name} {chance.random()} ".encode() * chance.randint(1, 2000)


def _folder(name: str, chance: random.Random) -> Parcel:
    return _with_options(name, chance, "")


def _long(name: str, chance: random.Random) -> Parcel:
    """One that most likely runs when the daemon is killed."""
    return _with_options(name, chance, f"[options]\nsleep = {chance.uniform(0.5, 3):.1f}\n")


def _crash(name: str, chance: random.Random) -> Parcel:
    return _with_options(name, chance, "[options]\ncrash = 1\n", starts=2)


def _refused(name: str, chance: random.Random) -> Parcel:
    return _with_options(name, chance, '[options]\nrefuse = "It is not wanted."\n', becomes=Status.FAILED)


def _with_options(
    name: str, chance: random.Random, options: str, *, starts: int = 1, becomes: Status = Status.DONE
) -> Parcel:
    files = {f"noop/{name}/{file}": _content(name, chance) for file in ("a.noop", "b.noop", "sub/notes.txt")}
    if options:
        files[f"noop/{name}/manifest.toml"] = f"# {name}\n{options}".encode()
    result = f"noop/{name}" if becomes is Status.DONE else None
    return Parcel(item=name, files=files, tops=(f"noop/{name}",), result=result, becomes=becomes, starts=starts)


def _pair(name: str, chance: random.Random) -> Parcel:
    """Two loose files; the second comes a little later."""
    tops = (f"noop/{name}.left", f"noop/{name}.right")
    return Parcel(item=name, files={top: _content(top, chance) for top in tops}, tops=tops, result=f"noop/{name}")


def _packed(name: str, chance: random.Random) -> Parcel:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for member in ("p.noop", "sub/q.noop"):
            file.writestr(member, _content(f"{name} {member}", chance))
    top = f"noop/{name}.zip"
    return Parcel(item=name, files={top: buffer.getvalue()}, tops=(top,), result=f"noop/{name}")


def _unusable(name: str, chance: random.Random) -> Parcel:
    top = f"noop/{name}.xyz"
    content = {top: _content(name, chance)}
    return Parcel(item=name, files=content, tops=(top,), becomes=Status.FAILED, starts=None)


def _summed(name: str, chance: random.Random) -> Parcel:
    """Keyed and sharded, published as a file."""
    top = f"counted/{chance.choice(KEYS)}/{name}"
    files = {f"{top}/{n}.count": _content(f"{name} {n}", chance) for n in range(3)}
    total = sum(map(len, files.values()))
    return Parcel(item=name, files=files, tops=(top,), result=f"{top}.txt", text=f"{total}\n", starts=None)


KINDS: tuple[Kind, ...] = (_folder, _pair, _crash, _refused, _long, _long, _long)
VARIED: tuple[Kind, ...] = (_packed, _summed, _unusable)
"""Three that together pass every step of a job."""
