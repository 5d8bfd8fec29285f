"""A motion and the controls beside it as arrays, and back, so that a subject speaks tomorrow as today."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.talking_head.drive.codes import Basis, Seen, Subject
from pipelines.talking_head.drive.motion import Line, Motion
from pipelines.talking_head.drive.shaping import Controls

_LINE = ("mean", "spread", "weights", "level")
_CONTROLS = ("mean", "spread", "eyes")


def arrays(motion: Motion, controls: Controls) -> dict[str, np.ndarray]:
    """Both, by name. ``measure``: how much lips and blendshapes move, and the gain."""
    return {
        **{f"line_{name}": getattr(motion.line, name) for name in _LINE},
        **{f"controls_{name}": getattr(controls, name) for name in _CONTROLS},
        "directions": motion.basis.directions,
        "rest": motion.subject.rest,
        "measure": np.array([motion.subject.lips, motion.subject.face, motion.gain]),
        "usual": motion.usual,
        "shut": motion.shut,
        "taught": np.array(motion.taught),
        "least": motion.seen.least,
        "most": motion.seen.most,
        "digest": np.array(motion.digest),
    }


def of_arrays(held: Mapping[str, np.ndarray]) -> tuple[Motion, Controls]:
    """What was written so."""
    lips, face, gain = (float(number) for number in held["measure"])
    motion = Motion(
        digest=str(held["digest"]),
        line=Line(**{name: held[f"line_{name}"] for name in _LINE}),
        gain=gain,
        basis=Basis(held["directions"]),
        subject=Subject(rest=held["rest"], lips=lips, face=face),
        usual=held["usual"],
        shut=held["shut"],
        taught=bool(held["taught"]),
        seen=Seen(least=held["least"], most=held["most"]),
    )
    return motion, Controls(**{name: held[f"controls_{name}"] for name in _CONTROLS})
