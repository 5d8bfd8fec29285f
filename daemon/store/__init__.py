"""The jobs and all that the daemon must remember, in one SQLite file: the daemon's only SQL.

WAL, ``synchronous=FULL``, one writer that begins every transaction with ``BEGIN IMMEDIATE``. Readers
(``visaged status``) open it beside the writer.
"""

from daemon.store.database import MIGRATIONS, connect, open_reader
from daemon.store.jobs import Store
from daemon.store.rows import Attempt, AttemptStatus, InboxRow, Order, Waiting, WaitingState, place

__all__ = [
    "MIGRATIONS",
    "Attempt",
    "AttemptStatus",
    "InboxRow",
    "Order",
    "Store",
    "Waiting",
    "WaitingState",
    "connect",
    "open_reader",
    "place",
]
