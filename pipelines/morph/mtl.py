"""Wavefront material libraries: which picture a material asks for.

Source: Wavefront Technologies, MTL material format (1995).
"""

import re
from collections.abc import Mapping

from pipelines.morph.polygons import Picture

_OPTION = re.compile(r"-(?:[ost](?:\s+[-+.\deE]+){1,3}|mm\s+\S+\s+\S+|[a-z]+\s+\S+)\s+", re.IGNORECASE)


def parse(data: bytes) -> Mapping[str, Picture]:
    """The picture of the base colour (map_Kd) of each material that has one; anything else is passed over."""
    found: dict[str, Picture] = {}
    name = ""
    for line in data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").splitlines():
        match line.split(None, 1):
            case [keyword, said] if keyword.lower() == "newmtl":
                name = said.strip()
            case [keyword, said] if keyword.lower() == "map_kd" and (path := _path(said)):
                found[name] = Picture(path)
    return found


def _path(said: str) -> str:
    """The file's name behind the options; it may hold blanks."""
    at = 0
    while option := _OPTION.match(said, at):
        at = option.end()
    return said[at:].strip().strip('"')
