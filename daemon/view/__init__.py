"""What the daemon's state looks like to a person: on a terminal, on the share, in words, as JSON."""

from daemon.view.board import board, write_board
from daemon.view.explain import explain, find_job, jobs_meant, told
from daemon.view.machine_readable import as_json
from daemon.view.snapshot import Active, Over, Snapshot, snapshot
from daemon.view.standing import Explanation, Scene

__all__ = [
    "Active",
    "Explanation",
    "Over",
    "Scene",
    "Snapshot",
    "as_json",
    "board",
    "explain",
    "find_job",
    "jobs_meant",
    "snapshot",
    "told",
    "write_board",
]
