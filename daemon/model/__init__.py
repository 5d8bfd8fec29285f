"""The words of the daemon as types: what arrives, what is drafted, what runs, how it ends, and when it is tried again.

Paths of dropped files are text in which bytes that are not UTF-8 stand as lone surrogates (PEP 383).
"""

from daemon.model.arrival import Arrival, Inventory, Listed, Manifest, Seen, Unsettled
from daemon.model.ending import ATTEMPTS, Again, Done, Failed, Kind, Outcome, after
from daemon.model.job import ACTIVE, Draft, Job, Status, Take
from daemon.model.running import End, Ended, OnEnd, Runner, Slot, Task, task_name

__all__ = [
    "ACTIVE",
    "ATTEMPTS",
    "Again",
    "Arrival",
    "Done",
    "Draft",
    "End",
    "Ended",
    "Failed",
    "Inventory",
    "Job",
    "Kind",
    "Listed",
    "Manifest",
    "OnEnd",
    "Outcome",
    "Runner",
    "Seen",
    "Slot",
    "Status",
    "Take",
    "Task",
    "Unsettled",
    "after",
    "task_name",
]
