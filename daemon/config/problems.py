"""What is wrong in a configuration, in plain sentences, and on which line of the file it stands."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Keys = tuple[str | int, ...]
"""The way to a value: names of keys, and numbers of elements from 0."""


_KEY = re.compile(r"""(?!\s*\[)(?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'=#])+=""")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. at: where. says: a sentence, without the place."""

    at: Keys
    says: str

    @property
    def dotted(self) -> str:
        """The place as people write it: ``inbox[2].path`` is the path of the second inbox."""
        return "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in self.at).removeprefix(".")


def unknown(name: str, known: Iterable[str], what: str = "key") -> str:
    """The sentence about an unknown name: with the known one that was probably meant, else with all that are known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"unknown {what}; did you mean {near[0]}?"
    return f"unknown {what}; there is {', '.join(names)}" if names else f"unknown {what}; there is none here"


def problems_of(error: ValidationError, known: Mapping[str, Iterable[str]], below: Keys = ()) -> Iterator[Problem]:
    """The problems that pydantic found. known: the keys of each table, by the table's first name."""
    for detail in error.errors(include_url=False):
        at = below + detail["loc"]
        if detail["type"] == "extra_forbidden":
            yield Problem(at, _unknown_key(at, known))
        else:
            yield Problem(at, sentence(detail))


def _unknown_key(at: Keys, known: Mapping[str, Iterable[str]]) -> str:
    return unknown(str(at[-1]), known[str(at[0])]) if len(at) > 1 else unknown(str(at[0]), known[""], "table")


def sentence(detail: ErrorDetails) -> str:
    """What a value must be, and what it is."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            says = str(context["error"])
        case "model_type" | "dict_type":
            says = "it must be a table of keys"
        case "tuple_type" | "list_type":
            says = "it must be an array: [ … ]"
        case "string_type":
            says = "it must be text in quotes"
        case "bool_type":
            says = "it must be true or false, without quotes"
        case "int_type" | "int_from_float":
            says = "it must be a whole number, without quotes"
        case "float_type":
            says = "it must be a number, without quotes"
        case "literal_error" | "enum":
            says = f"it must be {context['expected'].replace(chr(39), chr(34))}"
        case "string_pattern_mismatch":
            says = "it must be letters, digits, - and _, and begin with a letter or digit"
        case _:
            says = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{says}{_seen(detail['input'])}"


def _seen(value: Any) -> str:
    match value:
        case str():
            return f', not "{value}"' if len(value) <= 60 else ""  # noqa: PLR2004 - a line's worth
        case bool():
            return f", not {str(value).lower()}"
        case int() | float():
            return f", not {value}"
    return ""


# ---------------------------------------------------------------- lines


def lines(text: str) -> dict[Keys, int]:
    """On which line, from 1, each table and key of a valid TOML text stands; keys of inline tables are left out."""
    found: dict[Keys, int] = {}
    table: Keys = ()
    elements: Counter[Keys] = Counter()
    inside = ""  # the quotes of the text over several lines that this line is in
    for number, line in enumerate(text.split("\n"), start=1):
        if not inside and line.lstrip().startswith("#"):
            continue
        quotes = inside or next(iter(re.findall(r'"""|\'\'\'', line)), "")
        if inside:
            inside = "" if line.count(quotes) else inside
            continue
        inside = quotes if quotes and line.count(quotes) == 1 else ""
        names = _names(line)
        if names and line.lstrip().startswith("["):
            table = _numbered(names, elements, array=line.lstrip().startswith("[["))
            names = ()
        for end in range(len(table), len(table + names) + 1):
            found.setdefault((table + names)[:end], number)
    return found


def line_of(problem: Problem, found: Mapping[Keys, int]) -> int | None:
    """The line of the problem's key, else of what is around it."""
    return next((found[problem.at[:end]] for end in range(len(problem.at), 0, -1) if problem.at[:end] in found), None)


def _names(line: str) -> tuple[str, ...]:
    """The names in a table's header, or before the ``=`` of a key; empty for any other line."""
    key = _KEY.match(line)
    try:
        value: Any = tomllib.loads(f"{key[0]} 0" if key else line)
    except tomllib.TOMLDecodeError:
        return ()
    names = []
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, dict):
            names.append(next(iter(value)))
        value = value[names[-1]] if isinstance(value, dict) else value[0]
    return tuple(names)


def _numbered(names: tuple[str, ...], elements: Counter[Keys], *, array: bool) -> Keys:
    """The way to a table: after each name of an array of tables, the number of its element that is open now."""
    way: Keys = ()
    for depth, name in enumerate(names, start=1):
        way += (name,)
        if array and depth == len(names):
            elements[way] += 1
        if elements[way]:
            way += (elements[way] - 1,)
    return way
