"""What a pipeline remembers, the tree it shows, its commands: through a running daemon, with the probe ``ledger``."""

import contextlib
import io
import json
import shutil
import sqlite3
import time
import zipfile

import pytest

from daemon.model import Status


def shown(place, key="book"):
    root = place.root / "results" / "ledger" / key
    return {
        str(p.relative_to(root)): p.read_text()
        for p in root.rglob("*")
        if p.is_file() and not p.name.startswith(".") and p.name not in ("ledger.txt", "receipt.json")
    }


def notes(place, key="book"):
    return (place.root / "results" / "ledger" / key / "ledger.txt").read_text().splitlines()


def drop(place, name, content, key="book"):
    place.drop(f"ledger/{key}/{name}.entry", content)


def drained(place):
    return place.visaged("run", "--once")


def test_a_second_drop_adds_to_what_the_first_left(place):
    drop(place, "a", "first")
    assert drained(place).returncode == 0
    drop(place, "b", "second")
    assert drained(place).returncode == 0
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}
    assert notes(place) == ["drop on 0", "drop on 1"]


def test_drops_into_one_key_that_come_together_are_done_one_after_the_other(place):
    for n in range(5):
        place.drop(f"ledger/book/item{n}/x{n}.entry", str(n))
    assert drained(place).returncode == 0
    assert len(shown(place)) == 5
    assert notes(place) == [f"drop on {n}" for n in range(5)]


def test_what_the_user_moves_in_the_tree_stays_where_it_was_put(place):
    drop(place, "a", "first")
    drained(place)
    tree = place.root / "results" / "ledger" / "book"
    (tree / "mine").mkdir()
    (tree / "files" / "a.entry").rename(tree / "mine" / "renamed.entry")
    drop(place, "b", "second")
    drained(place)
    assert shown(place) == {"mine/renamed.entry": "first", "files/b.entry": "second"}


def test_a_running_daemon_reads_an_edit_of_the_tree_by_itself(place):
    place.configure(daemon="tree_seconds = 0.3")
    drop(place, "a", "first")
    place.start()
    place.wait_for(lambda: shown(place) == {"files/a.entry": "first"})
    tree = place.root / "results" / "ledger" / "book"
    (tree / "files" / "a.entry").rename(tree / "files" / "b.entry")
    place.wait_for(lambda: notes(place)[-1] == "ledger edits on 1")
    assert shown(place) == {"files/b.entry": "first"}
    done = len(place.jobs())
    time.sleep(2)
    assert len(place.jobs()) == done, "our own changes are no edits"


def test_a_tree_that_is_gone_says_nothing_and_is_made_again(place):
    drop(place, "a", "first")
    drained(place)
    shutil.rmtree(place.root / "results" / "ledger" / "book")
    drop(place, "b", "second")
    drained(place)
    assert shown(place) == {"files/a.entry": "first", "files/b.entry": "second"}


@pytest.mark.parametrize("running", [True, False])
def test_a_command_is_answered_with_a_daemon_and_without(place, running):
    drop(place, "a", "first")
    drained(place)
    if running:
        place.start()
        place.wait_for(lambda: (place.root / "daemon.log").read_text().count("visaged runs"))
    added = place.visaged("ledger", "add", "hello")
    assert (added.returncode, added.stdout) == (0, "Noted.\n"), added.stderr
    told = place.visaged("ledger", "show", "--json")
    assert json.loads(told.stdout) == {"entries": ["files/a.entry"], "given": []}
    assert notes(place)[1:] == ["hello", "ledger add on 1"]


def test_a_command_that_is_refused_says_why_and_leaves_nothing(place):
    drop(place, "a", "first")
    drained(place)
    refused = place.visaged("ledger", "add", "refuse")
    assert refused.returncode == 1
    assert "Nothing may be called so." in refused.stderr
    assert not list((place.root / "failed").rglob("*"))
    assert notes(place) == ["drop on 0"]


def test_a_command_reads_a_file_of_the_user(place, tmp_path):
    drop(place, "a", "first")
    drained(place)
    (tmp_path / "question.txt").write_text("what is it")
    told = place.visaged("ledger", "read", str(tmp_path / "question.txt"), "--json")
    assert json.loads(told.stdout)["given"] == ["what is it"]
    assert (tmp_path / "question.txt").exists()


def test_a_command_about_one_of_several_keys_must_say_which(place):
    drop(place, "a", "first", key="one")
    drop(place, "b", "second", key="two")
    drained(place)
    asked = place.visaged("ledger", "add", "x")
    assert asked.returncode == 1
    assert "one, two" in asked.stderr
    assert "--book" in asked.stderr
    assert place.visaged("ledger", "add", "x", "--book", "two").returncode == 0
    assert notes(place, "two")[1:] == ["x", "ledger add on 1"]
    assert notes(place, "one") == ["drop on 0"]


def test_a_command_before_any_drop_says_how_to_begin(place):
    asked = place.visaged("ledger", "show")
    assert asked.returncode == 1
    assert "There is no book yet." in asked.stderr


def test_the_nightly_command_is_made_up_for_every_key(place):
    drop(place, "a", "first", key="one")
    drop(place, "b", "second", key="two")
    drained(place)
    with contextlib.closing(place.store()) as store:
        assert store.fact("last_success:ledger") is not None
    assert [j.status for j in place.jobs() if j.command] == []
    place.forget_nights()
    place.start()
    for key in ("one", "two"):
        place.wait_for(lambda key=key: notes(place, key)[-1] == "ledger night on 1")
    place.wait_for(lambda: all(j.status is Status.DONE for j in place.jobs()))


