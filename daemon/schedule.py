"""What is done at set times: APScheduler says when, the dispatcher does it, and what was missed is made up at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

GRACE = 12 * 3600
"""Seconds by which a job may be late and is still done (APScheduler's default of one second skips nights silently)."""

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """A job that is done once a day. cron: five fields. Its last success is remembered by the store."""

    name: str
    cron: str


def missed(jobs: Mapping[str, Nightly], last_success: Mapping[str, float | None], now: float) -> tuple[str, ...]:
    """The jobs that were not done in the last day, or never: to be made up at once. Times are wall clock, seconds."""
    return tuple(name for name in jobs if now - (last_success.get(name) or 0.0) > DAY)


class Schedule:
    """Posts the name of each job when it is due, from a thread of its own."""

    def __init__(self, jobs: Mapping[str, Nightly], post: Callable[[str], None]) -> None:
        self._scheduler = BackgroundScheduler(timezone=None)
        for job in jobs.values():
            self._scheduler.add_job(
                post,
                CronTrigger.from_crontab(job.cron),
                args=(job.name,),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=GRACE,
            )

    def start(self) -> None:
        """Afterwards jobs are posted when they are due."""
        self._scheduler.start()

    def stop(self) -> None:
        """Afterwards no job is posted any more."""
        self._scheduler.shutdown(wait=False)
