"""What the end of a container means for its task. Pure.

A memory limit ends a stage with status 137, and usually the engine says so. Where it does not (control groups v2, when
it was not the first process that was killed), 137 that nobody asked for is taken for it when the stage was last seen
close to its limit.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from daemon.model import End, Ended
from daemon.runners.docker.answers import Container
from daemon.runners.docker.control import Stop

SIGNALLED = 128
"""A status above this is that of a process which a signal ended."""
CLOSE = 0.9
"""The part of its memory limit from which a stage that was killed without a word is taken to have run out of it."""
GPU_LOST = "NVML: Unknown Error"
"""What NVIDIA's library says where a container lost its GPU, as after ``systemctl daemon-reload`` on the host."""
GPU_LOST_TOO = "NVML Unknown Error"

NOT_RUN = (126, 127)
"""Statuses of a container whose program was not there or could not be run."""
INIT_SAYS = "[FATAL tini"
"""How the engine's init begins the sentence about it."""

LOST = "its container was removed by somebody else"
RESTARTED = "the Docker engine was restarted while it ran"
GPU_GONE = "its container lost the GPU (NVML Unknown Error); the next attempt gets a new container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known of a task's way besides its container's end.

    stop: why it was asked to stop. memory, peak: its limit, and the most it was seen to hold, bytes (0: not known).
    gpus: whether it has any. shaken: the engine did not answer since it was last seen running.
    """

    task: str
    stop: Stop | None = None
    memory: int = 0
    peak: int = 0
    gpus: bool = False
    shaken: bool = False


def unasked(container: Container, stop: Stop | None) -> bool:
    """Whether it was killed as an engine does it that goes down, or one that finds it running when it comes back."""
    kills = {SIGNALLED + signal.SIGKILL, SIGNALLED + signal.SIGTERM, 255}
    return stop is None and not container.out_of_memory and container.status in kills


def ended(container: Container, course: Course, words: str) -> Ended:
    """How the task ended. words: the last of its log."""
    end, status, detail = _how(container, course, words)
    return Ended(
        task=course.task,
        end=end,
        status=status,
        detail=detail,
        started=container.started,
        ended=max(container.ended, container.started),
        peak_memory=course.peak,
    )


def never_started(task: str, why: str) -> Ended:
    """It could not be started, but may be another time."""
    return Ended(task=task, end=End.NEVER_STARTED, detail=f"Its container could not be started: {why}")


def lost(task: str, why: str = LOST) -> Ended:
    """It is gone without a trace."""
    return Ended(task=task, end=End.LOST, detail=f"What happened: {why}.")


def _how(container: Container, course: Course, words: str) -> tuple[End, int | None, str]:
    if course.stop is not None and container.ended >= course.stop.at - 1.0:
        return _asked(container, course.stop)
    if unlucky := _unlucky(container, course, words) if container.status else None:
        return unlucky[0], None, unlucky[1]
    if number := _signal(container.status):
        return End.KILLED, number, f"it was ended by signal {number} ({signal.strsignal(number) or 'unknown'})"
    return End.EXITED, container.status, f"it ended with status {container.status}" if container.status else ""


def _unlucky(container: Container, course: Course, words: str) -> tuple[End, str] | None:
    """What ended it from outside, as far as that can be told."""
    if container.out_of_memory or _silently_out_of_memory(container, course):
        return End.OUT_OF_MEMORY, f"its memory was limited to {course.memory / 2**20:.0f} MiB"
    if course.shaken and unasked(container, course.stop):
        return End.LOST, f"What happened: {RESTARTED}."
    if course.gpus and (GPU_LOST in words or GPU_LOST_TOO in words):
        return End.LOST, f"What happened: {GPU_GONE}."
    if container.status in NOT_RUN and INIT_SAYS in words:
        said = words.partition(INIT_SAYS)[2].partition("\n")[0].partition("] ")[2]
        return End.IMPOSSIBLE, f"Its image cannot run it: {said}."
    return None


def _asked(container: Container, stop: Stop) -> tuple[End, int | None, str]:
    if stop.why is End.TIMEOUT:
        ran = container.ended - container.started
        return End.TIMEOUT, None, f"it ran for {ran:.0f} s, which is longer than it may"
    return End.CANCELLED, None, "it was cancelled"


def _silently_out_of_memory(container: Container, course: Course) -> bool:
    killed = course.stop is None and container.status == SIGNALLED + signal.SIGKILL
    return killed and course.memory > 0 and course.peak >= CLOSE * course.memory


def _signal(status: int) -> int:
    """The signal that ended a process of this exit status, as a shell spells it; 0: none."""
    number = status - SIGNALLED
    return number if number in set(signal.Signals) else 0
