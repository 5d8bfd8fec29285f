"""Result trees: folders that belong to us and to the user alike; what we leave in them, and what users made of it.

- ``words``      what a file is, what we left, what is wanted, what came of it
- ``record``     how a tree was last left, and the journal of a change
- ``disk``       what is there now
- ``match``      which of it is what we left (pure)
- ``look``       what a stage is told of it
- ``wants``      what the last stage wants, read and checked
- ``spelling``   under which paths it can be had (pure)
- ``plan``       the steps from what is there to what is wanted (pure)
- ``place``      the content of one file: linked, cloned or copied
- ``carry``      the steps, made
- ``apply``      all of it under the journal
- ``parting``    a tree is given up
"""

from daemon.tree.apply import apply
from daemon.tree.disk import signature
from daemon.tree.look import Look, look, signature_left
from daemon.tree.parting import is_ours, part
from daemon.tree.record import Record, recorded
from daemon.tree.words import Applied, TreeChange

__all__ = [
    "Applied",
    "Look",
    "Record",
    "TreeChange",
    "apply",
    "is_ours",
    "look",
    "part",
    "recorded",
    "signature",
    "signature_left",
]
