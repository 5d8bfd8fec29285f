"""How durations, sizes and other values are spelled in config.toml, and what they mean."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_SECONDS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "b": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("kmgt", start=1)
    for suffix, base in (("b", 1000), ("ib", 1024))
}
_MOST = 1 << 60  # no real duration, size or count comes near


@dataclass(frozen=True, slots=True)
class Spelled:
    """What the reference says about how a value is written."""

    text: str


def duration(value: Any) -> float:
    """Seconds, from a number of seconds or text like "90s", "30m", "24h", "7d". Raises ValueError."""
    return _amount(value, _SECONDS, 'a number of seconds or a duration like "90s", "30m", "24h" or "7d"')


def size(value: Any) -> int:
    """Bytes, from a number of bytes or text like "500 MB" (powers of 1000) or "2 GiB" (of 1024). Raises ValueError."""
    return int(_amount(value, _BYTES, 'a number of bytes or a size like "500 MB", "12 GB" or "2 GiB"'))


def cores(value: Any) -> float:
    """A number of cores above zero. Raises ValueError."""
    if not _number(value) or not 0 < value < _MOST:
        raise ValueError("it must be a number of cores above 0")
    return float(value)


def count(value: Any) -> int:
    """A whole number from 1. Raises ValueError."""
    if not _number(value) or not isinstance(value, int) or value < 1:
        raise ValueError("it must be a whole number of at least 1")
    return value


def file_mode(value: Any) -> int:
    """Permission bits, from octal text like "002". Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch(r"0*[0-7]{1,3}", value):
        raise ValueError('it must be octal digits in quotes, like "002" or "022"')
    return int(value, 8)


def folder_below(place: str) -> Callable[[Any, ValidationInfo], Path]:
    """The validator that makes a folder absolute: relative ones are below the folder ``place`` of the context."""

    def absolute(value: Any, info: ValidationInfo) -> Path:
        places: Mapping[str, Path] = info.context or {}
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise ValueError('it must be the path of a folder in quotes, like "inbox" or "/srv/share/inbox"')
        try:
            path = Path(value).expanduser()
        except RuntimeError as error:
            raise ValueError(f"the home folder of {value.split('/')[0]} is not known; write the whole path") from error
        return Path(os.path.normpath(places[place] / path))

    return absolute


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _amount(value: Any, units: Mapping[str, int], expected: str) -> float:
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match and match[2].lower() in units:
        value = float(match[1]) * units[match[2].lower()]
    if not _number(value) or not 0 <= value < _MOST:
        raise ValueError(f"it must be {expected}")
    return float(value)


def _or_none(word: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def parsed(value: Any) -> Any:
        if value == word:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise ValueError(f'{error}, or "{word}"') from error

    return parsed


def listed(value: Any) -> Any:
    """A TOML array as the tuple that the strict types ask for; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


Duration = Annotated[float, BeforeValidator(duration), Spelled("duration")]
DurationOrAuto = Annotated[float | None, BeforeValidator(_or_none("auto", duration)), Spelled('duration or "auto"')]
DurationOrEver = Annotated[float | None, BeforeValidator(_or_none("", duration)), Spelled('duration or ""')]
Size = Annotated[int, BeforeValidator(size), Spelled("size")]
SizeOrAuto = Annotated[int | None, BeforeValidator(_or_none("auto", size)), Spelled('size or "auto"')]
CoresOrAuto = Annotated[float | None, BeforeValidator(_or_none("auto", cores)), Spelled('number or "auto"')]
CountOrAuto = Annotated[int | None, BeforeValidator(_or_none("auto", count)), Spelled('whole number or "auto"')]
FileMode = Annotated[int, BeforeValidator(file_mode), Spelled("octal text")]
Folder = Annotated[Path, BeforeValidator(folder_below("root")), Spelled("folder")]
RootFolder = Annotated[Path, BeforeValidator(folder_below("file")), Spelled("folder")]
