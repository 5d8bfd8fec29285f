"""Where files of jobs will go: names that nothing has yet, and that nothing else is on its way to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from daemon import custody, publish
from daemon.dispatch.receipts import form_of_result
from daemon.dispatch.site import Site
from daemon.model import Job, Status, Take
from pipelines.contract import Publish


class Destinations:
    """Chooses names, and remembers those that are given away. Called from the dispatcher's thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._promised: dict[str, frozenset[Path]] = {}  # job -> places that its files are on their way to

    def remember(self, moving: Iterable[Job]) -> None:
        """Afterwards no other job is given the places that these are on their way to."""
        for job in moving:
            self._promise(job)

    def forget(self, job: Job) -> None:
        """Afterwards the job is on its way nowhere."""
        self._promised.pop(job.id, None)

    def _promise(self, job: Job) -> Job:
        self._promised[job.id] = frozenset(Path(place) for place in (job.inputs_at, job.restore_to) if place)
        return job

    def choose(self, parent: Path, name: str) -> Path:
        """A name below parent that nothing has yet, and nothing is on its way to."""
        promised = {place.name for places in self._promised.values() for place in places if place.parent == parent}
        return custody.choose(parent, name, promised)

    def choose_again(self, job: Job) -> Job:
        """The job with other names for what has not reached its place: somebody else has taken the old ones."""
        match job.status:
            case Status.PUBLISHING:
                again = self.choose_result(job)
                return replace(again, result=job.result) if self.result_exists(job) else again
            case Status.FAILING:
                return self.choose_failed(job)
            case _:
                taken = Path(str(job.restore_to))
                return self._promise(replace(job, restore_to=str(self.choose(taken.parent, job.item))))

    def choose_failed(self, job: Job) -> Job:
        """The job with the place in the failed folder that its inputs will go to."""
        return self._promise(replace(job, inputs_at=str(self.choose(self._site.failed_folder(job), job.item))))

    def choose_result(self, job: Job) -> Job:
        """The job with the name of its result and the place in the archive that its inputs will go to.

        A tree is the folder of the key itself; a command that changes none has no result but its answer.
        """
        shows = self._site.commits(job) and self._site.pipeline(job).publish is Publish.TREE
        if job.command is not None and not shows:
            return job
        moves = job.take is Take.MOVE and job.command is None
        inputs_at = str(self.choose(self._site.archive_folder(job), job.item)) if moves else None
        self._promise(replace(job, inputs_at=inputs_at))
        if job.answer is not None and job.answer == job.name:
            return replace(job, inputs_at=inputs_at, result=job.answer)  # the very same drop: nothing new to show
        if self._site.pipeline(job).publish is Publish.TREE:
            below = self._site.named_folder(job)
            return replace(job, inputs_at=inputs_at, result=os.path.relpath(self._site.results_folder(job), below))
        form, endings = form_of_result(job, self._site)
        target = publish.choose_target(self._site.results_folder(job), job.name, form, endings)
        return replace(job, inputs_at=inputs_at, result=target)

    def result_exists(self, job: Job) -> bool:
        """Whether the result that a finished job published is still there, and still that job's."""
        return job.result is not None and publish.published(self._site.results_folder(job), job.result, job.id)
