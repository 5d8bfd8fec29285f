"""The stages of the pipeline ``counted``: a shard for each file counts its bytes, the last stage adds them up."""

import json
import sys
import time

from pipelines.contract import Result, Work, serve


def split(work: Work) -> Result:
    """One shard for each input."""
    (work.folder / "shards.json").write_text(json.dumps([f"{n:03}" for n in range(len(work.request.of("file")))]))
    return Result()


def each(work: Work) -> Result:
    """The bytes of one file."""
    time.sleep(work.request.options["sleep"])
    one = work.request.of("file")[int(work.shard or 0)]
    (work.folder / "count").write_text(str(len(work.path(one).read_bytes())))
    return Result()


def join(work: Work) -> Result:
    """The sum, as a file of its own."""
    total = sum(int(p.read_text()) for p in work.earlier("each").glob("*/count"))
    (work.folder / "total.txt").write_text(f"{total}\n")
    return Result(publish="total.txt", figures={"bytes": total})


sys.exit(serve({"split": split, "each": each, "join": join}))
