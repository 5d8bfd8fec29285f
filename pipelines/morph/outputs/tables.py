"""The CSV files, column by column as scripts made for face-morph read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from pipelines.morph.outputs.decimals import places, rows
from pipelines.morph.outputs.displacement import Displacements
from pipelines.morph.outputs.statistics import Statistics
from pipelines.morph.outputs.texture import TextureDifferences

Points = Float[np.ndarray, "v 3"]

EVERY = 4
"""Of a texture's pixels each fourth column of each fourth row is in the table."""
_DECIMALS = 6
"""At least; more where the meshes are so small that these would not do."""
_FINEST = 1e-6
"""Of the meshes' size: what the table of vertices still tells apart."""


def statistics_csv(figures: Sequence[Statistics]) -> bytes:
    """``statistics.csv``: a line for each set of values, numbers in their shortest exact form."""
    head = [field.name for field in dataclasses.fields(Statistics)]
    lines = [head, *([str(value) for value in dataclasses.astuple(one)] for one in figures)]
    return "".join(",".join(line) + "\n" for line in lines).encode("ascii")


def vertex_csv(a: Points, b: Points, moved: Displacements) -> bytes:
    """``vertex_displacements.csv``: a line for each vertex, counted from 0, in the meshes' unit."""
    head = b"vertex_id,x_a,y_a,z_a,x_b,y_b,z_b,normal_disp,tangent_disp,total_disp\n"
    size = float(np.ptp(a, axis=0).max())
    columns = [np.arange(len(a)), *a.T, *b.T, moved.normal, moved.tangent, moved.total]
    return head + rows(columns, max(_DECIMALS, places(size * _FINEST)))


def texture_csv(found: TextureDifferences) -> bytes:
    """``texture_differences.csv``: a line for each pixel of every EVERY-th row and column that differs at all.

    x to the right, y down, in pixels of the texture; in units of CIE Lab.
    """
    three = [values[::EVERY, ::EVERY] for values in (found.lightness, found.chroma, found.delta_e)]
    y, x = np.nonzero((three[0] != 0) | (three[1] != 0) | (three[2] != 0))
    columns = [x * EVERY, y * EVERY, *(values[y, x].astype(np.float64) for values in three)]
    return b"pixel_x,pixel_y,luminance_diff,chroma_diff,delta_e\n" + rows(columns, _DECIMALS)
