"""Tracking: where the head is in every frame, how it is turned, what its eyes and lips do, and what is not head.

- ``turning``     rotations and the camera;  ``bundle``  shape, bases and a pose a frame, fitted together
- ``lips``        the inner lips and the opening, in the head's own frame;  ``smoothing``  over time
- ``tracked``     all of it for one clip;  ``watching``  the lips in pictures whose pose is known
- ``person``      which pixels are the person;  ``split``  head, torso, background;  ``plate``  the background alone
- ``sights``      all of that for the frames of a clip, at one size
"""
