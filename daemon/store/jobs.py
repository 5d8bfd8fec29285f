"""The questions that the daemon asks of its database, and the changes that it makes to it."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from daemon.model import ACTIVE, Job, Status
from daemon.store import rows
from daemon.store.database import transaction
from daemon.store.notes import Notes
from daemon.store.questions import Questions
from daemon.store.rows import Attempt, AttemptStatus, InboxRow, Waiting

CLAIMABLE = """
status = 'queued' AND not_before <= :now AND pipeline IN (SELECT value FROM json_each(:pipelines))
  AND (key IS NULL OR holds = 0 OR NOT EXISTS (
        SELECT 1 FROM jobs AS e
        WHERE e.pipeline = j.pipeline AND e.key = j.key AND e.key IS NOT NULL AND e.holds = 1 AND e.id <> j.id
          AND (e.status IN ('running', 'publishing') OR e.seq < j.seq AND e.status IN ('accepting', 'queued'))))
  AND (fresh = 1 OR NOT EXISTS (
        SELECT 1 FROM jobs AS t
        WHERE t.identity IS NOT NULL AND t.identity = j.identity AND t.id <> j.id
          AND t.status IN ('running', 'publishing')))
"""
"""What may start now: of each key one, in order, and nothing while the same work is being done."""


class Store(Questions, Notes):
    """The database of one daemon. All methods are called from one thread; each change is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def close(self) -> None:
        """Afterwards the file is closed, its journal folded in."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All changes within are one change."""
        return transaction(self._db)

    # ------------------------------------------------------------ jobs

    def add(self, jobs: Iterable[Job]) -> None:
        """Afterwards the jobs are there, in their order, all or none."""
        names = (*rows.JOB_COLUMNS, "place")
        sql = f"INSERT INTO jobs ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})"
        with self.transaction():
            self._db.executemany(sql, [rows.of_job(job) for job in jobs])

    def save(self, *jobs: Job) -> None:
        """Afterwards the rows of the jobs are as given, all or none."""
        names = tuple(n for n in rows.JOB_COLUMNS if n != "id")
        sql = f"UPDATE jobs SET {', '.join(f'{n} = :{n}' for n in names)} WHERE id = :id"
        with self.transaction():
            self._db.executemany(sql, [rows.of_job(job) for job in jobs])

    def job(self, job_id: str) -> Job | None:
        """The job of that id."""
        return self._one("SELECT * FROM jobs WHERE id = ?", (job_id,))

    def jobs_like(self, prefix: str) -> tuple[Job, ...]:
        """The jobs whose id begins so."""
        return self._many("SELECT * FROM jobs WHERE substr(id, 1, length(:p)) = :p ORDER BY seq", {"p": prefix})

    def of_status(self, *statuses: Status) -> tuple[Job, ...]:
        """All jobs of these statuses, in order of arrival."""
        marks = ", ".join("?" for _ in statuses)
        return self._many(f"SELECT * FROM jobs WHERE status IN ({marks}) ORDER BY seq", statuses)

    def recent(self, limit: int) -> tuple[Job, ...]:
        """The jobs that changed last, newest first."""
        return self._many("SELECT * FROM jobs ORDER BY updated DESC, seq DESC LIMIT ?", (limit,))

    def of_place(self, inbox: str, tops: Sequence[str]) -> tuple[Job, ...]:
        """The jobs that took what lay at tops, newest first."""
        return self._many("SELECT * FROM jobs WHERE place = ? ORDER BY seq DESC", (rows.place(inbox, tops),))

    def of_key(self, pipeline: str, inbox: str, key: str) -> tuple[Job, ...]:
        """All jobs of that key, in order of arrival."""
        sql = "SELECT * FROM jobs WHERE pipeline = ? AND inbox = ? AND key = ? ORDER BY seq"
        return self._many(sql, (pipeline, inbox, rows.plain(key)))

    def forget_key(self, pipeline: str, inbox: str, key: str) -> None:
        """Afterwards no job of that key is down, nor what was asked about it.

        Drops whose originals never moved stay, without what came of them: else they would be taken once more.
        """
        whose = {"pipeline": pipeline, "inbox": inbox, "key": key}
        asked = [order.id for order in self.answered_orders() if whose.items() <= dict(order.args).items()]
        which = "pipeline = ? AND inbox = ? AND key = ?"
        values = (pipeline, inbox, rows.plain(key))
        with self.transaction():
            self._db.execute(f"DELETE FROM attempts WHERE job IN (SELECT id FROM jobs WHERE {which})", values)
            self._db.execute(f"DELETE FROM jobs WHERE {which} AND (take = 'move' OR command IS NOT NULL)", values)
            self._db.execute(f"UPDATE jobs SET result = NULL, faults = '[]' WHERE {which}", values)
            self._db.executemany("DELETE FROM orders WHERE id = ?", [(number,) for number in asked])

    def claimable(self, now: float, limit: int, pipelines: Iterable[str]) -> tuple[Job, ...]:
        """What may start now of these pipelines, first come first served within a priority."""
        sql = f"SELECT * FROM jobs AS j WHERE {CLAIMABLE} ORDER BY priority DESC, seq LIMIT :limit"
        return self._many(sql, {"now": now, "limit": limit, "pipelines": rows.dumps(list(pipelines))})

    def is_claimable(self, job_id: str, now: float, pipelines: Iterable[str]) -> bool:
        """Whether that job may still start, after others have."""
        sql = f"SELECT 1 FROM jobs AS j WHERE id = :id AND {CLAIMABLE}"
        values = {"id": job_id, "now": now, "pipelines": rows.dumps(list(pipelines))}
        return self._db.execute(sql, values).fetchone() is not None

    def next_time(self, now: float) -> float | None:
        """When the next job that backs off may start: wall clock, seconds."""
        sql = "SELECT min(not_before) FROM jobs WHERE status = 'queued' AND not_before > ?"
        (when,) = self._db.execute(sql, (now,)).fetchone()
        return None if when is None else float(when)

    def done_as(self, identity: str) -> tuple[Job, ...]:
        """The finished jobs that did the same work, newest first, none that was itself answered by another."""
        sql = "SELECT * FROM jobs WHERE identity = ? AND status = 'done' AND answered_by IS NULL ORDER BY seq DESC"
        return self._many(sql, (identity,))

    def finished_before(self, when: float) -> tuple[Job, ...]:
        """The jobs that ended before that time and have not changed since."""
        over = "('done', 'failed', 'cancelled', 'returned')"
        return self._many(f"SELECT * FROM jobs WHERE updated < ? AND status IN {over} ORDER BY seq", (when,))

    def counts(self) -> Mapping[Status, int]:
        """How many jobs there are of each status."""
        found = self._db.execute("SELECT status, count(*) FROM jobs GROUP BY status")
        return {Status(status): count for status, count in found}

    def active_counts(self) -> Mapping[tuple[Status, str | None], int]:
        """How many jobs there are of each status that is not an end, by pipeline."""
        marks = ", ".join(f"'{status}'" for status in ACTIVE)
        sql = f"SELECT status, pipeline, count(*) FROM jobs WHERE status IN ({marks}) GROUP BY status, pipeline"
        return {(Status(status), pipeline): count for status, pipeline, count in self._db.execute(sql)}

    def active_inboxes(self) -> frozenset[str]:
        """The inboxes of jobs that are not over."""
        marks = ", ".join(f"'{status}'" for status in ACTIVE)
        return frozenset(name for (name,) in self._db.execute(f"SELECT inbox FROM jobs WHERE status IN ({marks})"))

    # ------------------------------------------------------------ attempts

    def begin(self, job: Job, attempt: Attempt) -> None:
        """Afterwards the job and its attempt are down as running, before anything is started."""
        self._change(job, attempt)

    def end(self, job: Job, attempt: Attempt) -> None:
        """Afterwards the attempt's end and what follows from it for the job are down."""
        self._change(job, attempt)

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """All attempts of a job, in order."""
        sql = "SELECT * FROM attempts WHERE job = ? ORDER BY started, number"
        return tuple(rows.attempt(r) for r in self._db.execute(sql, (job_id,)))

    def running(self) -> tuple[Attempt, ...]:
        """The attempts that are down as running."""
        sql = "SELECT * FROM attempts WHERE status = ?"
        return tuple(rows.attempt(r) for r in self._db.execute(sql, (AttemptStatus.RUNNING,)))

    def forget_failures(self, job_id: str) -> None:
        """Afterwards the job's finished stages are still down, its failed attempts do not count any more."""
        with self.transaction():
            self._db.execute(
                "UPDATE attempts SET burns = 0, kind = NULL WHERE job = ? AND status = 'failed'", (job_id,)
            )

    def forget_attempts(self, job_id: str, stages: Iterable[str] | None = None) -> None:
        """Afterwards no attempt of the job (at these stages; None: at any) is down, as if none had been made."""
        which = "" if stages is None else "AND stage IN (SELECT value FROM json_each(:stages))"
        values = {"job": job_id, "stages": rows.dumps(list(stages or ()))}
        with self.transaction():
            self._db.execute(f"DELETE FROM attempts WHERE job = :job {which}", values)

    # ------------------------------------------------------------ inboxes and what waits in them

    def set_waiting(self, inbox: str, entries: Iterable[Waiting]) -> None:
        """Afterwards exactly these wait in that inbox."""
        wanted = {e.place: rows.of_waiting(e) for e in entries}
        sql = (
            "INSERT INTO waiting VALUES (:place, :inbox, :lane, :tops, :name, :state, :why, :since) "
            "ON CONFLICT (place) DO UPDATE SET state = excluded.state, why = excluded.why, since = excluded.since"
        )
        with self.transaction():
            gone = [
                (p,)
                for (p,) in self._db.execute("SELECT place FROM waiting WHERE inbox = ?", (inbox,))
                if p not in wanted
            ]
            self._db.executemany("DELETE FROM waiting WHERE place = ?", gone)
            self._db.executemany(sql, wanted.values())

    def waiting(self) -> tuple[Waiting, ...]:
        """Everything in the inboxes that is not a job yet."""
        return tuple(rows.waiting(r) for r in self._db.execute("SELECT * FROM waiting ORDER BY inbox, since, name"))

    def set_inbox(self, inbox: InboxRow) -> None:
        """Afterwards that is what is known of the inbox."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO inboxes (name, marker, path, results, mode, problem) "
                "VALUES (:name, :marker, :path, :results, :mode, :problem)",
                dataclasses.asdict(inbox),
            )

    def inboxes(self) -> tuple[InboxRow, ...]:
        """All inboxes that are known."""
        return tuple(InboxRow(**dict(r)) for r in self._db.execute("SELECT * FROM inboxes ORDER BY name"))

    def forget_inbox(self, name: str) -> None:
        """Afterwards the inbox, taken out of the config, is not shown any more; its jobs are."""
        with self.transaction():
            self._db.execute("DELETE FROM inboxes WHERE name = ?", (name,))
            self._db.execute("DELETE FROM waiting WHERE inbox = ?", (name,))

    # ------------------------------------------------------------ within

    def _change(self, job: Job, attempt: Attempt) -> None:
        row = rows.of_attempt(attempt)
        sql = f"INSERT OR REPLACE INTO attempts ({', '.join(row)}) VALUES ({', '.join(':' + n for n in row)})"
        names = (
            "status",
            "not_before",
            "updated",
            "kind",
            "reason",
            "faults",
            "inputs_at",
            "restore_to",
            "result",
            "answered_by",
            "answer",
        )
        update = f"UPDATE jobs SET {', '.join(f'{n} = :{n}' for n in names)} WHERE id = :id"
        with self.transaction():
            self._db.execute(sql, row)
            self._db.execute(update, rows.of_job(job))

    def _one(self, sql: str, values: Any) -> Job | None:
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else rows.job(row)

    def _many(self, sql: str, values: Any) -> tuple[Job, ...]:
        return tuple(rows.job(r) for r in self._db.execute(sql, values))
