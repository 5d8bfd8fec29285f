"""People: who each face is, over all nights; what users said about it, and what follows.

- ``words``      people, decisions, and where each face stands
- ``hearing``    new decisions enter the journal;  ``said``  what follows from all of them
- ``pins``       what was said, face by face;  ``heirs``, ``matching``  which person a cluster of faces carries on
- ``standing``   the census: where each face stands;  ``near``  who joins though left over, and who is asked about
- ``sums``       mean similarities to people
"""
