"""Copies make things at once, each with its share of the cores, and never outlive what they are copies of."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.morph.crew import Count, copies, shared

CODE = """
import json, os, sys, time
from pipelines.contract import BadInput
from pipelines.morph.crew import MOST, ROOM, Count, copies, shared
"""


def alone(code: str, cpus: int = 2) -> subprocess.Popen[str]:
    """A process of its own that runs this: pytest's may have threads."""
    environment = {**os.environ, "VISAGED_CPUS": str(cpus)}
    return subprocess.Popen(
        [sys.executable, "-c", CODE + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def told(code: str, cpus: int = 2) -> str:
    out, _ = alone(code, cpus).communicate(timeout=60)
    return out.strip()


@pytest.mark.parametrize(
    ("things", "room", "cpus", "expected"),
    [(6, 0, 2, 2), (1, 0, 2, 1), (0, 0, 2, 1), (6, 0, 1, 1), (9, 0, 64, 4), (3, 0, 8, 3), (9, 2**40, 8, 1)],
)
def test_there_are_as_many_copies_as_things_cores_and_memory_allow(things, room, cpus, expected):
    assert told(f"print(copies({things}, {room}))", cpus) == str(expected)


def test_a_process_with_threads_is_not_copied():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    assert copies(6, 0) == 1
    waiting.set()
    thread.join()


def test_what_copies_make_comes_in_the_order_of_the_things_from_several_processes():
    code = """
made = shared(lambda n: (time.sleep(0.2 if n == 0 else 0.1), n * n, os.getpid())[1:], range(5), 2)
print([square for square, _ in made], len({pid for _, pid in made}), os.getpid() in {pid for _, pid in made})
"""
    assert told(code) == "[0, 1, 4, 9, 16] 2 False"


def test_one_copy_is_this_process_itself():
    assert shared(lambda _: os.getpid(), [1, 2], 1) == [os.getpid()] * 2


def test_each_copy_has_its_share_of_the_cores():
    code = "from pipelines.contract import cores\nprint(shared(lambda _: cores(), range(3), 3))"
    assert told(code, 6) == "[2, 2, 2]"


def test_what_a_copy_raises_is_raised_here():
    code = """
def make(n):
    if n == 1:
        raise BadInput("the second is bad")
    return n
try:
    shared(make, range(3), 2)
except BadInput as bad:
    print(bad)
"""
    assert told(code) == "the second is bad"


def test_what_copies_count_together_is_told_in_order_and_nothing_is_lost():
    code = """
count = Count(2)
shared(lambda _: [count.add(1, lambda n: os.write(1, f"{n}\\n".encode())) for _ in range(100)], range(4), 2)
"""
    assert told(code).split() == [str(n) for n in range(1, 401)]


def test_one_process_counts_alone():
    heard: list[int] = []
    count = Count(1)
    count.add(2, heard.append)
    count.add(3, heard.append)
    assert heard == [2, 5]


def test_copies_end_when_what_they_are_copies_of_is_killed():
    process = alone("shared(lambda _: (os.write(1, f'{os.getpid()}\\n'.encode()), time.sleep(600)), range(2), 2)")
    assert process.stdout
    living = [int(process.stdout.readline()) for _ in range(2)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while any(running(pid) for pid in living):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.communicate()


def running(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
