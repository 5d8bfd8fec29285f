"""Which engine a name means. What each needs is imported when it is asked for."""

from __future__ import annotations

from pipelines.contract import BadInput
from pipelines.talking_head.learning.engine import Engine


def engine(name: str) -> Engine:
    """The engine of that name, at its usual sizes. Raises BadInput where a model is of one that is no more."""
    if name == "egstalker":
        from pipelines.talking_head.egstalker.engine import Egstalker  # noqa: PLC0415

        return Egstalker()
    raise BadInput(
        f'The subject was learned by the engine "{name}", which is no more. Drop its video once more, and it is '
        "learned anew; sounds that are dropped after that are spoken by the new model."
    )
