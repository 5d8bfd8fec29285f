"""Gaussians that talk, in plain PyTorch: the reference that every faster path is held to. Engines are made of them.

- ``splat``     Gaussians in the picture, drawn tile by tile;  ``plain``  the same, pixel by pixel, for comparison
- ``camera``    Gaussians of space as Gaussians of the picture
- ``raster``    what a rasteriser is, whichever it is
- ``cloud``     a head and a torso of Gaussians, and where they start from;  ``moving``  how features move them
- ``mouth``     what lies between the lips;  ``starting``  all of it where it begins
"""
