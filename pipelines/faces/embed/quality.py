"""How much a face can tell who it is: size, sharpness, pose, the detector's score and the embedding's norm, as one.

quality = size^.25 * sharpness^.25 * pose^.25 * score^.15 * norm^.10, each 0 to 1:

- size: 0 at 16 pixels of the shorter side, 1 at 112 and more, by the logarithm between
- sharpness: fine detail of the aligned face (about a pixel) against coarser detail (six), single bright pixels taken
  out, so that neither light nor contrast nor noise matters: 0 at .07 (blurred by 3 pixels), 1 at .18 (usual on LFW)
- pose: cos(yaw) * cos(pitch), not under 0
- score: 0 at .4, 1 at .8 of the detector's
- norm: 0 at .6 of what is usual for the recogniser, 1 at that; 1 where it is not known
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

SMALL, LARGE = 16.0, 112.0
UNSURE, SURE = 0.4, 0.8
WEIGHTS: Mapping[str, float] = MappingProxyType({
    "size": 0.25, "sharpness": 0.25, "pose": 0.25, "score": 0.15, "norm": 0.10,
})  # fmt: skip
USUAL: Mapping[str, float] = MappingProxyType({"w600k_mbf.onnx": 24.0})
"""Recogniser -> the median norm of its embeddings on LFW."""
BLURRED, SHARP = 0.07, 0.18
WEAK = 0.6
_NOSE = 0.53
"""Where the nose is between eyes and mouth, seen from straight ahead: the median of LFW."""
_DEPTH = 0.5
"""How far the nose stands out, in distances of the eyes: what an average head has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """Degrees: yaw to the viewer's right, pitch upwards, roll clockwise."""

    yaw: Float32[np.ndarray, " n"]
    pitch: Float32[np.ndarray, " n"]
    roll: Float32[np.ndarray, " n"]


def poses(points: Float32[np.ndarray, "n 5 2"]) -> Pose:
    """The poses that the five points tell, to about 10 degrees.

    The face is turned upright by its eyes; then the nose, which stands out by half the distance of the eyes, moves
    across the line from the eyes' middle to the mouth's with the yaw, and along it with the pitch.
    """
    at = points.astype(np.float64)
    eyes, mouth, nose = at[:, :2].mean(axis=1), at[:, 3:].mean(axis=1), at[:, 2]
    across = at[:, 1] - at[:, 0]
    roll = np.arctan2(across[:, 1], across[:, 0])
    turn = np.exp(-1j * roll)
    down, out = (_complex(mouth - eyes) * turn, _complex(nose - eyes) * turn)
    apart = np.maximum(np.hypot(across[:, 0], across[:, 1]), np.abs(down) * 0.3)  # a profile's eyes are one
    yaw = np.arctan2(out.real - down.real * 0.5, apart * _DEPTH)
    pitch = np.arctan2(_NOSE * down.imag - out.imag, np.maximum(np.abs(down), 1e-6) * _DEPTH)
    degrees = [np.degrees(angle).astype(np.float32) for angle in (yaw, pitch, roll)]
    return Pose(yaw=degrees[0], pitch=degrees[1], roll=degrees[2])


def sharpness(face: UInt8[np.ndarray, "s s 3"]) -> float:
    """How much of an aligned face's detail is fine, 0 to 1."""
    grey = cv2.medianBlur(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), 3).astype(np.float32)[16:-8, 16:-16]
    fine = cv2.GaussianBlur(grey, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(grey, (0, 0), 6.0)
    detail = float(np.abs(grey - fine).mean())
    whole = float(np.abs(fine - coarse).mean())
    return float(np.clip((detail / max(whole, 1.0) - BLURRED) / (SHARP - BLURRED), 0.0, 1.0))


def qualities(
    parts: Mapping[str, Float32[np.ndarray, " n"]], pose: Pose, usual: float | None
) -> Float32[np.ndarray, " n"]:
    """The quality of each face. parts: size, sharpness, score, norm. usual: the usual norm; None: not known."""
    turned = np.cos(np.radians(pose.yaw)) * np.cos(np.radians(pose.pitch))
    each: dict[str, Float64[np.ndarray, " n"] | Float32[np.ndarray, " n"]] = {
        "size": np.log(np.maximum(parts["size"], SMALL) / SMALL) / np.log(LARGE / SMALL),
        "sharpness": parts["sharpness"],
        "pose": turned,
        "score": (parts["score"] - UNSURE) / (SURE - UNSURE),
        "norm": (parts["norm"] / usual - WEAK) / (1 - WEAK) if usual else np.ones_like(parts["norm"]),
    }
    powers = [np.clip(each[name], 0.0, 1.0) ** weight for name, weight in WEIGHTS.items()]
    whole: Float32[np.ndarray, " n"] = np.prod(powers, axis=0).astype(np.float32)
    return whole


def _complex(vectors: Float64[np.ndarray, "n 2"]) -> np.ndarray:
    return vectors[:, 0] + 1j * vectors[:, 1]
