"""ER-NeRF's operations by a GPU, a kernel or two each; every one stands in for the one of its name in ``ernerf``.

- ``march``      where rays are looked at
- ``planes``     features of points, between the corners of many grids
- ``field``      the nets, all of them in one kernel;  ``nets``  what each of its programs computes, and back
- ``composite``  what rays see of their samples

Without a GPU the same kernels run on Triton's interpreter (TRITON_INTERPRET=1): slowly, and to the same numbers.
"""
