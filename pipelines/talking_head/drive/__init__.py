"""The mouth between sound and pixels: a few numbers a frame that one model hears and another one shows.

- ``codes``   mouths of all subjects in one basis, each about its own mean, and back to lips
- ``motion``  sound becomes codes, learned from every clip at hand
- ``kept``    a motion as arrays, for a file
- ``shaping``  what each code does to a tracked head's surface, for an engine that draws it
"""
