"""init, submit, backup and restore: what they leave on the disk."""

import sqlite3
import tarfile
from dataclasses import replace

import pytest

from daemon.cli.holding import AnotherDaemon, held
from daemon.cli.keeping import backup, restore
from daemon.cli.making import make, marker_of
from daemon.cli.settings import Settings
from daemon.cli.submitting import Wish, drop, folder_of
from daemon.errors import CannotDo, ConfigError, InboxOffline, StoreError
from daemon.store import Store, open_reader
from pipelines.registry import ours
from tests.unit.view_world import World, a_job


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def place(tmp_path):
    return make(Settings(), tmp_path)[0]


def known(config, marker):
    """A database that knows the inbox by this marker."""
    world = World(config.daemon.root)
    row = world.store.inboxes()[0]
    world.store.set_inbox(replace(row, path=str(config.inboxes[0].path), marker=marker))
    world.store.close()


# ---------------------------------------------------------------- init


def test_init_makes_lanes_folders_a_marker_and_a_config(tmp_path):
    config, made = make(Settings(), tmp_path / "new")
    assert made
    assert (config.inboxes[0].path / "morph").is_dir()
    for folder in ("work", "results", "failed", "archive", "state"):
        assert (tmp_path / "new" / folder).is_dir()
    assert marker_of(config.inboxes[0].path)


def test_init_again_changes_nothing(tmp_path, place):
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    _, made = make(Settings(), tmp_path)
    assert made == ()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_init_keeps_a_config_that_is_there_and_makes_what_it_names(tmp_path):
    (tmp_path / "config.toml").write_text('[[inbox]]\npath = "drop"\nresults = "out"\n')
    make(Settings(), tmp_path)
    assert (tmp_path / "drop" / "morph").is_dir()
    assert not (tmp_path / "inbox").exists()


def test_an_inbox_that_nobody_knows_gets_a_marker(tmp_path, place):
    (place.inboxes[0].path / ".visaged-inbox").unlink()
    make(Settings(), tmp_path)
    assert marker_of(place.inboxes[0].path)


def test_under_a_share_that_is_not_mounted_nothing_is_made(tmp_path, place):
    known(place, "the-id")
    inbox = place.inboxes[0].path
    (inbox / ".visaged-inbox").unlink()
    for lane in ours():
        (inbox / lane).rmdir()
    with pytest.raises(ConfigError, match="probably not mounted"):
        make(Settings(), tmp_path)
    assert names(inbox) == []


def test_a_lost_marker_is_renewed_only_on_demand_and_with_the_known_id(tmp_path, place):
    known(place, "the-id")
    (place.inboxes[0].path / ".visaged-inbox").unlink()
    make(Settings(), tmp_path, renew=True)
    assert marker_of(place.inboxes[0].path) == "the-id"


def test_another_share_in_the_place_of_the_inbox_is_refused(tmp_path, place):
    known(place, "the-id")
    with pytest.raises(ConfigError, match="marker of another inbox"):
        make(Settings(), tmp_path)


# ---------------------------------------------------------------- submit


def test_a_file_is_dropped_whole_and_nothing_else_is_left(tmp_path, place):
    inbox = place.inboxes[0]
    source = tmp_path / "head.obj"
    source.write_text("v 0 0 0")
    top = drop([source], inbox, Wish(lane="morph"), folder_of(place, inbox, Wish(lane="morph")))
    assert top == "morph/head.obj"
    assert (inbox.path / top).read_text() == "v 0 0 0"
    assert source.exists()
    assert names(inbox.path) == [".visaged-inbox", *sorted(ours())]


def test_several_files_become_one_folder(tmp_path, place):
    inbox = place.inboxes[0]
    for name in ("a.obj", "b.obj"):
        (tmp_path / name).write_text(name)
    top = drop([tmp_path / "a.obj", tmp_path / "b.obj"], inbox, Wish(), inbox.path)
    assert top == "a__b"
    assert names(inbox.path / top) == ["a.obj", "b.obj"]


def test_a_used_name_gets_a_number_and_nothing_is_overwritten(tmp_path, place):
    inbox = place.inboxes[0]
    source = tmp_path / "head.obj"
    tops = []
    for text in ("one", "two"):
        source.write_text(text)
        tops.append(drop([source], inbox, Wish(), inbox.path))
    assert tops == ["head.obj", "head-2.obj"]
    assert [(inbox.path / top).read_text() for top in tops] == ["one", "two"]


@pytest.mark.parametrize(("name", "top"), [("nice", "nice.obj"), ("nice.obj", "nice.obj"), ("../../x", "_._.._x.obj")])
def test_a_name_is_made_safe_and_keeps_the_suffix(tmp_path, place, name, top):
    source = tmp_path / "head.obj"
    source.touch()
    assert drop([source], place.inboxes[0], Wish(name=name), place.inboxes[0].path) == top


def test_what_the_inbox_ignores_is_refused_rather_than_lost(tmp_path, place):
    source = tmp_path / "Thumbs.db"
    source.touch()
    with pytest.raises(CannotDo, match="would never be looked at"):
        drop([source], place.inboxes[0], Wish(), place.inboxes[0].path)


