"""Talking heads: a video of somebody talking, and sound, become the video of them saying it. In the making.

Not registered yet: no stage runs it. What is here are the parts, pure functions over arrays with files at the edge:

- ``ingest``   any video or sound becomes frames at 25 a second and 16 kHz sound that keep step, or a reason why not
- ``landmarks``  faces in pictures, and the landmarks of one face followed through a video
- ``track``    head pose, blinks, lips; what is head, torso and background
- ``listen``   the front ends: sound becomes features, a row a frame
- ``offset``   by how many frames the sound of a clip lags
- ``judge``    whether what is rendered follows the audio, and how near to the truth it comes
- ``gaussians``  a first engine in plain PyTorch: the reference for faster ones
- ``weights``  the files of weights that these need
"""

FPS = 25
"""Frames a second of everything inside."""
RATE = 16_000
"""Samples a second of all sound inside."""
HOP = RATE // FPS
"""Samples a frame."""
