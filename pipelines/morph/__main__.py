"""``python -m pipelines.morph <stage> <job folder>``."""

import sys

from pipelines.contract import serve
from pipelines.morph.head.files import heads
from pipelines.morph.stage import morph

if __name__ == "__main__":
    sys.exit(serve({"morph": morph, "heads": heads}))
