"""Stages in containers of a Docker engine: the contract of ``model.Runner``, in the order of an attempt's way.

- ``runner``     the contract itself: hands each task to a keeper
- ``settings``   what is configured
- ``site``       what the parts share
- ``keeper``     one attempt from the first look to its reported end
- ``control``    the control folder of an attempt: what was planned and made, how it ended
- ``images``     which image, and how it comes here
- ``folders``    which folders a container sees, also when the daemon is in a container itself
- ``proof``      that containers see the same files as the daemon
- ``spec``       what the engine is asked to make (pure)
- ``beginning``  made, saved, started
- ``words``      the copy of the log
- ``ending``     what the end of a container means (pure)
- ``watch``      the regular look: time-outs, cancelling, what is left over
- ``engine``     the talk with the engine; ``answers`` its answers as our types
"""

from daemon.runners.docker.control import digests
from daemon.runners.docker.runner import DockerRunner
from daemon.runners.docker.settings import Bind, Containers, Pull, Settings

__all__ = ["Bind", "Containers", "DockerRunner", "Pull", "Settings", "digests"]
