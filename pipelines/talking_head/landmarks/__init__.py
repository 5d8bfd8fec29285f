"""Landmarks: faces in pictures, and 478 landmarks and 52 blendshapes of one face followed through a video.

- ``archive``     the landmarker's archive: its networks and the canonical face;  ``lite``  networks that run, by LiteRT
- ``detector``    faces in a picture;  ``landmarker``  one face, followed;  ``points``  which landmark is what
"""
