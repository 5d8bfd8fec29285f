"""What comes of a pair of meshes besides pictures and film: maps, figures, tables, meshes and the report.

Arrays in, arrays or bytes out; each module ends in one function that writes below a folder it is given.

- ``displacement``  how far each vertex moves: along the normal, along the surface, in all
- ``statistics``    the row of figures of a set of values
- ``cielab``, ``ciede2000``   colours as an eye orders them, and the difference it sees between two
- ``texture``       where two textures differ: lightness, chroma, CIEDE2000
- ``palettes``      colour tables from published sources
- ``scale``         the range of values that a colour bar shows, and its ticks
- ``heatmaps``      maps of all that, each with its colour bar
- ``decimals``      many numbers as text, fast
- ``tables``        the CSV files
- ``fans``          the faces as the file had them, from their triangles
- ``skins``         the textures of exported meshes
- ``meshes``        an OBJ with material and texture for each step
- ``gltf``          the whole morph as one GLB with a morph target
- ``report``, ``style``   the page that a person reads and prints, and how it looks
"""
