"""People: who each face is, over all nights; what users said about it, and what follows.

- ``words``      people, decisions, and where each face stands
"""
