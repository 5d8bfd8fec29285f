"""The engine ``ernerf``: a radiance field that hears, in plain PyTorch, which is the reference for every faster path.

- ``sizes``    the paper's sizes, and a miniature of them
- ``box``      the cube around the head, and rays into it;  ``occupancy``  which of its cells hold anything
- ``march``    where rays are looked at;  ``planes``  grids of features, and the three planes that a point falls on
- ``resting``  where what is at a point rests before the mouth moves it
- ``field``    features, sound, eyes and direction become density and colour;  ``composite``  what a ray sees
- ``operations``  these four in plain PyTorch, or on a GPU as in ``fused``
- ``head``     all of these together;  ``torso``  the flat picture beneath it
- ``portrait``  somebody, learned: what is kept and shown
- ``drawing``  which pixels a turn looks at;  ``losses``  what they are judged by;  ``turns``  both together
- ``engine``   how it begins, its rates, its parts of the course
"""
