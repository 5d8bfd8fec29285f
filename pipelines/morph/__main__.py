"""``python -m pipelines.morph <stage> <job folder>``."""

import sys

from pipelines.contract import Result, Work, serve
from pipelines.morph.head.files import heads
from pipelines.morph.stage import morph


def portraits(work: Work) -> Result:
    """The command stage of that name; imported only where it is asked for."""
    from pipelines.morph.head.portraits import portraits as made  # noqa: PLC0415

    return made(work)


if __name__ == "__main__":
    sys.exit(serve({"morph": morph, "heads": heads, "portraits": portraits}))
