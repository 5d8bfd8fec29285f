"""``python -m pipelines.talking_head <stage> <job folder>``. Each stage loads what it needs, and no more."""
# ruff: noqa: PLC0415 - that is what imports within functions are for here

import sys

from pipelines.contract import Result, Work, serve


def ingest(work: Work) -> Result:
    """As ``stages.ingesting.ingest``."""
    from pipelines.talking_head.stages.ingesting import ingest as ingested

    return ingested(work)


def track(work: Work) -> Result:
    """As ``stages.tracking.track``, which the drop of a sound alone does not load."""
    if not work.request.of("video"):
        return Result()
    from pipelines.talking_head.stages.tracking import track as tracked

    return tracked(work)


def listen(work: Work) -> Result:
    """As ``stages.listening.listen``."""
    from pipelines.talking_head.stages.listening import listen as listened

    return listened(work)


def train(work: Work) -> Result:
    """As ``stages.training.train``, which the drop of a sound alone does not load."""
    if not work.request.of("video"):
        return Result()
    from pipelines.talking_head.stages.training import train as trained

    return trained(work)


def render(work: Work) -> Result:
    """As ``stages.rendering.render``, which the drop of a video alone does not load."""
    if not work.request.of("audio"):
        return Result()
    from pipelines.talking_head.stages.rendering import render as rendered

    return rendered(work)


def mux(work: Work) -> Result:
    """As ``stages.muxing.mux``."""
    from pipelines.talking_head.stages.muxing import mux as muxed

    return muxed(work)


if __name__ == "__main__":
    stages = {"ingest": ingest, "track": track, "listen": listen, "train": train, "render": render, "mux": mux}
    sys.exit(serve(stages))
