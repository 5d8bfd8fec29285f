"""Which image a stage runs in, and how it comes to this machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from daemon.runners.docker.answers import Image
from daemon.runners.docker.engine import Engine
from daemon.runners.docker.settings import Containers, Pull

log = structlog.get_logger()

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """There is no image. for_good: waiting does not help, only a person does."""

    why: str
    for_good: bool


def image_for(engine: Engine, containers: Containers, part: str = "") -> Image | Unfit:
    """The image of a stage (part: its ``Stage.image``), fetched where that is wished; by several stages at once."""
    reference = containers.image_of(part)
    if containers.pull is Pull.NEVER:
        return engine.image(reference) or Unfit(why=_MISSING.format(image=reference), for_good=True)
    with _ONE_AT_A_TIME:
        here = engine.image(reference)
        if here and containers.pull is Pull.MISSING:
            return here
        log.info("image is fetched", image=reference)
        if why := engine.pull(reference):
            return Unfit(why=f"the image {reference} could not be fetched: {why}", for_good=False)
    return engine.image(reference) or Unfit(why=f"the image {reference} was fetched but is not there", for_good=False)


_MISSING = (
    "The image {image} is not on this machine, and config.toml says not to fetch it. "
    '`make images` builds the images of visaged; pull = "missing" under [docker] fetches those that a registry has.'
)
