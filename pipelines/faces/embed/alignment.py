"""A face in its place: turned, moved and scaled so that eyes, nose and mouth lie where the recogniser expects them.

Source: the template is insightface's for 112 x 112 pixels; the transform is the similarity of least squares (Umeyama,
Least-Squares Estimation of Transformation Parameters, 1991), which in the plane is one complex division.
"""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

from math import floor, log2

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from pipelines.faces.columns import CHIP

SIDE = 112
"""Pixels along each side of what a recogniser sees."""
MARGIN = (CHIP - SIDE) // 2
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Left eye, right eye, nose, corners of the mouth, as seen; pixels of SIDE x SIDE."""
COARSEST = 0.5
"""Pixels of the chip to one of the picture under which bilinear sampling would leave pixels of the picture out."""
_QUALITY = 95


def transforms(points: Float32[np.ndarray, "n 5 2"]) -> Float64[np.ndarray, "n 2 3"]:
    """For each face the similarity, as rows of a matrix, that brings its points nearest to TEMPLATE."""
    source = points[..., 0].astype(np.float64) + 1j * points[..., 1]
    target = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    middle = source.mean(axis=1, keepdims=True)
    apart = source - middle
    spread = (np.abs(apart) ** 2).sum(axis=1)
    turn = (apart.conj() * (target - target.mean())).sum(axis=1) / np.maximum(spread, 1e-12)
    shift = target.mean() - turn * middle[:, 0]
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    matrices: Float64[np.ndarray, "n 2 3"] = np.moveaxis(np.array(rows), 2, 0)
    return matrices


def enlargements(matrices: Float64[np.ndarray, "n 2 3"]) -> Float64[np.ndarray, " n"]:
    """How many pixels of the aligned face one of the picture becomes, along a side."""
    lengths: Float64[np.ndarray, " n"] = np.hypot(matrices[:, 0, 0], matrices[:, 1, 0])
    return lengths


def chip(picture: UInt8[np.ndarray, "h w 3"], matrix: Float64[np.ndarray, "2 3"]) -> UInt8[np.ndarray, "c c 3"]:
    """The aligned face and its margin, CHIP x CHIP; black where the picture ends.

    A face that is far larger than its chip is made smaller by area means first.
    """
    moved = matrix.copy()
    moved[:, 2] += MARGIN
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < COARSEST:
        picture, moved = _smaller(picture, moved, 2 ** floor(log2(COARSEST / scale) + 1))
    return cv2.warpAffine(picture, moved, (CHIP, CHIP), flags=cv2.INTER_LINEAR, borderValue=0)


def _smaller(
    picture: UInt8[np.ndarray, "h w 3"], matrix: Float64[np.ndarray, "2 3"], times: int
) -> tuple[UInt8[np.ndarray, "h2 w2 3"], Float64[np.ndarray, "2 3"]]:
    """The part of the picture that the chip shows, so many times smaller, and the transform from there."""
    back = cv2.invertAffineTransform(matrix)
    corners = back @ np.array([[0, CHIP, 0, CHIP], [0, 0, CHIP, CHIP], [1, 1, 1, 1]])
    height, width = picture.shape[:2]
    low = np.clip(np.floor(corners.min(axis=1)).astype(int) - times, 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(axis=1)).astype(int) + times, low + 1, (width, height))
    part = picture[low[1] : high[1], low[0] : high[0]]
    size = max(1, part.shape[1] // times), max(1, part.shape[0] // times)
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    ratio = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (low + (ratio - 1) / 2)  # the middle of a small pixel lies between those it was
    moved[:, :2] *= ratio
    return small, moved


def middle(chips: UInt8[np.ndarray, "n c c 3"]) -> UInt8[np.ndarray, "n s s 3"]:
    """What of chips a recogniser sees."""
    return chips[:, MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]


def jpeg(pixels: UInt8[np.ndarray, "h w 3"], quality: int = _QUALITY) -> bytes:
    """The pixels as a JPEG."""
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
