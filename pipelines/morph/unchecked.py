"""A stand-in for jaxtyping in a stage: there shapes of arrays are only read by people; tests check them.

jaxtyping itself loads asyncio and unittest, and takes as long to load as everything else that a stage needs.
"""

import sys
from types import ModuleType


class _Shape:
    """What ``Float[np.ndarray, "v 3"]`` is where nobody looks at it."""

    def __class_getitem__(cls, _: object) -> type:
        return cls


def unchecked() -> None:
    """Afterwards what is imported of jaxtyping are shapes that nobody checks, unless it has been loaded before."""
    stand_in = ModuleType("jaxtyping")
    vars(stand_in).update(dict.fromkeys(("Bool", "Float", "Int", "UInt8", "UInt32", "UInt64"), _Shape))
    sys.modules.setdefault("jaxtyping", stand_in)
