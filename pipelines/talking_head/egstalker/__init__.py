"""The engine ``egstalker``: Gaussians on the tracked head, and a net over the places that offsets all that they are.

After T. Zhu et al., EGSTalker: Real-Time Audio-Driven Talking Head Generation with Efficient Gaussian Deformation, 2025
(arXiv 2510.08587). Where this differs, docs/decisions.md says so and why.

- ``sizes``      the paper's numbers, and a miniature's
- ``planes``     the tri-plane: features of places;  ``kan``  Kolmogorov-Arnold layers;  ``harmonics``  colours by side
- ``attention``  places attend to what moves them, by way of agents;  ``deform``  from there to offsets
- ``model``      the tracked motion and what the net adds;  ``engine``  how it is learned
- ``growing``    which Gaussians become more, and which are dropped;  ``grafting``  the same carried out
"""
