"""Gaussians drawn by a GPU: what ``camera`` and ``splat`` do, a kernel each instead of a hundred operations.

- ``project``  Gaussians of space become Gaussians of the picture
- ``tiles``    which of them reach into which tile, nearest first
- ``paint``    a program a tile: the picture, and back;  ``raster``  the three of them behind the Protocol

Without a GPU the same kernels run on Triton's interpreter (TRITON_INTERPRET=1): slowly, and to the same numbers.
"""
