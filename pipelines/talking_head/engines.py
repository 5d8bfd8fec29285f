"""Which engine a name means. What each needs is imported when it is asked for."""

from __future__ import annotations

from pipelines.talking_head.learning.engine import Engine


def engine(name: str) -> Engine:
    """The engine of that name, at its usual sizes. Raises KeyError: the options know all names."""
    if name == "gaussians":
        from pipelines.talking_head.gaussians.engine import Gaussians  # noqa: PLC0415

        return Gaussians()
    raise KeyError(name)
