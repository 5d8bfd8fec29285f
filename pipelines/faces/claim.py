"""Which items are faces': pictures and videos of people. Pure; standard library alone."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.contract import Claim, Drop, Refused, Wanting

PICTURES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"),
    *(".heic", ".heif", ".avif"),
)
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".3gp")
KINDS: Mapping[str, str] = {**dict.fromkeys(PICTURES, "picture"), **dict.fromkeys(VIDEOS, "video")}
"""Suffix -> kind of file."""
PRINCIPAL = ("picture", "video")
"""The kinds that make an item faces'."""


def claim(drop: Drop) -> Claim | Wanting | Refused:
    """What faces makes of an item: all its pictures and videos have the role of their kind.

    Manifest role: ``pictures``, globs; then only those that match are looked at.
    """
    unknown = sorted(set(drop.roles) - {"pictures"})
    if unknown:
        return Refused(f'The manifest gives a role "{unknown[0]}", which faces does not have. It has: pictures.')
    wanted = drop.named("pictures") if drop.roles else drop.entries
    roles: dict[str, tuple[str, ...]] = {}
    for kind in PRINCIPAL:
        paths = tuple(e.path for e in wanted if KINDS.get(e.suffix) == kind)
        if paths:
            roles[kind] = paths
    if not roles:
        there = "matches the manifest's role pictures" if drop.roles else "is there"
        return Refused(f"No picture and no video {there}. Pictures are JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC and AVIF.")
    return Claim(name=drop.name, roles=roles)
