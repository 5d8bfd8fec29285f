"""What may run at once, and which jobs may start at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.gpus import Capacity
from daemon.model import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What may run. whole: all there is; at: what of it a runner can give, by name; only: the jobs that may start."""

    whole: Capacity
    at: Callable[[str], Capacity]
    only: Callable[[Job], bool] = lambda _: True
