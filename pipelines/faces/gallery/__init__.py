"""The gallery: the state of a collection, all its faces over all revisions, and the files in which it is kept.

::

    gallery.json           About: pack, segments, numbers not given yet, how it was sorted
    segments/<name>/       the pictures and faces of one drop, as ``columns`` keeps them
    graph/…-<chunk>.npy    the nearest of each face, in chunks of 65,536 rows
    census/…-<chunk>.npy   where each face stands, likewise
    people.json            who there is
    decisions.jsonl        what was said, in order

Rows of a gallery are those of its segments, one after the other. A revision writes what has changed and keeps the rest.

- ``reading``   a revision as arrays;  ``overlay``  which file lies where;  ``about``  gallery.json
- ``segments``  harvests become segments;  ``records``  people, census, decisions;  ``chunks``  long arrays in parts
- ``drafting``  the revision that a job writes
"""

from pipelines.faces.gallery.reading import STATE, Gallery, known, moments, opened, read_gallery

__all__ = ["STATE", "Gallery", "known", "moments", "opened", "read_gallery"]
