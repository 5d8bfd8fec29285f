"""``python -m pipelines.morph <stage> <job folder>``."""

import os
import sys

# Nothing here multiplies much, and ``crew`` copies none but a process without threads.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from pipelines.contract import Result, Work, serve
from pipelines.morph import Options
from pipelines.morph.memory import kept
from pipelines.morph.unchecked import unchecked


def morph(work: Work) -> Result:
    """As ``stage.morph``."""
    from pipelines.morph import stage  # noqa: PLC0415  after ``unchecked``

    return stage.morph(work)


def heads(work: Work) -> Result:
    """As ``head.files.heads``, which the stage morph need not load."""
    from pipelines.morph.head import files  # noqa: PLC0415

    return files.heads(work)


def portraits(work: Work) -> Result:
    """As ``head.portraits.portraits``, which the stage morph need not load."""
    from pipelines.morph.head import portraits as taken  # noqa: PLC0415

    return taken.portraits(work)


if __name__ == "__main__":
    unchecked()
    kept()
    sys.exit(serve({"morph": morph, "heads": heads, "portraits": portraits}, options=Options))
