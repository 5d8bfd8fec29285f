"""Age, gender, emotion and race of faces, estimated from their chips; its networks have an image of their own.

- ``stage``       the stage;  ``units``  which faces are looked at;  ``keeping``  what was found so far, safe from kills
- ``estimating``  what an estimator is, and how what it says becomes attributes;  ``patches``  what it sees of a chip
- ``opening``     the networks of a pack;  ``machine``  TensorFlow within its limits
- ``deep``        deepface's networks;  ``light``  small ones
"""
