"""Measurements of the running daemon, each beside the floor that it is compared to. ``python -m bench [NAME...]``.

- ``scan``    many files at once: what a scan costs, and whether everything is seen and taken
- ``noop``    what visaged itself costs: jobs a second, and the time from a drop to its stage
- ``idle``    what a daemon costs that has nothing to do
- ``kills``   kill -9, again and again, and what must be true afterwards
- ``kills_faces``   the same while faces are sorted: the same people in the end
- ``morph``   a pair of heads, from the inbox to the result
- ``faces``   pictures into embeddings;  ``clusters``  embeddings into people, up to a million

``place`` has the daemon that is measured, ``figures`` the arithmetic, ``report`` the tables in ``results/``.
"""
