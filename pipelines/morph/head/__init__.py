"""A parametric head of our own: a shape in words, and the mesh and the painted skin that come of it.

- ``shape``   what can be said about a head, and where its features then lie
- ``clay``    balls and bones that melt together: the arithmetic of distance fields
- ``face``, ``ear``, ``hair``   the parts of a head, made of that
- ``grid``    from the field to a mesh of always the same topology
- ``skin``    the picture on it
- ``files``   OBJ, MTL and PNG; the command that makes the heads of the demo
- ``portraits``   pictures of four people; the command that makes those of the demo of faces
"""
