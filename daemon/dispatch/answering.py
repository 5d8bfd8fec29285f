"""Whether an earlier job answers for a new one: the same work, done, with a result that is still there."""

from __future__ import annotations

from dataclasses import replace

from daemon.dispatch.site import Site
from daemon.model import Job
from daemon.publish import published
from daemon.store import Store


def answered(job: Job, store: Store, site: Site) -> Job | None:
    """The job with the answer of an earlier one that did the same work and has its result in the same folder."""
    if job.fresh or not job.identity or site.pipeline(job).remembers or store.attempts(job.id):
        return None
    folder = site.results_folder(job)
    for other in store.done_as(job.identity):
        here = other.inbox in site.inboxes and site.results_folder(other) == folder
        if here and other.result is not None and published(folder, other.result, other.id):
            return replace(job, answered_by=other.id, answer=other.result)
    return None
