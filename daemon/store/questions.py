"""The questions that people ask of the database, through ``status`` and ``explain``. None changes anything."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from daemon.model import Job, Status
from daemon.store import rows
from daemon.store.rows import Waiting

ACTIVE = "('accepting', 'queued', 'running', 'publishing', 'failing', 'returning')"
"""As in the index jobs_active, which is only used where the very same condition stands."""

OVER = "('done', 'failed', 'cancelled', 'returned')"


class Questions:
    """What can be asked of an open database."""

    _db: sqlite3.Connection

    def moving(self, limit: int) -> tuple[Job, ...]:
        """At most limit jobs that are active and not queued: what runs first, then what is on its way somewhere."""
        where = f"status IN {ACTIVE} AND status <> 'queued'"
        sql = f"SELECT * FROM jobs WHERE {where} ORDER BY status <> 'running', seq LIMIT ?"
        return self._jobs(sql, limit)

    def queued_first(self, inbox: str, limit: int) -> tuple[Job, ...]:
        """At most limit of what an inbox has in the queue, in the order of the queue."""
        sql = "SELECT * FROM jobs WHERE status = 'queued' AND inbox = ? ORDER BY priority DESC, seq LIMIT ?"
        return self._jobs(sql, inbox, limit)

    def over(self, inbox: str, since: float, limit: int) -> tuple[Job, ...]:
        """The jobs of an inbox that ended last, newest first, none before since (wall clock, seconds).

        Of commands only those that the clock gave, and that failed or were partly done: whoever asks himself has the
        answer already.
        """
        sql = (
            f"SELECT * FROM jobs WHERE updated >= ? AND inbox = ? AND status IN {OVER} "
            "AND (command IS NULL OR (item LIKE '% (by itself)' AND (status = 'failed' OR faults <> '[]'))) "
            "ORDER BY updated DESC, seq DESC"
        )
        return self._jobs(f"{sql} LIMIT ?", since, inbox, limit)

    def named(self, name: str) -> tuple[Job, ...]:
        """The jobs of that item, or whose result has that name, newest first."""
        text = _text(name)
        return self._jobs("SELECT * FROM jobs WHERE item = ? OR name = ? ORDER BY seq DESC", text, text)

    def took(self, inbox: str, top: str) -> tuple[Job, ...]:
        """The jobs that took what lay at top (relative to the inbox), newest first."""
        found = self._jobs(
            "SELECT * FROM jobs WHERE inbox = ? AND instr(tops, ?) > 0 ORDER BY seq DESC", inbox, json.dumps(top)
        )
        return tuple(job for job in found if top in job.tops)

    def with_inputs_at(self, path: str) -> tuple[Job, ...]:
        """The jobs whose inputs are at that path now, newest first."""
        return self._jobs("SELECT * FROM jobs WHERE inputs_at = ? ORDER BY seq DESC", _text(path))

    def with_result(self, pipeline: str, key: str | None, result: str) -> tuple[Job, ...]:
        """The jobs of a pipeline (and key) whose result has that name: who made it last, then whom it answered."""
        sql = (
            "SELECT * FROM jobs WHERE pipeline = ? AND key IS ? AND result = ? "
            "ORDER BY answered_by IS NOT NULL, seq DESC"
        )
        return self._jobs(sql, _text(pipeline), key and _text(key), _text(result))

    def ahead(self, job: Job, now: float) -> int:
        """How many queued jobs may start now and go before this one."""
        sql = (
            "SELECT count(*) FROM jobs AS o, (SELECT seq, priority FROM jobs WHERE id = ?) AS me "
            "WHERE o.status = 'queued' AND o.not_before <= ? "
            "AND (o.priority > me.priority OR (o.priority = me.priority AND o.seq < me.seq))"
        )
        return int(self._db.execute(sql, (job.id, now)).fetchone()[0])

    def holding_key(self, job: Job) -> Job | None:
        """The oldest job of the same key that came before this one and is not over; None: it is this one's turn."""
        sql = (
            "SELECT * FROM jobs WHERE pipeline = ? AND key = ? AND seq < (SELECT seq FROM jobs WHERE id = ?) "
            "AND holds = 1 "
            "AND status IN ('accepting', 'queued', 'running', 'publishing') ORDER BY seq LIMIT 1"
        )
        return next(iter(self._jobs(sql, job.pipeline, job.key, job.id)), None) if job.key and job.holds else None

    def should_have_come(self, job: Job) -> Job | None:
        """The last drop of the same key before this one that had a role which this one lacks, if it failed.

        None where a drop with that role has ever been done: then nothing is missing.
        """
        sql = (
            "SELECT * FROM jobs WHERE pipeline = ? AND inbox = ? AND key = ? AND command IS NULL "
            "AND seq < (SELECT seq FROM jobs WHERE id = ?) ORDER BY seq DESC"
        )
        whose = (job.pipeline, job.inbox, job.key, job.id)
        found = [one for one in self._jobs(sql, *whose) if set(one.roles) - set(job.roles)] if job.key else []
        done = any(one.status is Status.DONE for one in found)
        return found[0] if found and not done and found[0].status is Status.FAILED else None

    def doing_the_same(self, job: Job) -> Job | None:
        """The job that does the same work right now, and whose result will answer for this one."""
        sql = "SELECT * FROM jobs WHERE identity = ? AND id <> ? AND status IN ('running', 'publishing') LIMIT 1"
        return None if job.fresh else next(iter(self._jobs(sql, job.identity, job.id)), None)

    def waiting_first(self, inbox: str, limit: int) -> tuple[Waiting, ...]:
        """At most limit of what waits in an inbox, what has waited longest first."""
        sql = "SELECT * FROM waiting WHERE inbox = ? ORDER BY since, name LIMIT ?"
        return tuple(rows.waiting(row) for row in self._db.execute(sql, (inbox, limit)))

    def waiting_counts(self) -> Mapping[str, int]:
        """Inbox -> how many items wait in it."""
        return dict(self._db.execute("SELECT inbox, count(*) FROM waiting GROUP BY inbox").fetchall())

    def _jobs(self, sql: str, *values: Any) -> tuple[Job, ...]:
        return tuple(rows.job(row) for row in self._db.execute(sql, values))


def _text(name: str) -> str:
    """The name as SQLite can compare it: one with bytes that are not UTF-8 equals none that is stored."""
    return name.encode("utf-8", "replace").decode()
