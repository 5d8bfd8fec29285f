"""Which items are talking heads': a video of somebody talking, sounds to be said, or both. Pure; standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pipelines.contract import Claim, Drop, Entry, Refused, Wanting

VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".3gp")
AUDIOS = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff")
KINDS: Mapping[str, str] = {**dict.fromkeys(VIDEOS, "video"), **dict.fromkeys(AUDIOS, "audio")}
"""Suffix -> kind of file."""
PRINCIPAL = ("video", "audio")
"""The kinds that make an item talking heads'."""
WHOLE = "whole"
"""The option ``stage`` of a drop from which all of a head is learned."""
AFTER = "a video of the person talking, in the same folder"
"""What a sound waits for whose subject nobody has learned."""


WHOLE_BEFORE = 'the same video to be learned as a whole (without stage = "{stage}")'
"""What a video waits for of which one part is to be learned, of somebody whom nobody has learned."""


def claim(drop: Drop) -> Claim | Wanting | Refused:
    """What talking heads make of an item: videos of one person, and the sounds that are to be said.

    The result is called as the one sound, else as the item. Manifest roles: ``video`` and ``audio``, globs.
    """
    unknown = sorted(set(drop.roles) - set(PRINCIPAL))
    if unknown:
        return Refused(
            f'The manifest gives a role "{unknown[0]}", which talking_head does not have. It has: video, audio.'
        )
    files = {kind: _of(drop, kind) for kind in PRINCIPAL}
    videos, audios = files["video"], files["audio"]
    if not videos and not audios:
        return Refused(_nothing(drop))
    if len(videos) > 1 and (wish := next((name for name in ("begin", "end") if drop.options.get(name)), None)):
        names = ", ".join(PurePosixPath(path).name for path in videos[:3])
        return Refused(f"The manifest says {wish}, but of which of its {len(videos)} videos ({names})? Drop one alone.")
    name = PurePosixPath(audios[0]).stem if len(audios) == 1 else drop.name
    roles = {kind: found for kind, found in files.items() if found}
    return Claim(name=name, roles=roles, after=_after(drop, videos))


def goes_on(options: Mapping[str, Any]) -> bool:
    """Whether a job with these options learns one part of a head, on what was learned before."""
    return bool(options.get("stage", WHOLE) != WHOLE)


def _after(drop: Drop, videos: Sequence[str]) -> str:
    """What must have come before; empty: nothing."""
    if not videos:
        return AFTER
    return WHOLE_BEFORE.format(stage=drop.options["stage"]) if goes_on(drop.options) else ""


def _of(drop: Drop, kind: str) -> tuple[str, ...]:
    wanted = drop.named(kind) if drop.roles else drop.entries
    return tuple(sorted(entry.path for entry in wanted if KINDS.get(entry.suffix) == kind))


def _nothing(drop: Drop) -> str:
    texts = [entry for entry in drop.entries if entry.suffix == ".txt"]
    if texts:
        return (
            f"{_name(texts[0])} is a text. Speech is not made from texts here: speak it, or have a program read it "
            "aloud, and drop the sound."
        )
    there = "matches the manifest's roles" if drop.roles else "is there"
    return f"No video and no sound {there}. Drop a video of somebody talking, then sounds for them to say."


def _name(entry: Entry) -> str:
    return PurePosixPath(entry.path).name
