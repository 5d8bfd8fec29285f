"""A sound that is to be said by a head: read, looked at, and refused in plain words where nobody could say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipelines.contract import BadInput
from pipelines.talking_head.ingest import riff, sound
from pipelines.talking_head.ingest.container import opened, streams
from pipelines.talking_head.ingest.sound import Sound, Span

LEAST, MOST = 0.5, 2 * 3600.0
"""Seconds of sound that can be said."""
LACKS = 0.02
"""Share of a file that may be missing at its end."""
_HEAD = 64 * 1024
_WAVE = "wav"


def listened(path: Path, most: float = MOST) -> Sound:
    """The sound in path, ready to be said. Raises BadInput with the reason where it cannot be."""
    if (lost := riff.missing(_head(path), path.stat().st_size)) > LACKS:
        raise BadInput(f"{path.name} breaks off: {lost:.0%} of its sound is missing at the end. Copy it again.")
    with opened(path) as container:
        told = streams(container)
    if told.seconds > most:
        raise BadInput(
            f"{path.name} is {told.seconds / 60:.0f} minutes long; at most {most / 60:g} are said at once. "
            "Cut it into parts."
        )
    heard = sound.read(path, Span(most=most))
    if heard.seconds < LEAST:
        raise BadInput(f"{path.name} has {heard.seconds:.1f} s of sound; at least {LEAST:g} s are needed.")
    if not heard.samples.any():
        raise BadInput(f"{path.name} is silent from beginning to end. Is it the right file, and was the microphone on?")
    return replace(heard, notes=(*heard.notes, *_misnamed(path, told.form, told.sound)))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _misnamed(path: Path, form: str, codec: str) -> tuple[str, ...]:
    """A note where the file is something else than its name says; what is inside counts."""
    if path.suffix.lower() != ".wav" or _WAVE in form or form in {"w64", "aiff"}:
        return ()
    return (f"{path.name} is named .wav but holds {codec}; it was read as what it is.",)
