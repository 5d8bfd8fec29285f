"""Aligned faces become embeddings: points on a sphere, near each other where the faces are one person's."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from pipelines.faces.embed.sessions import Session
from pipelines.faces.packs import Pack

BATCH = 16
"""Faces that run together; more are no quicker on a processor (docs/faces.md)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedded:
    """embeddings: of unit length. norms: their lengths before."""

    embeddings: Float32[np.ndarray, "n d"]
    norms: Float32[np.ndarray, " n"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recogniser:
    """The network of a pack that knows faces."""

    session: Session
    pack: Pack

    def __call__(self, faces: UInt8[np.ndarray, "n s s 3"]) -> Embedded:
        """The embeddings of aligned faces in red, green, blue.

        Raises RuntimeError where the network gives another dimension than its pack says, or no numbers.
        """
        step = self._batch
        raw = [self._run(faces[at : at + step]) for at in range(0, len(faces), step)]
        said = np.concatenate(raw) if raw else np.zeros((0, self.pack.dimension), dtype=np.float32)
        if said.shape[1] != self.pack.dimension:
            raise RuntimeError(
                f"{self.pack.recogniser} gives {said.shape[1]} numbers a face, but the pack {self.pack.name} says "
                f"{self.pack.dimension}. Its file is another one, or models.toml is wrong."
            )
        norms = np.linalg.norm(said, axis=1)
        if not np.isfinite(norms).all():
            raise RuntimeError(f"{self.pack.recogniser} gave embeddings that are no numbers.")
        return Embedded(embeddings=said / np.maximum(norms, 1e-9)[:, None], norms=norms)

    @property
    def _batch(self) -> int:
        fixed = self.session.get_inputs()[0].shape[0]
        return fixed if isinstance(fixed, int) and fixed > 0 else BATCH

    def _run(self, faces: UInt8[np.ndarray, "n s s 3"]) -> Float32[np.ndarray, "n d"]:
        ordered = faces if self.pack.order == "rgb" else faces[..., ::-1]
        blob = np.ascontiguousarray(ordered.transpose(0, 3, 1, 2), dtype=np.float32)
        blob -= np.float32(self.pack.mean)
        blob *= np.float32(1 / self.pack.scale)
        said: Float32[np.ndarray, "n d"] = self.session.run(None, {self.session.get_inputs()[0].name: blob})[0]
        return said
