"""Manifests: the sidecars in which a user says what a drop is, read strictly and without trust."""

from __future__ import annotations

import difflib
import errno
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daemon.model import Listed, Manifest

LIMIT: Final = 1_000_000
"""Bytes; a longer manifest is refused."""
IN_FOLDER: Final = ("manifest.toml", "manifest.json")
BESIDE: Final = (".manifest.toml", ".manifest.json")

_TOML_FORM: Final = 'Write one setting a line, as in frames = 21, and text in quotes, as in name = "smile".'
_JSON_FORM: Final = (
    'Write names and text in double quotes, as in {"name": "smile"}, with commas between, none at the end.'
)

_PLAIN: Final = {
    "missing": "is missing",
    "string_pattern_mismatch": "must not be empty",
    "string_type": "is wrong: write text in quotes",
    "int_type": "is wrong: write a whole number without quotes",
    "dict_type": "is wrong: write a table of keys and values",
    "list_type": "is wrong: write a list, such as [[files]] before each file",
}
"""What pydantic finds -> what to say of the place."""

_DRIVE: Final = re.compile(r"[A-Za-z]:[/\\]?")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    path: str
    size: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None


class _Sidecar(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    pipeline: str | None = None
    name: Annotated[str, Field(pattern=r"\S", max_length=200)] | None = None
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    roles: dict[str, str | list[str]] = {}
    options: dict[str, Any] = {}
    files: list[_File] = []


def is_manifest(name: str) -> bool:
    """Whether a file of this name in an item's folder is the item's manifest."""
    return name.lower() in IN_FOLDER


def beside(name: str) -> str | None:
    """The name of the file that ``<name>.manifest.toml`` belongs to (or its stem); None for any other name.

    A bare ``manifest.toml`` among loose files belongs to those that it names: the empty name.
    """
    if is_manifest(name):
        return ""
    return name[: -len(BESIDE[0])] if name.lower().endswith(BESIDE) else None


def read(inbox: Path, path: str) -> Manifest:
    """The manifest at path below the inbox, or the same with a ``problem``: a sentence that says what to correct.

    Links are not followed; nothing but a plain file of at most LIMIT bytes of UTF-8 is read. Globs and paths in it use
    ``/``, lie below the manifest's folder, and are given back without a leading ``./``.
    """
    label = path.rpartition("/")[2]
    try:
        return _understood(path, _parsed(label, _content(inbox / path)))
    except OSError as error:
        reason = "is a link" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
        return Manifest(path=path, problem=f"{label} {reason}: put a plain, readable file there.")
    except ValidationError as error:
        return Manifest(path=path, problem=f"{label}: {_sentence(error)}")
    except RecursionError:
        return Manifest(path=path, problem=f"{label} is nested too deeply: a manifest has few levels.")
    except ValueError as error:
        return Manifest(path=path, problem=f"{label} {error}")


def _content(file: Path) -> bytes:
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb", buffering=0) as stream:  # noqa: PTH123 - a descriptor, not a path
        content = b""
        while len(content) <= LIMIT and (chunk := stream.read(LIMIT + 1 - len(content))):
            content += chunk
    if len(content) > LIMIT:
        raise ValueError(f"is larger than {LIMIT // 1_000_000} MB: that is no manifest. Give the file another name.")
    return content


def _parsed(label: str, content: bytes) -> object:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start}): save it with the encoding UTF-8.") from None
    toml = label.lower().endswith(".toml")
    try:
        return tomllib.loads(text) if toml else json.loads(text)
    except ValueError as error:
        kind, form = ("TOML", _TOML_FORM) if toml else ("JSON", _JSON_FORM)
        raise ValueError(f"is not valid {kind}: {error}. {form}") from None


def _understood(path: str, raw: object) -> Manifest:
    sidecar = _Sidecar.model_validate(raw)
    try:
        json.dumps(sidecar.options, allow_nan=False).encode("ascii")
    except (TypeError, ValueError):
        raise ValueError("has an option that is no text, finite number, true, false or list of these.") from None
    roles = {
        role: tuple(_inside(glob, f"roles.{role}") for glob in ([globs] if isinstance(globs, str) else globs))
        for role, globs in sidecar.roles.items()
    }
    files = tuple(
        Listed(path=_inside(f.path, "files"), size=f.size, sha256=f.sha256.lower() if f.sha256 else None)
        for f in sidecar.files
    )
    return Manifest(
        path=path,
        pipeline=sidecar.pipeline,
        name=sidecar.name,
        priority=sidecar.priority,
        roles=roles,
        options=sidecar.options,
        files=files,
    )


def _inside(glob: str, where: str) -> str:
    """A glob or path with ``/``, below the manifest's folder; raises ValueError where it would lead elsewhere."""
    tidy = glob.replace("\\", "/")
    shown = json.dumps(glob, ensure_ascii=False)
    if tidy.startswith("/") or _DRIVE.match(tidy):
        raise ValueError(f"has an absolute path in {where}: {shown}. Name files as they lie beside the manifest.")
    parts = [part for part in tidy.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise ValueError(f'has a path with ".." in {where}: {shown}. Only files of the same drop can be named.')
    if not parts or "\0" in tidy:
        raise ValueError(f"has a path in {where} that names no file: {shown}.")
    return "/".join(parts)


def _sentence(error: ValidationError) -> str:
    """The first three things that are wrong."""
    complaints = list(dict.fromkeys(_complaint(each) for each in error.errors(include_url=False)))[:3]
    text = "; ".join(complaints)
    return text if text.endswith("?") else f"{text}."


def _complaint(error: Mapping[str, Any]) -> str:
    places = [part for at, part in enumerate(error["loc"]) if at < 2 or part not in {"str", "list[str]"}]  # noqa: PLR2004
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in places)
    match error["type"], places:
        case _, []:
            return "it must be a table of keys and values"
        case "extra_forbidden", [first, *_]:
            known = list(_File.model_fields if first == "files" else _Sidecar.model_fields)
            return f'"{where}" is not known here{_suggestion(str(places[-1]), known)}'
        case _, ["roles", *_]:
            return f"{where} must be a glob or a list of globs"
        case "string_pattern_mismatch", [*_, "sha256"]:
            return f"{where} must be 64 hexadecimal digits"
        case kind, _:
            message = str(error["msg"])
            return f"{where} {_PLAIN.get(kind, f'is wrong: {message[0].lower()}{message[1:]}')}"


def _suggestion(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"
