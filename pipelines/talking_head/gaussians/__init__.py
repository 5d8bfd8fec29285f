"""Gaussians that talk, in plain PyTorch: the reference that every faster path is held to.

- ``splat``     Gaussians in the picture, drawn tile by tile;  ``plain``  the same, pixel by pixel, for comparison
- ``camera``    Gaussians of space as Gaussians of the picture
- ``cloud``     a head and a torso of Gaussians, and where they start from;  ``moving``  how features move them
- ``mouth``     what lies between the lips;  ``engine``  how all of it is learned
"""
