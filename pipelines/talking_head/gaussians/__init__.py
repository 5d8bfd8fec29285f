"""Gaussians that talk, in plain PyTorch: the reference that every faster path is held to. Not an engine of its own yet.

- ``splat``     Gaussians in the picture, drawn tile by tile;  ``plain``  the same, pixel by pixel, for comparison
- ``camera``    Gaussians of space as Gaussians of the picture
- ``cloud``     a head and a torso of Gaussians, and where they start from;  ``moving``  how features move them
- ``mouth``     what lies between the lips;  ``driven``  a clip whose mouth is moved by codes instead of by its sound
- ``drivers``   what gives a talker its codes, and how that is remembered
- ``scene``     a clip as they learn it;  ``learning``  the loop, its checkpoints and its loss
"""