def test_what_cannot_be_copied_leaves_nothing_in_the_inbox(tmp_path, place):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "link.obj").symlink_to("/etc/hostname")
    before = names(place.inboxes[0].path)
    for source in (folder, tmp_path / "missing"):
        with pytest.raises(CannotDo):
            drop([source], place.inboxes[0], Wish(), place.inboxes[0].path)
    assert names(place.inboxes[0].path) == before


def test_two_files_of_one_name_are_refused(tmp_path, place):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.obj").touch()
    with pytest.raises(CannotDo, match="same name"):
        drop([tmp_path / "x" / "a.obj", tmp_path / "y" / "a.obj"], place.inboxes[0], Wish(), place.inboxes[0].path)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish(lane="moprh"), "Did you mean morph?"),
        (Wish(lane="morph", key="k"), "takes no key"),
        (Wish(key="k"), "needs its lane"),
    ],
)
def test_a_lane_or_key_that_there_is_not_is_refused(place, wish, says):
    with pytest.raises(CannotDo, match=says.replace("?", r"\?")):
        folder_of(place, place.inboxes[0], wish)


def test_nothing_is_dropped_under_a_share_that_is_not_mounted(place):
    (place.inboxes[0].path / ".visaged-inbox").unlink()
    with pytest.raises(InboxOffline, match="no marker"):
        folder_of(place, place.inboxes[0], Wish())


# ---------------------------------------------------------------- backup and restore


@pytest.fixture
def filled(place):
    world = World(place.daemon.root)
    world.store.add([a_job()])
    yield Settings(config=place.path)
    world.store.close()


def jobs(config):
    connection = open_reader(config.daemon.state / "visaged.db")
    try:
        return [job.id for job in Store(connection).recent(10)]
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["kept.tar.gz", "kept"])
def test_a_backup_of_a_database_that_is_in_use_restores_it(tmp_path, place, filled, name):
    target = backup(filled, tmp_path / "backups" / name)
    for part in (place.daemon.state).iterdir():
        part.unlink()
    said = restore(filled, target, force=False)
    assert jobs(place) == ["261120-aaaaaaa"]
    assert len(said) == 1


def test_a_backup_never_overwrites(tmp_path, filled):
    (tmp_path / "kept.tar.gz").write_text("precious")
    with pytest.raises(CannotDo, match="is not overwritten"):
        backup(filled, tmp_path / "kept.tar.gz")
    assert (tmp_path / "kept.tar.gz").read_text() == "precious"


def test_a_database_that_is_there_is_moved_aside_and_only_with_force(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept.tgz")
    world = World(place.daemon.root)
    world.store.add([a_job("261120-bbbbbbb")])
    world.store.close()
    with pytest.raises(CannotDo, match="--force"):
        restore(filled, target, force=False)
    restore(filled, target, force=True)
    assert jobs(place) == ["261120-aaaaaaa"]
    (aside,) = [path for path in place.daemon.state.glob("*.before-*") if not path.name.endswith(("-wal", "-shm"))]
    connection = sqlite3.connect(aside)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (2,)
    connection.close()


def test_while_a_daemon_runs_nothing_is_restored(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept.tgz")
    with held(place), pytest.raises(AnotherDaemon):
        restore(filled, target, force=True)


def test_a_damaged_backup_changes_nothing(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept")
    content = bytearray((target / "visaged.db").read_bytes())
    content[4096:12288] = b"\xff" * 8192
    (target / "visaged.db").write_bytes(content)
    with pytest.raises(StoreError):
        restore(filled, target, force=True)
    assert jobs(place) == ["261120-aaaaaaa"]


def test_a_file_that_is_no_database_of_ours_is_not_restored(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept")
    (target / "visaged.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="in the backup cannot be used, and nothing was changed"):
        restore(filled, target, force=True)
    assert jobs(place) == ["261120-aaaaaaa"]
    assert not list(place.daemon.state.glob("*.restoring*"))


def test_what_is_no_backup_is_refused(tmp_path, filled):
    packed = bytearray(backup(filled, tmp_path / "cut.tar.gz").read_bytes())
    packed[200:400] = bytes(200)
    (tmp_path / "cut.tar.gz").write_bytes(packed)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar.gz").write_text("no archive")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "empty", arcname="visaged.db")
    for name in ("empty", "text.tar.gz", "other.tar.gz", "gone.tar.gz", "cut.tar.gz"):
        with pytest.raises(CannotDo, match="no backup"):
            restore(filled, tmp_path / name, force=True)


def test_a_config_that_differs_stays_and_the_other_lies_beside_it(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept")
    place.path.write_text("[daemon]\nsettle_seconds = 9\n")
    said = restore(filled, target, force=True)
    assert "settle_seconds = 9" in place.path.read_text()
    assert (tmp_path / "config.from-backup.toml").is_file()
    assert "stays as it is" in said[0]


def test_on_a_new_machine_the_config_comes_from_the_backup(tmp_path, place, filled):
    target = backup(filled, tmp_path / "kept")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    restore(Settings(config=fresh / "config.toml"), target, force=False)
    assert (fresh / "config.toml").is_file()
    assert (fresh / "state" / "visaged.db").is_file()