def test_what_a_manifest_says_holds_for_the_key_until_another_says_otherwise(place):
    place.drop("ledger/book/first/a.entry", "first")
    place.drop("ledger/book/first/manifest.toml", "[options]\nsleep = 0.25\ncrash = 1\n")
    drained(place)
    drop(place, "b", "second")
    drained(place)
    assert place.visaged("ledger", "add", "x").returncode == 0
    assert [job.options["sleep"] for job in place.jobs()] == [0.25, 0.25, 0.25]
    assert [job.options["crash"] for job in place.jobs()] == [1, 0, 0], "it is one of those that hold once"
    drop(place, "c", "third", key="other")
    drained(place)
    assert place.jobs()[-1].options["sleep"] == 0.0


def test_a_backup_holds_what_is_remembered(place, tmp_path):
    drop(place, "a", "first")
    drained(place)
    assert place.visaged("backup", str(tmp_path / "kept.tar.gz")).returncode == 0
    assert place.visaged("ledger", "add", "later").returncode == 0
    back = place.visaged("restore", str(tmp_path / "kept.tar.gz"), "--force")
    assert back.returncode == 0, back.stderr
    assert place.visaged("ledger", "show").stdout.split("\n")[0:2] == ["drop on 0", ""]


def test_what_came_in_an_archive_is_shown_again_after_it_was_deleted_with_the_tree(place):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("deep/a.entry", "packed")
    place.drop("ledger/book/pack.zip", buffer.getvalue())
    drained(place)
    shutil.rmtree(place.root / "results" / "ledger" / "book")
    assert place.visaged("ledger", "add", "x").returncode == 0
    assert shown(place) == {"files/a.entry": "packed"}


def test_a_night_that_one_key_cannot_have_is_shown_and_the_others_have_theirs(place):
    drop(place, "a", "first", key="one")
    drop(place, "b", "second", key="two")
    drained(place)
    whose = place.root / "state" / "ledger" / "one" / "key.json"
    whose.write_text(json.dumps({**json.loads(whose.read_text()), "options": {"sleep": -1}}))
    place.forget_nights()
    place.visaged("run", "--once")
    assert notes(place, "two")[-1] == "ledger night on 1"
    (failed,) = [j for j in place.jobs() if j.status is Status.FAILED]
    assert "manifest of an earlier drop into one" in str(failed.reason)
    assert "manifest of an earlier drop" in (place.inbox / "STATUS.txt").read_text()


def test_an_edit_is_read_by_a_run_that_has_nothing_else_to_do(place):
    drop(place, "a", "first")
    drained(place)
    tree = place.root / "results" / "ledger" / "book"
    (tree / "files" / "a.entry").rename(tree / "b.entry")
    drained(place)
    assert notes(place)[-1] == "ledger edits on 1"
    assert shown(place) == {"b.entry": "first"}


def test_originals_that_were_only_read_are_never_linked_nor_changed(place):
    place.configure(rest='[[inbox]]\nname = "inbox"\ntake = "reference"\n')
    drop(place, "a", "first")
    original = place.inbox / "ledger" / "book" / "a.entry"
    original.chmod(0o440)
    drained(place)
    shutil.rmtree(place.root / "results" / "ledger" / "book")
    assert place.visaged("ledger", "add", "x").returncode == 0
    assert shown(place) == {"files/a.entry": "first"}
    status = original.stat()
    assert (status.st_nlink, status.st_mode & 0o777) == (1, 0o440)


def test_one_key_in_two_inboxes_that_share_their_results_is_two_trees(place):
    place.configure(rest='[[inbox]]\nname = "inbox"\n[[inbox]]\nname = "other"\npath = "other"\n')
    assert place.visaged("init", str(place.root)).returncode == 0
    drop(place, "a", "first")
    (place.root / "other" / "ledger" / "book").mkdir(parents=True)
    (place.root / "other" / "ledger" / "book" / "b.entry").write_text("second")
    drained(place)
    assert shown(place) == {"files/a.entry": "first"}
    assert shown(place, "book@other") == {"files/b.entry": "second"}
    ambiguous = place.visaged("ledger", "add", "x")
    assert "book@inbox or book@other" in ambiguous.stderr + place.visaged("ledger", "add", "x", "--book", "book").stderr
    assert place.visaged("ledger", "add", "x", "--book", "book@other").returncode == 0
    assert notes(place, "book@other")[1] == "x"


def test_an_order_that_breaks_off_is_answered_and_does_not_come_again(place):
    drop(place, "a", "first")
    drained(place)
    with contextlib.closing(sqlite3.connect(place.root / "state" / "visaged.db")) as database, database:
        gone = {
            "pipeline": "ledger",
            "command": "ledger read",
            "inbox": "inbox",
            "key": "book",
            "given": "/nowhere/at/all",
        }
        database.execute("INSERT INTO orders (verb, args, at) VALUES ('ask', ?, 0)", (json.dumps(gone),))
    assert drained(place).returncode == 0
    assert drained(place).returncode == 0


def test_while_all_is_paused_a_command_is_refused_and_not_left_for_later(place):
    drop(place, "a", "first")
    drained(place)
    assert place.visaged("pause").returncode == 0
    refused = place.visaged("ledger", "add", "x")
    assert refused.returncode == 1
    assert "visaged resume" in refused.stderr
    assert place.visaged("resume").returncode == 0
    drained(place)
    assert notes(place) == ["drop on 0"]
