"""Returning: an earlier revision of a state becomes the next one, so that going back can be undone too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from daemon.folders import trouble
from daemon.model import Failed, Kind
from daemon.names import shown
from daemon.revisions.manifests import Revision, number_held, numbers, prepared, readable, status_of
from daemon.revisions.preparing import forget_later, is_unchanged, write_manifest


def earlier(root: Path, number: int) -> Revision | Failed:
    """The revision of that number, each file of it as it was left; Failed: there is none, or it is not whole."""
    try:
        known = numbers(root)
        if number not in known:
            there = ", ".join(map(str, known)) or "none"
            gone = "is not there any more" if 0 < number < max(known, default=0) else "was never there"
            return Failed(f"Revision {number} {gone}. There are: {there}.", Kind.BAD_INPUT)
        revision = readable(root, number)
        if revision is None:
            return Failed(f"The list of what revision {number} holds is damaged; choose another one.", Kind.BAD_INPUT)
        for path, stored in revision.files.items():
            status = status_of(root / stored.at)
            if status is None or status.st_size != stored.size or not is_unchanged(root, stored, status):
                return Failed(
                    f"{shown(path)} of revision {number} is gone, or is not as it was left; choose another one, or "
                    "restore a backup.",
                    Kind.BAD_INPUT,
                )
    except OSError as error:
        return trouble(error)
    return revision


def jobs_in(all_: Iterable[Revision], number: int) -> frozenset[str]:
    """The jobs whose work is in the revision of that number, as far back as these revisions go. Pure."""
    by_number = {revision.number: revision for revision in all_}
    jobs: set[str] = set()
    while (revision := by_number.get(number)) is not None:
        if not revision.again:
            jobs.add(revision.job)
        number = revision.again or revision.base
    return frozenset(jobs)


def prepare_again(root: Path, number: int, job: str, at: float) -> Revision | Failed:
    """Afterwards the next revision is on disk, durable, with the files of that earlier one, and does not hold yet.

    The same call after a kill completes it. at: wall clock, seconds. Failed: there is no such revision, it is not
    whole, or of the infrastructure.
    """
    try:
        if (done := prepared(root, job)) is not None:
            return done
        revision = earlier(root, number)
        if isinstance(revision, Failed):
            return revision
        held = number_held(root)
        forget_later(root, held)
        return write_manifest(root, replace(revision, number=held + 1, base=held, job=job, at=at, again=number))
    except OSError as error:
        return trouble(error)
