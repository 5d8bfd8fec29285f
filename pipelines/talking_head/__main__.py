"""``python -m pipelines.talking_head <stage> <job folder>``. Each stage loads what it needs, and no more."""
# ruff: noqa: PLC0415 - that is what imports within functions are for here

import sys
from importlib.util import find_spec

from pipelines.contract import Result, Unready, Work, serve
from pipelines.talking_head import Options

PACKAGES = ("ai_edge_litert", "av", "cv2", "jaxtyping", "numpy", "onnxruntime", "torch")
MISSING = (
    "Talking heads need packages that are not installed here: {names}. Whoever runs visaged can get them by "
    "`{python} -m pip install 'visaged[talking_head]'` (torch is large), or let the stages run in containers "
    "(docs/docker.md). The other pipelines work without them."
)


def ingest(work: Work) -> Result:
    """As ``stages.ingesting.ingest``. Raises Unready, with what to do, where packages are missing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise Unready(MISSING.format(names=", ".join(missing), python=sys.executable))
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


def back(work: Work) -> Result:
    """Afterwards there is nothing to do: the daemon lets the earlier model hold, and no film changes by that."""
    del work
    return Result()


if __name__ == "__main__":
    stages = {
        "ingest": ingest,
        "track": track,
        "listen": listen,
        "train": train,
        "render": render,
        "mux": mux,
        "back": back,
    }
    sys.exit(serve(stages, options=Options))
