"""The stage ``cluster``: what was dropped or said enters the gallery, and everybody is sorted.

- ``stage``      the stage;  ``told``  what is asked of it and what it answers
- ``arrivals``   harvests become a segment;  ``renewal``  another pack: all faces embedded anew, from their chips
- ``settings``   by which thresholds and method;  ``partition``  which faces are one, doing only what has changed
- ``orders``     commands become decisions;  ``people_asked``  who is meant by a word
- ``forgetting`` somebody's faces leave for good
"""
