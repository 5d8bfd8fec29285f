"""A pipeline that does on purpose what stages do by accident. Every start of a stage leaves a line in ``starts``."""

import time

BEGAN = time.time()

import json  # noqa: E402  (the first line of a stage's main is measured)
import os  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

from pipelines.contract import BadInput, Result, Work, serve  # noqa: E402


def ok(work: Work) -> Result:
    print("hello from the stage")
    return Result(figures={"answer": 42})


def refuse(work: Work) -> Result:
    raise BadInput("a.obj has no faces; export it again")


def crash(work: Work) -> Result:
    raise RuntimeError("on purpose")


def signalled(work: Work) -> Result:
    os.kill(os.getpid(), signal.SIGUSR1)
    return Result()


def sleep(work: Work) -> Result:
    time.sleep(work.request.options.get("seconds", 120.0))
    return Result()


def ignore_term(work: Work) -> Result:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (work.folder / "deaf").touch()
    time.sleep(120)
    return Result()


def eat_memory(work: Work) -> Result:
    """Take 16 MiB every 50 ms up to the bytes asked for, and keep them for the seconds asked for."""
    held = []
    while sum(map(len, held)) < work.request.options["bytes"]:
        held.append(bytearray(b"\1") * (16 << 20))
        time.sleep(0.05)
    time.sleep(work.request.options.get("seconds", 120.0))
    return Result()


def share_memory(work: Work) -> Result:
    """Hold the bytes asked for in four processes that share them all."""
    held = bytearray(b"\1") * work.request.options["bytes"]
    children = []
    for _ in range(3):
        if (pid := os.fork()) == 0:
            time.sleep(1.5)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    return Result(figures={"held": len(held)})


def family(work: Work) -> Result:
    """Leave a child in the process group and one that has run away into a session of its own; then wait, or end."""
    children = [subprocess.Popen(["sleep", "120"], start_new_session=away) for away in (False, True)]
    (work.folder / "family").write_text(" ".join(str(child.pid) for child in children))
    time.sleep(work.request.options.get("seconds", 120.0))
    os._exit(0)


def trespass(work: Work) -> Result:
    """Try to write where a stage may not, and where it may."""
    places = {"in": "in/file", "request": "request.json", "before": "stages/before/file", "new": "new", "root": "/new"}
    said = {name: attempted(work.job / place) for name, place in places.items()}
    return Result(figures={**said, "own": attempted(work.folder / "new")})


def attempted(path: Path) -> str:
    try:
        path.write_text("changed")
    except OSError as error:
        return str(error.strerror)
    return "written"


def read(work: Work) -> Result:
    """Read the inputs, and try to change the first."""
    found = sorted((work.job / "in").iterdir())
    said = {str(path.relative_to(work.job)): path.read_text() for path in found}
    return Result(figures={**said, "write": attempted(found[0])})


def weigh(work: Work) -> Result:
    """Read the weights, and try to change them."""
    path = work.weights("eyes.onnx")
    return Result(figures={"read": path.read_text(), "write": attempted(path), "absolute": path.is_absolute()})


def talk(work: Work) -> Result:
    """Print the lines asked for, evenly over the seconds asked for."""
    lines = work.request.options["lines"]
    for number in range(lines):
        print(f"line {number}", file=sys.stderr if number % 2 else sys.stdout)
        time.sleep(work.request.options["seconds"] / lines)
    return Result()


def lose_gpu(work: Work) -> Result:
    raise RuntimeError("Failed to initialize NVML: Unknown Error")


def environment(work: Work) -> Result:
    return Result(
        figures={
            "environment": dict(os.environ),
            "folder": os.getcwd(),  # noqa: PTH109
            "nice": os.nice(0),
            "path": sys.path,
            "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
            "shard": work.shard,
            "json": json.__file__,
            "handles": sorted(os.listdir("/proc/self/fd")),  # noqa: PTH208
        }
    )


def counted(function: Callable[[Work], Result]) -> Callable[[Work], Result]:
    def run(work: Work) -> Result:
        with (work.folder / "starts").open("a") as file:
            file.write(f"{os.getpid()} {BEGAN}\n")
        return function(work)

    return run


STAGES = (
    *(ok, refuse, crash, signalled, sleep, ignore_term, eat_memory, share_memory, family, environment),
    *(trespass, read, weigh, talk, lose_gpu),
)

if __name__ == "__main__":
    sys.exit(serve({function.__name__: counted(function) for function in STAGES}))
