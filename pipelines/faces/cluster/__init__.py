"""Which faces are one person: a graph of neighbours, and methods that cut it into people.

Pure functions over arrays; others store what they return.

- ``halves``      similarities of embeddings, without any rounding on the way
- ``graph``       each face's nearest: built, extended by a night's faces, or without those that go
- ``codes``, ``sweep``, ``wide``   how a big graph is found quickly: 8-bit codes, an instruction for them, the sweep
- ``thresholds``  from which similarity faces are one person, by the pack and the number of faces
- ``ties``        what must be together, and what never may be
- ``linkage``     average linkage (the default);  ``infomap``, ``kmeans``  the other methods
- ``newcomers``   whom a new face joins until the next night
- ``scores``      pairwise and BCubed precision, recall and F
"""
