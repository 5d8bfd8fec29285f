"""Back to an earlier revision of a key, with a daemon and without, and through kill -9: with the probe ``ledger``."""

import hashlib
import json
import shutil
import signal

import pytest

from daemon.failpoints import Step
from daemon.model import Status


def tree_of(place, key="book"):
    return place.root / "results" / "ledger" / key


def shown(place, key="book"):
    return {str(p.relative_to(tree_of(place, key))): p.read_text() for p in tree_of(place, key).rglob("*.entry")}


def notes(place):
    return (tree_of(place) / "ledger.txt").read_text().splitlines()


def drop(place, name, content, key="book"):
    place.drop(f"ledger/{key}/{name}.entry", content)
    assert place.visaged("run", "--once").returncode == 0


def grown(place):
    """Two drops and a command: the revisions 1, 2 and 3."""
    drop(place, "a", "first")
    drop(place, "b", "second")
    assert place.visaged("ledger", "add", "later").returncode == 0


def back(place, *args):
    return place.visaged("rollback", "ledger", "book", *args)


def test_the_revisions_are_listed_with_what_made_them_and_nothing_changes(place):
    grown(place)
    listed = back(place)
    assert listed.returncode == 0, listed.stderr
    rows = listed.stdout.splitlines()
    assert [row.split()[0] for row in rows[:3]] == ["3", "2", "1"]
    assert "ledger add" in rows[0]
    assert "holds" in rows[0]
    assert "the drop b" in rows[1]
    assert "visaged rollback ledger book --to NUMBER" in rows[-1]
    told = json.loads(back(place, "--json").stdout)
    assert [(one["number"], one["files"], one["holds"]) for one in told] == [(3, 2, True), (2, 2, False), (1, 2, False)]
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}


@pytest.mark.parametrize("running", [True, False])
def test_the_tree_is_that_of_the_earlier_revision_and_forth_again(place, running):
    grown(place)
    if running:
        place.start()
        place.wait_for(lambda: (place.root / "daemon.log").read_text().count("visaged runs"))
    went = back(place, "--to", "1")
    assert went.returncode == 0, went.stderr
    assert shown(place) == {"files/a.entry": "first"}
    assert notes(place) == ["drop on 0"]
    listed = json.loads(back(place, "--json").stdout)
    assert ("again as revision 1" in listed[0]["what"], listed[0]["holds"]) == (True, True)
    assert json.loads(place.visaged("ledger", "show", "--json").stdout)["entries"] == ["files/a.entry"]
    undo = listed[1]["number"]
    assert f"--to {undo}" in went.stdout
    assert back(place, "--to", str(undo)).returncode == 0
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}
    assert notes(place)[:4] == ["drop on 0", "drop on 1", "later", "ledger add on 2"]


def test_what_was_dropped_since_is_named_stays_in_the_archive_and_can_be_added_again(place):
    grown(place)
    went = json.loads(back(place, "--to", "1", "--json").stdout)
    (undone,) = went["undone"]
    assert f"visaged retry {undone}" in went["answer"]
    digest = hashlib.sha256(b"second").hexdigest()
    assert [p.partition("/")[0] for p, found in place.files("archive", "work").items() if found == digest] == [
        "archive"
    ]
    assert place.visaged("retry", undone).returncode == 0
    assert place.visaged("run", "--once").returncode == 0
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}


def test_what_the_user_changed_just_before_is_read_first_and_files_of_their_own_stay(place):
    grown(place)
    tree = tree_of(place)
    (tree / "files" / "a.entry").rename(tree / "mine.entry")
    (tree / "files" / "own.txt").write_text("my own")
    assert back(place, "--to", "1").returncode == 0
    assert shown(place) == {"files/a.entry": "first"}
    assert (tree / "files" / "own.txt").read_text() == "my own"
    read = json.loads(back(place, "--json").stdout)[1]
    assert read["what"] == "ledger edits (by itself)"
    assert back(place, "--to", str(read["number"])).returncode == 0
    assert shown(place) == {"mine.entry": "first", "files/b.entry": "second"}


def test_a_file_that_the_user_wrote_to_in_the_tree_is_never_lost(place):
    grown(place)
    edited = tree_of(place) / "files" / "b.entry"
    edited.unlink()
    edited.write_text("my version")
    assert back(place, "--to", "1").returncode == 0
    kept = [p for folder in ("results", "archive") for p in (place.root / folder).rglob("*.entry")]
    assert "my version" in [path.read_text() for path in kept]


def test_the_next_drop_adds_to_what_holds_again(place):
    grown(place)
    assert back(place, "--to", "1").returncode == 0
    drop(place, "c", "third")
    assert shown(place) == {"files/a.entry": "first", "files/c.entry": "third"}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("noop", "book"), "noop is no pipeline that remembers. There are:"),
        (("nothing", "book"), "nothing is no pipeline that remembers"),
        (("ledger", "other"), "There is no book other. There are: book."),
        (("ledger", "book", "--to", "9"), "Revision 9 was never there. There are: 1, 2, 3."),
        (("ledger", "book", "--to", "3"), "Revision 3 of book is the one that holds already."),
    ],
)
def test_what_cannot_be_gone_back_to_is_said_in_plain_words(place, args, words):
    grown(place)
    refused = place.visaged("rollback", *args)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}


def test_nobody_goes_back_while_a_drop_of_the_key_is_under_way(place):
    grown(place)
    place.work_slowly("book")
    refused = back(place, "--to", "1")
    assert refused.returncode == 1
    assert "slow is being added to book and would be undone with the rest" in refused.stderr
    place.stop_slow_work()


def test_a_state_that_was_damaged_is_mended_by_going_back(place):
    grown(place)
    (newest,) = (place.root / "state" / "ledger" / "book" / "files").glob("3-*")
    shutil.rmtree(newest)
    failed = place.visaged("ledger", "add", "x")
    assert failed.returncode == 1
    assert back(place, "--to", "2").returncode == 0
    assert place.visaged("ledger", "add", "y").returncode == 0
    assert notes(place)[-2:] == ["y", "ledger add on 4"]


@pytest.mark.parametrize(
    "label",
    [
        Step.PREPARED,
        Step.STATE_PREPARED,
        Step.TREE_INTENT,
        Step.TREE_COPIED,
        Step.TREE_PLACED,
        Step.TREE_REMOVED,
        Step.TREE_RECORDED,
        Step.STATE_COMMITTED,
        Step.FINISH_ROW,
    ],
)
def test_going_back_survives_a_kill_and_completes_itself(place, label):
    grown(place)
    killed = place.visaged("rollback", "ledger", "book", "--to", "1", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    assert place.visaged("run", "--once").returncode == 0
    whole = json.loads(back(place, "--json").stdout)
    assert len([one for one in whole if "again as revision 1" in one["what"]]) == 1
    assert shown(place) == {"files/a.entry": "first"}
    said = notes(place)
    assert said[0] == "drop on 0"
    assert not [note for note in said[1:] if not note.startswith("ledger edits")], "the start may look at the tree"
    assert all(job.status is Status.DONE for job in place.jobs())
