"""Which engine a name means. What each needs is imported when it is asked for."""

from __future__ import annotations

from pipelines.contract import BadInput
from pipelines.talking_head.claim import WHOLE
from pipelines.talking_head.learning.engine import Engine


def engine(name: str, stage: str = WHOLE, *, torso: bool = True) -> Engine:
    """The engine of that name, at its usual sizes. Raises BadInput where a model is of one that is no more.

    stage, torso: as in the options; of engines that learn in parts.
    """
    if name == "egstalker":
        from pipelines.talking_head.egstalker.engine import Egstalker  # noqa: PLC0415

        return Egstalker()
    if name == "ernerf":
        from pipelines.talking_head.ernerf.engine import ErNerf, Stage  # noqa: PLC0415

        return ErNerf(stage=Stage(stage), torso=torso)
    raise BadInput(
        f'The subject was learned by the engine "{name}", which is no more. Drop its video once more, and it is '
        "learned anew; sounds that are dropped after that are spoken by the new model."
    )
