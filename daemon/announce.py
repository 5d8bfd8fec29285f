"""Tells the user's own command when a job is over: for mail, chat, or whatever else listens."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from daemon.model import Job

PATIENCE = 60.0
"""Seconds that the command may take."""

log = structlog.get_logger()


class Announcer:
    """Runs one command for each job that ends, one after the other. command: program and arguments; empty: none."""

    def __init__(self, command: Sequence[str]) -> None:
        """Nothing runs yet."""
        self._command = tuple(command)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notify")

    def __call__(self, job: Job) -> None:
        """Afterwards the command will be run, with what is to be said as JSON on its standard input."""
        if self._command:
            self._pool.submit(self._run, job)

    def close(self) -> None:
        """Afterwards the command that runs has ended; jobs that were not told yet are not told."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job) -> None:
        try:
            done = subprocess.run(self._command, input=said(job), capture_output=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("the command of notify did not work", job=job.id, why=str(error))
            return
        if done.returncode:
            log.warning("the command of notify failed", job=job.id, status=done.returncode)


def said(job: Job) -> bytes:
    """What a command is told of a job, as one line of JSON."""
    keys = ("id", "pipeline", "inbox", "lane", "key", "item", "status", "result", "reason", "inputs_at")
    return json.dumps({key: getattr(job, key) for key in keys}).encode("ascii") + b"\n"
