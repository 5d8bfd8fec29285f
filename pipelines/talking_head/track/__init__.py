"""Tracking: where the head is in every frame, how it is turned, what its eyes and lips do, and what is not head.

- ``archive``     the landmarker's archive: its networks and the canonical face
- ``lite``        the networks that run, by LiteRT
- ``detector``    faces in a picture;  ``landmarker``  478 landmarks and 52 blendshapes, followed through a video
- ``points``      which landmark is what
- ``turning``     rotations and the camera;  ``bundle``  shape, bases and a pose a frame, fitted together
- ``lips``        the inner lips and the opening, in the head's own frame;  ``smoothing``  over time
- ``watching``    the lips in pictures whose pose is known;  ``tracked``  all of it for one clip
- ``person``      which pixels are the person;  ``split``  head, torso, background;  ``plate``  the background alone
"""
