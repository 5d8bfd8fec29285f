"""The row of figures that describes a set of values."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_PERCENTILES = (25, 50, 75, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The fields are the columns of ``statistics.csv``, in order. std: of the whole set (not of a sample)."""

    metric: str
    component: str
    mean: float
    std: float
    min: float
    max: float
    p25: float
    p50: float
    p75: float
    p95: float
    p99: float


def statistics(metric: str, component: str, values: Float[np.ndarray, " n"]) -> Statistics:
    """The figures of at least one value; percentiles between two values are interpolated linearly."""
    p25, p50, p75, p95, p99 = (float(p) for p in np.percentile(values, _PERCENTILES))
    return Statistics(
        metric=metric,
        component=component,
        mean=float(values.mean(dtype=np.float64)),
        std=float(values.std(dtype=np.float64)),
        min=float(values.min()),
        max=float(values.max()),
        p25=p25,
        p50=p50,
        p75=p75,
        p95=p95,
        p99=p99,
    )
