"""The stages: what each takes from those before it, does, and leaves.

- ``ingesting``   looks at everything that was dropped; leaves the footage of the video
- ``tracking``    leaves where the head is, and what of each frame is head, torso and background
- ``listening``   leaves the features of the video's sound and of each sound to be said
- ``training``    leaves the subject (``subject``), which is remembered, how good it is, and the preview
- ``rendering``   leaves each sound's film, without sound, in parts;  ``muxing``  the MP4s, and what is published
- ``files``       how they hand things on;  ``fronts``  the front end of a name
- ``room``        how long a clip may be;  ``asked``  options that cannot be had, or do nothing
"""
