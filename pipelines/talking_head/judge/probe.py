"""A ridge regression from features to the mouth: what the sound alone tells of it, and so what an engine must beat."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from pipelines.talking_head.judge.blocks import Fold

RIDGE = 0.3
"""Of the mean square of the features: how much is needed before a feature counts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A line through features. mean, spread: what they are brought to 0 and 1 by."""

    mean: Float64[np.ndarray, " d"]
    spread: Float64[np.ndarray, " d"]
    weights: Float64[np.ndarray, "d ..."]
    level: Float64[np.ndarray, ...]

    def __call__(self, features: Float32[np.ndarray, "t ..."]) -> Float64[np.ndarray, "t ..."]:
        """What it says of each frame."""
        rows = features.reshape(len(features), -1)
        return np.asarray((rows - self.mean) / self.spread @ self.weights + self.level)


def fitted(features: Float32[np.ndarray, "t ..."], target: Float64[np.ndarray, "t ..."], ridge: float = RIDGE) -> Probe:
    """The line of least squares with a ridge."""
    rows = features.reshape(len(features), -1).astype(np.float64)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - mean) / spread
    level = np.asarray(target.mean(axis=0))
    weights = ridged(scaled, target - level, ridge * scaled.shape[1])
    return Probe(mean=mean, spread=spread, weights=weights, level=level)


def ridged(rows: Float64[np.ndarray, "t d"], target: Float64[np.ndarray, "t ..."], ridge: float) -> np.ndarray:
    """The weights of least squares with a ridge, in the smaller of both forms (Hoerl and Kennard 1970; its dual)."""
    count, width = rows.shape
    if count < width:
        return np.asarray(rows.T @ np.linalg.solve(rows @ rows.T + ridge * np.eye(count), target))
    return np.linalg.solve(rows.T @ rows + ridge * np.eye(width), rows.T @ target)


def held_out(
    features: Float32[np.ndarray, "t ..."],
    target: Float64[np.ndarray, "t ..."],
    folds: Sequence[Fold],
    ridge: float = RIDGE,
) -> Float64[np.ndarray, "t ..."]:
    """What a probe that has not seen a frame's block says of the frame, for all frames."""
    found = np.zeros(target.shape)
    for fold in folds:
        probe = fitted(features[fold.learned], target[fold.learned], ridge)
        found[fold.held] = probe(features[fold.held])
    return found


def correlation(a: Float64[np.ndarray, " t"], b: Float64[np.ndarray, " t"]) -> float:
    """Pearson's; 0 where one of them does not vary."""
    first, second = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 1e-12 * len(a) else 0.0
