"""A key is forgotten for good, with a daemon and without, and through kill -9: with the probe ``ledger``."""

import contextlib
import json
import signal
import sqlite3

import pytest

from daemon.failpoints import Step


def results(place):
    return place.root / "results" / "ledger"


def drop(place, name, content, key="book"):
    place.drop(f"ledger/{key}/{name}.entry", content)
    assert place.visaged("run", "--once").returncode == 0


def grown(place):
    drop(place, "a", "first")
    drop(place, "z", "other", key="kept")
    assert place.visaged("ledger", "add", "secret", "--book", "book").returncode == 0
    (results(place) / "book" / "mine.txt").write_text("my own")


def forget(place, *args):
    return place.visaged("forget", "ledger", "book", *args)


def below(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def nothing_is_left(place):
    names = [p.name for p in (place.root / "state" / "ledger").iterdir()]
    assert names == ["kept"]
    assert [p for p in results(place).iterdir() if p.name.startswith(".")] == []
    with contextlib.closing(sqlite3.connect(place.root / "state" / "visaged.db")) as database:
        assert "secret" not in "".join(database.iterdump())
    assert {job.key for job in place.jobs()} == {"kept"}
    known = {job.id for job in place.jobs()}
    assert {p.name for p in (place.root / "work").iterdir() if not p.name.startswith(".")} <= known


@pytest.mark.parametrize("running", [True, False])
def test_nothing_is_left_of_it_but_pictures_originals_and_what_is_the_users(place, running):
    grown(place)
    if running:
        place.start()
        place.wait_for(lambda: (place.root / "daemon.log").read_text().count("visaged runs"))
    gone = forget(place, "--yes")
    assert gone.returncode == 0, gone.stderr
    assert "archive/ledger" in gone.stdout
    assert "Backups that you made still hold it." in gone.stdout
    nothing_is_left(place)
    assert below(results(place) / "book (forgotten)") == {"files/a.entry": "first", "mine.txt": "my own"}
    assert [p.read_text() for p in (place.root / "archive" / "ledger").rglob("a.entry")] == ["first"]
    assert (results(place) / "kept" / "files" / "z.entry").exists()


def test_the_sorted_pictures_go_too_where_that_is_wished_and_their_originals_are_there(place):
    grown(place)
    drop(place, "b", "second")
    (original,) = (place.root / "archive" / "ledger").rglob("b.entry")
    original.unlink()
    assert forget(place, "--yes", "--pictures").returncode == 0
    assert below(results(place) / "book (forgotten)") == {"files/b.entry": "second", "mine.txt": "my own"}


def test_a_later_drop_of_that_name_begins_anew(place):
    grown(place)
    assert forget(place, "--yes").returncode == 0
    drop(place, "a", "first")
    assert (results(place) / "book" / "ledger.txt").read_text() == "drop on 0\n"
    assert below(results(place) / "book (forgotten)") == {"files/a.entry": "first", "mine.txt": "my own"}
    assert forget(place, "--yes").returncode == 0
    assert (results(place) / "book (forgotten)-2").is_dir()


def test_originals_that_stay_in_the_inbox_are_not_taken_again_until_somebody_asks_for_it(place):
    place.configure(rest='[[inbox]]\nname = "inbox"\ntake = "reference"\n')
    drop(place, "a", "first")
    (job,) = place.jobs()
    gone = forget(place, "--yes")
    assert "inbox/ledger/book/a.entry" in gone.stdout
    assert place.visaged("run", "--once").returncode == 0
    assert [p.name for p in results(place).iterdir()] == ["book (forgotten)"]
    assert (place.inbox / "ledger" / "book" / "a.entry").read_text() == "first"
    assert place.visaged("retry", job.id).returncode == 0
    assert place.visaged("run", "--once").returncode == 0
    assert (results(place) / "book" / "ledger.txt").read_text() == "drop on 0\n"


def test_without_a_yes_nothing_is_done(place):
    grown(place)
    refused = forget(place)
    assert refused.returncode == 1
    assert "2 revisions" in refused.stderr
    assert "say --yes" in refused.stderr
    assert (results(place) / "book" / "ledger.txt").exists()
    assert place.visaged("ledger", "show", "--book", "book").returncode == 0


def test_older_states_that_a_backup_was_put_in_place_of_go_with_it(place, tmp_path):
    grown(place)
    assert place.visaged("backup", str(tmp_path / "kept.tar.gz")).returncode == 0
    assert place.visaged("restore", str(tmp_path / "kept.tar.gz"), "--force").returncode == 0
    (aside,) = (place.root / "state" / "ledger").glob(".before-*-book")
    assert forget(place, "--yes").returncode == 0
    assert not aside.exists()
    assert list((place.root / "state" / "ledger").glob(".before-*-kept"))


def test_a_tree_that_has_lost_its_mark_is_left_alone_and_that_is_said(place):
    grown(place)
    (results(place) / "book" / ".visaged-tree").unlink()
    gone = forget(place, "--yes")
    assert gone.returncode == 0
    assert "remove the folder yourself" in gone.stdout
    assert (results(place) / "book" / "files" / "a.entry").exists()


def test_nothing_is_forgotten_while_a_job_of_it_is_under_way(place):
    grown(place)
    place.work_slowly("book")
    refused = forget(place, "--yes")
    assert refused.returncode == 1
    assert "slow is at work on book" in refused.stderr
    place.stop_slow_work()


def test_what_is_not_known_cannot_be_forgotten(place):
    grown(place)
    refused = place.visaged("forget", "ledger", "nobody", "--yes")
    assert refused.returncode == 1
    assert "There is no book nobody. There are: book, kept." in refused.stderr


@pytest.mark.parametrize("label", [Step.FORGET_STATE, Step.FORGET_ROWS, Step.FORGET_TREE])
def test_forgetting_survives_a_kill_and_completes_itself(place, label):
    grown(place)
    killed = place.visaged("forget", "ledger", "book", "--yes", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    drop(place, "n", "new")
    assert json.loads(place.visaged("ledger", "show", "--json", "--book", "book").stdout)["entries"] == [
        "files/n.entry"
    ]
    assert below(results(place) / "book (forgotten)") == {"files/a.entry": "first", "mine.txt": "my own"}
    assert forget(place, "--yes").returncode == 0
    nothing_is_left(place)
