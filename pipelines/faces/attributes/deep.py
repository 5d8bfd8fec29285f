"""deepface's networks: age, gender, emotion and race. Needs deepface and TensorFlow."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.attributes.patches import patches
from pipelines.faces.tree.attributes import NAMES

_SEEN = 224
_TOGETHER = 16
"""Faces at a time: more need gigabytes and are no faster."""
_CALLED = {"female": "Woman", "male": "Man"}


class Deep:
    """Some of deepface's networks, with the weights in a folder; it is never let go and fetch them itself."""

    def __init__(self, names: Sequence[str], models: Path) -> None:
        """names: age, gender, emotion, race. Raises ValueError for weights that are not the ones meant."""
        os.environ["DEEPFACE_BACKEND_ENGINE"] = "tensorflow"
        with TemporaryDirectory() as home:
            (Path(home) / ".deepface").mkdir()
            (Path(home) / ".deepface" / "weights").symlink_to(models.resolve())
            os.environ["DEEPFACE_HOME"] = home
            from deepface.models.demography import DemographyUtils as Words  # noqa: PLC0415  reads the variables
            from deepface.modules.modeling import build_model  # noqa: PLC0415

            self._models = {name: build_model("facial_attribute", name.capitalize()) for name in names}
        theirs = {"gender": Words.GENDER_LABELS, "emotion": Words.EMOTION_LABELS, "race": Words.RACE_LABELS}
        self._order = {name: _order(NAMES[name], theirs[name]) for name in names if name in theirs}

    def __call__(self, chips: UInt8[np.ndarray, "n c c 3"]) -> Mapping[str, Float32[np.ndarray, "n k"]]:
        """Age: years. Of the others probabilities in the order of NAMES."""
        # Blue, green, red from 0 to 1, as deepface gives them to its networks.
        seen = patches(chips, _SEEN)[..., ::-1].astype(np.float32) / 255
        return {name: self._said(name, seen) for name in self._models}

    def _said(self, name: str, seen: Float32[np.ndarray, "n s s 3"]) -> Float32[np.ndarray, "n k"]:
        found = [self._some(name, seen[start : start + _TOGETHER]) for start in range(0, len(seen), _TOGETHER)]
        all_of_it: Float32[np.ndarray, "n k"] = np.concatenate(found)
        return all_of_it[:, self._order[name]] if name in self._order else all_of_it

    def _some(self, name: str, seen: Float32[np.ndarray, "n s s 3"]) -> Float32[np.ndarray, "n k"]:
        """Of a single face deepface gives no row but what is in it."""
        said: Float32[np.ndarray, "n k"] = np.asarray(self._models[name].predict(seen), dtype=np.float32)
        return said.reshape(len(seen), -1)


def _order(ours: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """Where each of our words stands among theirs. Raises ValueError where deepface has changed its words."""
    return [theirs.index(_CALLED.get(word, word)) for word in ours]
