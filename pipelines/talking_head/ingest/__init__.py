"""Ingest: any video or sound file becomes frames at 25 a second and 16 kHz sound that keep step, or a reason why not.

- ``container``  opens files and says what is in them;  ``riff``  what a .wav's own header says
- ``part``       from when to when, and what of the picture, is meant
- ``ticks``      which frame of the video is on show when;  ``frames``  the frames, upright, at a constant rate
- ``sound``      the sound, one channel, at its place in time;  ``mixing``  which of its channels count
- ``speech``     where somebody speaks
- ``cuts``       where the picture jumps;  ``crop``  the square that shows the head all the time
- ``survey``     what the frames show;  ``rivals``  other faces;  ``stretches``  goes on where it was stopped
- ``footage``    all of it for one video;  ``spoken``  all of it for a sound to be said;  ``verdict``  what is refused
"""
