"""The stage of the pipeline ``noop``: leaves the names and contents of what it was given."""

import os
import sys
import time

from pipelines.contract import BadInput, Result, Work, serve


def noop(work: Work) -> Result:
    """Every start adds a line to ``starts``; then sleeps, crashes or refuses as its options say."""
    starts = work.folder / "starts"
    with starts.open("a") as file:
        file.write(f"{os.getpid()} {time.time()}\n")
    options = work.request.options
    for tenth in range(round(options["sleep"] * 10)):
        work.progress(tenth, round(options["sleep"] * 10), "naps")
        time.sleep(0.1)
    if options["refuse"]:
        raise BadInput(options["refuse"])
    if len(starts.read_text().splitlines()) <= options["crash"]:
        raise RuntimeError("crashed as it was told to")
    result = work.folder / "result"
    result.mkdir(exist_ok=True)
    (result / "seen.txt").write_text("".join(f"{i.path!r} {i.size} {i.sha256}\n" for i in work.request.inputs))
    return Result(publish="result", figures={"files": len(work.request.inputs)}, warnings=("nothing was done",))


sys.exit(serve({"noop": noop}))
