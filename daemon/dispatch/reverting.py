"""Going back: a key's state becomes what an earlier revision of it was, and its tree shows that."""

from __future__ import annotations

from dataclasses import dataclass

from daemon import revisions
from daemon.dispatch.asking import Asking, Question
from daemon.dispatch.events import TreeEdited
from daemon.dispatch.site import Site, key_folder
from daemon.errors import CannotDo
from daemon.model import Failed, Job, Status
from daemon.names import shown
from daemon.store import Store

_COMING = (Status.ACCEPTING, Status.QUEUED, Status.RUNNING, Status.PUBLISHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """What is wished. revision: the number of the one to go back to."""

    pipeline: str
    inbox: str
    key: str
    revision: int


class Reverting:
    """Makes jobs that go back. Called from the dispatcher's thread."""

    def __init__(self, store: Store, site: Site, asking: Asking) -> None:
        self._store = store
        self._site = site
        self._asking = asking

    def revert(self, wish: Reversal, now: float) -> Job:
        """Afterwards there is a job that goes back, and before it one that reads what the user changed in the tree.

        Raises CannotDo where that revision cannot be had, or a drop is under way that would be undone with the rest.
        """
        pipeline = self._site.pipelines.get(wish.pipeline)
        if pipeline is None or not pipeline.reverted:
            raise CannotDo(f"{wish.pipeline} is not enabled in config.toml, or remembers nothing that could go back.")
        self._check_revision(wish)
        coming = [job for job in self._store.of_status(*_COMING) if self._is_of_key(job, wish)]
        for job in coming:
            if job.command == pipeline.reverted and job.arguments == {"revision": wish.revision}:
                return job  # the order was broken off by a kill after this
        if drops := [job for job in coming if job.command is None]:
            raise CannotDo(
                f"{shown(drops[0].item)} is being added to {shown(wish.key)} and would be undone with the rest: wait "
                f"until it is done, or `visaged cancel {drops[0].id}`. Then ask again."
            )
        self._asking.note_edits(TreeEdited(pipeline=wish.pipeline, inbox=wish.inbox, key=wish.key), now)
        question = Question(
            pipeline=wish.pipeline,
            command=pipeline.reverted,
            inbox=wish.inbox,
            key=wish.key,
            arguments={"revision": wish.revision},
        )
        return self._asking.ask(question, now)

    def _check_revision(self, wish: Reversal) -> None:
        root = self._site.state / wish.pipeline / key_folder(wish.inbox, wish.key)
        if revisions.number_held(root) == wish.revision:
            raise CannotDo(f"Revision {wish.revision} of {shown(wish.key)} is the one that holds already.")
        match revisions.earlier(root, wish.revision):
            case Failed(reason):
                raise CannotDo(reason)

    def _is_of_key(self, job: Job, wish: Reversal) -> bool:
        return job.holds and (job.pipeline, job.inbox, job.key) == (wish.pipeline, wish.inbox, wish.key)
