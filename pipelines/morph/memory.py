"""How a stage holds memory: what it has freed it keeps, because the next picture needs as much again."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt(3)
_LARGEST = 32 * 1024**2
"""Bytes; a larger piece goes back to the system when it is freed. The C library allows no more."""


def kept() -> None:
    """Afterwards memory that is freed stays with this process, and with all its copies.

    Else each picture is given back to the system and asked for again, and the system clears it page by page: with that
    it spends as much time as is spent on writing all PNG files.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # a C library other than glibc may have none
    if mallopt is not None:
        for what, most in ((_TRIM_THRESHOLD, 2**30), (_MMAP_THRESHOLD, _LARGEST), (_ARENA_MAX, 1)):
            mallopt(what, most)
