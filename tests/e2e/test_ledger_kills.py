"""kill -9 while a key's state changes and its tree is shown: done once, nothing lost, edits kept."""

import hashlib
import signal

import pytest

from daemon.failpoints import Step
from daemon.model import Status

FIRST = (Step.TREE_BEGUN,)
"""Passed by the first drop into a key alone."""
LATER = (
    Step.PREPARED,
    Step.STATE_TAKEN,
    Step.STATE_PREPARED,
    Step.STATE_COMMITTED,
    Step.TREE_INTENT,
    Step.TREE_COPIED,
    Step.TREE_PLACED,
    Step.TREE_NOTED,
    Step.TREE_RECORDED,
)


def ended_well(place, names):
    tree = place.root / "results" / "ledger" / "book"
    shown = {p.name: p.read_text() for p in tree.rglob("*.entry")}
    assert shown == names
    kept = place.files("inbox", "archive", "failed", "work")
    for content in names.values():
        digest = hashlib.sha256(content.encode()).hexdigest()
        assert [path.partition("/")[0] for path, found in kept.items() if found == digest] == ["archive"]
    assert all(job.status is Status.DONE for job in place.jobs())
    notes = (tree / "ledger.txt").read_text().splitlines()
    assert [int(note.rpartition(" ")[2]) for note in notes] == list(range(len(notes))), "each added once to the last"
    assert sum(note.startswith("drop") for note in notes) == len(names), "an edit may have a job of its own"
    revisions = sorted(p.name for p in (place.root / "state" / "ledger" / "book" / "revisions").iterdir())
    assert revisions == [f"{n}.json" for n in range(1, len(notes) + 1)]


@pytest.mark.parametrize("label", [*FIRST, *LATER])
def test_the_first_drop_into_a_key_survives_a_kill(place, label):
    place.drop("ledger/book/a.entry", "first")
    killed = place.visaged("run", "--once", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    assert place.visaged("run", "--once").returncode == 0
    ended_well(place, {"a.entry": "first"})


@pytest.mark.parametrize("label", LATER)
def test_a_later_drop_survives_a_kill_and_what_the_user_moved_stays_moved(place, label):
    place.drop("ledger/book/a.entry", "first")
    assert place.visaged("run", "--once").returncode == 0
    tree = place.root / "results" / "ledger" / "book"
    (tree / "files" / "a.entry").rename(tree / "moved.entry")
    place.drop("ledger/book/b.entry", "second")
    killed = place.visaged("run", "--once", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    assert place.visaged("run", "--once").returncode == 0
    ended_well(place, {"moved.entry": "first", "b.entry": "second"})
