"""Names that say a transfer is under way, and the names that such files will have when it is over."""

from __future__ import annotations

import re
from typing import Final

_SUFFIXES: Final = frozenset({
    "part", "partial", "filepart", "crdownload", "download", "opdownload", "tmp", "temp", "swp", "swx", "aria2", "!ut",
})  # fmt: skip
_SYNCTHING: Final = re.compile(r"(?:\.syncthing\.|~syncthing~)(?P<name>.+)\.tmp\Z", re.DOTALL)
_RSYNC: Final = re.compile(r"\.(?P<name>.+)\.(?=[A-Za-z0-9]{6}\Z)[a-z]*[A-Z0-9][A-Za-z0-9]*\Z", re.DOTALL)
"""By mkstemp: six characters. All lower case (one in 200) reads as a suffix of a hidden file: ``.settings.backup``."""
_EDITED: Final = re.compile(r"\.goutputstream-[A-Za-z0-9]{6}\Z|\.~lock\..*#\Z", re.DOTALL)


def is_temporary(name: str) -> bool:
    """Whether a file or folder of this name is still being transferred or edited."""
    if name.endswith("~") or _suffix(name) in _SUFFIXES or name.startswith("~$"):
        return True
    return name.startswith(".") and bool(_RSYNC.match(name) or _EDITED.match(name))


def final_name(name: str) -> str:
    """The name under which a transfer will end, as far as the temporary name tells; any other name as it is."""
    if not is_temporary(name):
        return name
    if match := _SYNCTHING.match(name) or _RSYNC.match(name):
        return match["name"]
    final = name.removeprefix("~$").removesuffix("~")
    while _suffix(final) in _SUFFIXES:
        final = final.rpartition(".")[0]
    return final or name


def _suffix(name: str) -> str:
    """In lower case, without its dot; empty where nothing stands before it."""
    stem, _, suffix = name.rpartition(".")
    return suffix.lower() if stem else ""
