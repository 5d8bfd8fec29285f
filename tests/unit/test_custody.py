"""Where a user's bytes are, before, during and after every move, killed or not."""

import io
import os
import shutil
import socket
import tempfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.custody import (
    Limits,
    Occupied,
    Ownership,
    Returned,
    Taken,
    Taking,
    choose,
    drop_why,
    give_back,
    inputs_at,
    put_away,
    take,
    write_why,
)
from daemon.failpoints import Step
from daemon.model import Failed, Kind, Take
from daemon.watch.scan import fingerprint, look
from tests.killing import OTHER, attempt, attempt_anew, census, files, listed, plant

OURS = Ownership(0o022)
LOOSE = {"a.obj": b"a" * 3000, "b.obj": b"b" * 2000, "b.mtl": b"mtl"}
FOLDER = {f"pair/{name}": data for name, data in LOOSE.items()} | {"pair/deep/er/c.png": b"c" * 100}
ACCEPT = [s for s in Step if s.startswith(("accept:", "move:")) and s is not Step.ACCEPT_ROW]


def packed(tree):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return data.getvalue()


DROPS = {
    "loose": (LOOSE, tuple(LOOSE)),
    "folder": (FOLDER, ("pair",)),
    "archive": (
        {"pair.zip": packed(FOLDER), "pair.manifest.toml": b"priority = 1"},
        ("pair.zip", "pair.manifest.toml"),
    ),
}


@pytest.fixture
def here():
    with tempfile.TemporaryDirectory(prefix="visaged-test-") as folder:
        yield Path(folder)


@pytest.fixture
def elsewhere():
    """A folder on another file system."""
    with other_file_system() as folder:
        yield Path(folder)


def other_file_system():
    if not OTHER.is_dir() or OTHER.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip(
            "NOT TESTED: moves between file systems need /dev/shm on another file system than the temporary folder"
        )
    return tempfile.TemporaryDirectory(prefix="visaged-test-", dir=OTHER)


def dropped(inbox, work, kind="loose", how=Take.MOVE):
    """Drop an item of a kind into lane/ of an inbox and say how it is to be taken."""
    tree, tops = DROPS[kind]
    plant(inbox / "lane", tree)
    plant(inbox / "lane", {"unrelated.obj": b"another item"})
    return order_of(inbox, work, [f"lane/{top}" for top in tops], kind, how)


def order_of(inbox, work, tops, kind="loose", how=Take.MOVE):
    return Taking(
        inbox=inbox,
        tops=tuple(tops),
        work=work / "job1",
        take=how,
        fingerprint=fingerprint(look([inbox / top for top in tops])),
        archive=kind == "archive",
        folder=kind == "folder",
        limits=Limits(),
        ownership=OURS,
    )


def paths(taken):
    assert isinstance(taken, Taken), taken
    return [entry.path for entry in taken.inputs]


# ---------------------------------------------------------------- what taking does


def test_loose_files_come_into_the_work_folder_and_leave_the_inbox(here):
    taken = take(dropped(here, here / "work"))
    assert paths(taken) == ["in/a.obj", "in/b.mtl", "in/b.obj"]
    assert files(here / "lane") == {"unrelated.obj": b"another item"}
    assert listed(here / "work" / "job1") == {"in"}


def test_a_dropped_folder_becomes_the_input_folder_itself(here):
    order = dropped(here, here / "work", "folder")
    inode = (here / "lane" / "pair").stat().st_ino
    assert "in/deep/er/c.png" in paths(take(order))
    assert (order.work / "in").stat().st_ino == inode


def test_an_archive_is_kept_as_dropped_and_unpacked_beside(here):
    order = dropped(here, here / "work", "archive")
    assert "in/pair/deep/er/c.png" in paths(take(order))
    assert files(inputs_at(order.work)) == DROPS["archive"][0]


def test_every_input_is_named_with_its_size_and_hash(here):
    [entry] = [e for e in take(dropped(here, here / "work")).inputs if e.path == "in/a.obj"]
    assert (entry.role, entry.size) == ("", 3000)
    assert census_of(b"a" * 3000) == entry.sha256


def census_of(data):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x").write_bytes(data)
        return next(iter(census(Path(folder))))


def test_taking_between_file_systems_moves_the_bytes_and_leaves_nothing_behind(here, elsewhere):
    order = dropped(elsewhere, here, "folder")
    assert "in/deep/er/c.png" in paths(take(order))
    assert listed(elsewhere / "lane") == {"unrelated.obj"}
    assert listed(order.work) == {"in"}


def test_modification_times_and_modes_survive_a_move_between_file_systems(here, elsewhere):
    order = dropped(elsewhere, here)
    (elsewhere / "lane" / "a.obj").chmod(0o640)
    os.utime(elsewhere / "lane" / "a.obj", ns=(5, 1_234_567_890_123_456_789))
    take(order_of(elsewhere, here, order.tops))
    status = (order.work / "in" / "a.obj").stat()
    assert (status.st_mtime_ns, status.st_mode & 0o777) == (1_234_567_890_123_456_789, 0o640)


@pytest.mark.parametrize("kind", DROPS)
def test_a_copied_item_stays_where_it_was(here, kind):
    order = dropped(here, here / "work", kind, Take.COPY)
    before = files(here / "lane")
    assert isinstance(take(order), Taken)
    assert files(here / "lane") == before


@pytest.mark.parametrize("kind", DROPS)
def test_a_referenced_item_is_read_where_it_is(here, kind):
    order = dropped(here, here / "work", kind, Take.REFERENCE)
    before = files(here / "lane")
    taken = take(order)
    assert isinstance(taken, Taken)
    assert sum(e.size for e in taken.inputs) >= 5003
    assert files(here / "lane") == before
    assert (order.work / "in" / "a.obj").is_symlink() == (kind != "archive")


def test_names_that_are_not_utf8_are_taken(here):
    name = os.fsdecode(b"caf\xe9\n\"'.obj")
    plant(here / "lane", {name: b"x"})
    assert paths(take(order_of(here, here / "work", [f"lane/{name}"]))) == [f"in/{name}"]


def test_an_empty_file_is_taken(here):
    plant(here / "lane", {"empty.obj": b""})
    assert take(order_of(here, here / "work", ["lane/empty.obj"])).inputs[0].size == 0


# ---------------------------------------------------------------- what goes back


@pytest.mark.parametrize("how", Take)
@pytest.mark.parametrize("kind", DROPS)
def test_an_item_that_changed_since_the_scan_goes_back_unharmed(here, kind, how):
    order = dropped(here, here / "work", kind, how)
    before = files(here / "lane")
    assert isinstance(take(replace(order, fingerprint="of another time")), Returned)
    assert files(here / "lane") == before
    assert listed(order.work) == set()


def test_an_item_that_changed_goes_back_to_another_file_system(here, elsewhere):
    order = dropped(elsewhere, here, "folder")
    before = files(elsewhere)
    assert isinstance(take(replace(order, fingerprint="of another time")), Returned)
    assert files(elsewhere) == before


@pytest.mark.parametrize("how", Take)
def test_an_item_of_which_a_file_is_missing_stays(here, how):
    order = dropped(here, here / "work", "loose", how)
    (here / "lane" / "b.mtl").unlink()
    outcome = take(order)
    assert isinstance(outcome, Returned)
    assert set(files(here / "lane")) == {"a.obj", "b.obj", "unrelated.obj"}


def test_what_goes_back_never_overwrites_something_new(here):
    order = replace(dropped(here, here / "work"), fingerprint="of another time")
    assert attempt("accept:renamed", take, order)
    plant(here / "lane", {"a.obj": b"new"})
    assert isinstance(take(order), Returned)
    assert files(here / "lane")["a.obj"] == b"new"
    assert files(here / "lane")["a-2.obj"] == LOOSE["a.obj"]


def test_a_file_dropped_under_the_name_of_a_taken_one_is_left_alone(here):
    order = dropped(here, here / "work")
    assert attempt("accept:renamed", take, order)
    plant(here / "lane", {"a.obj": b"the next drop"})
    assert isinstance(take(order), Taken)
    assert files(here / "lane")["a.obj"] == b"the next drop"
    assert files(order.work / "in") == LOOSE


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("how", Take)
def test_a_link_is_refused_and_its_target_is_not_touched(here, how):
    plant(here, {"secret": b"outside", "lane/pair/a.obj": b"a"})
    (here / "lane" / "pair" / "b.obj").symlink_to(here / "secret")
    outcome = take(order_of(here, here / "work", ["lane/pair"], "folder", how))
    assert outcome == Failed(
        f"b.obj is a link to {here / 'secret'}, and links are not followed; copy the file itself.", Kind.BAD_INPUT
    )
    assert (here / "secret").read_bytes() == b"outside"


def test_a_link_to_a_folder_is_refused_without_looking_into_it(here):
    plant(here, {"outside/WHY.txt": b"", "lane/x": b""})
    write_why(here / "outside", "ours, but elsewhere", OURS)
    (here / "lane" / "pair").symlink_to(here / "outside")
    before = files(here / "outside")
    assert take(order_of(here, here / "work", ["lane/pair"], "folder")).kind is Kind.BAD_INPUT
    assert files(here / "outside") == before


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("how", [Take.MOVE, Take.COPY])
def test_a_pipe_or_socket_is_refused(here, elsewhere, how, far):
    inbox = elsewhere if far else here
    plant(inbox, {"lane/pair/a.obj": b"a"})
    os.mkfifo(inbox / "lane" / "pair" / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.fspath(inbox / "lane" / "pair" / "door"))
        outcome = take(order_of(inbox, here / "work", ["lane/pair"], "folder", how))
    assert outcome.kind is Kind.BAD_INPUT
    assert "holds no content" in outcome.reason


def test_a_refused_item_lies_whole_where_its_inputs_are_said_to_be(here, elsewhere):
    plant(elsewhere, {"lane/pair/a.obj": b"a"})
    (elsewhere / "lane" / "pair" / "b.obj").symlink_to("a.obj")
    order = order_of(elsewhere, here / "work", ["lane/pair"], "folder")
    assert isinstance(take(order), Failed)
    place = inputs_at(order.work)
    assert listed(place) == {"a.obj", "b.obj"}
    assert (place / "b.obj").readlink() == Path("a.obj")


def test_a_bad_archive_is_refused_and_kept_as_dropped(here):
    plant(here / "lane", {"pair.zip": b"PK\x03\x04 and no more"})
    order = order_of(here, here / "work", ["lane/pair.zip"], "archive")
    assert take(order).kind is Kind.BAD_INPUT
    assert files(inputs_at(order.work)) == {"pair.zip": b"PK\x03\x04 and no more"}


def test_a_disk_that_does_not_answer_is_infrastructure(here):
    order = dropped(here, here / "work")
    (here / "work").write_bytes(b"in the way")
    outcome = take(order)
    assert outcome.kind is Kind.INFRASTRUCTURE
    assert files(here / "lane").keys() >= LOOSE.keys()


# ---------------------------------------------------------------- killed


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("label", ACCEPT)
@pytest.mark.parametrize("kind", DROPS)
@pytest.mark.parametrize("far", [False, True], ids=["one file system", "two file systems"])
def test_a_kill_while_taking_loses_nothing_and_the_same_call_completes_it(here, elsewhere, far, kind, label, n):
    inbox = elsewhere if far else here / "inbox"
    order = dropped(inbox, here / "work", kind)
    before = census(inbox)
    attempt(f"{label}:{n}", take, order)
    assert before.keys() <= census(here, elsewhere).keys()
    assert isinstance(take(order), Taken)
    assert census(inbox) + census(inputs_at(order.work)) == before
    assert files(inputs_at(order.work)) in (DROPS[kind][0], {k.removeprefix("pair/"): v for k, v in FOLDER.items()})
    assert listed(order.work) == ({"dropped", "in"} if kind == "archive" else {"in"})


@pytest.mark.parametrize("label", ACCEPT)
def test_each_label_of_taking_kills_a_real_process_that_reads_its_environment(here, elsewhere, label):
    inbox = elsewhere if label.startswith("move:") else here / "inbox"
    order = dropped(inbox, here / "work", "archive")
    before = census(inbox)
    assert attempt_anew(label, take, order)
    assert isinstance(take(order), Taken)
    assert census(inbox) + census(order.work / "dropped") == before


@pytest.mark.parametrize("label", ["accept:rename-first", "accept:renamed", "return:first", "return:first:2"])
@pytest.mark.parametrize("far", [False, True])
def test_a_kill_while_an_item_goes_back_loses_nothing(here, elsewhere, far, label):
    inbox = elsewhere if far else here / "inbox"
    order = replace(dropped(inbox, here / "work"), fingerprint="of another time")
    before = files(inbox)
    assert attempt(label, take, order)
    assert isinstance(take(order), Returned)
    assert files(inbox) == before
    assert census(order.work) == Counter()


@pytest.mark.parametrize("label", ACCEPT)
@pytest.mark.parametrize("how", [Take.COPY, Take.REFERENCE])
def test_a_kill_while_copying_leaves_the_originals_and_the_same_call_completes_it(here, how, label):
    order = dropped(here / "inbox", here / "work", "archive", how)
    before = files(here / "inbox")
    attempt(label, take, order)
    assert isinstance(take(order), Taken)
    assert files(here / "inbox") == before
    assert listed(order.work) == {"dropped", "in"}


TREES = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "é", "x y", "\udcff"]), min_size=1, max_size=3).map("/".join),
    st.binary(max_size=50),
    min_size=1,
    max_size=6,
).filter(lambda tree: not any(other.startswith(one + "/") for one in tree for other in tree))


@given(TREES, st.sampled_from(ACCEPT), st.integers(1, 4), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_killed_anywhere_arrives_whole(tree, label, n, far, loose):
    with tempfile.TemporaryDirectory() as base, other_file_system() as other:
        inbox, work = Path(other if far else base, "inbox"), Path(base, "work")
        plant(inbox / "lane" / "item", tree)
        parent = "lane/item" if loose else "lane"
        tops = [f"{parent}/{name}" for name in listed(inbox / parent)]
        order = order_of(inbox, work, tops, "loose" if loose else "folder")
        attempt(f"{label}:{n}", take, order)
        held = census(inbox, work)
        assert all(held[content] for content in census_of_tree(tree))
        assert isinstance(take(order), Taken)
        assert files(order.work / "in") == tree
        assert census(inbox) == Counter()


def census_of_tree(tree):
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder), tree)
        return census(Path(folder))


# ---------------------------------------------------------------- put away and given back


@pytest.mark.parametrize("far", [False, True])
def test_inputs_put_away_lie_in_a_folder_of_their_name(here, elsewhere, far):
    archive = (elsewhere if far else here) / "archive" / "lane" / "day"
    plant(here / "work" / "in", LOOSE)
    place = choose(archive, "pair")
    assert put_away(here / "work" / "in", place, OURS) == archive / "pair"
    assert files(archive) == {f"pair/{name}": data for name, data in LOOSE.items()}
    assert listed(here / "work") == set()


def test_a_used_name_gets_a_number_in_any_case(here):
    (here / "Pair").mkdir()
    assert choose(here, "pair") == here / "pair-2"


def test_a_name_that_was_taken_since_is_not_overwritten(here):
    plant(here, {"in/a.obj": b"a", "failed/pair/b.obj": b"b"})
    assert put_away(here / "in", here / "failed" / "pair", OURS) == Occupied(here / "failed" / "pair")
    assert set(files(here)) == {"in/a.obj", "failed/pair/b.obj"}


def test_an_empty_folder_of_the_user_is_not_taken_over(here):
    plant(here, {"in/a.obj": b"a"})
    (here / "pair").mkdir()
    assert put_away(here / "in", here / "pair", OURS) == Occupied(here / "pair")


@pytest.mark.parametrize("label", [s for s in Step if s.startswith("move:")])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_kill_while_putting_away_loses_nothing_and_doubles_nothing(here, elsewhere, label, n):
    plant(here / "work" / "in", LOOSE)
    place = choose(elsewhere / "archive", "pair")
    attempt(f"{label}:{n}", put_away, here / "work" / "in", place, OURS)
    assert census(here, elsewhere).keys() == census_of_tree(LOOSE).keys()
    assert put_away(here / "work" / "in", place, OURS) == place
    assert put_away(here / "work" / "in", place, OURS) == place
    assert files(elsewhere) == {f"archive/pair/{name}": data for name, data in LOOSE.items()}
    assert listed(elsewhere / "archive") == {"pair"}
    assert files(here) == {}


def test_what_is_given_back_lies_beside_what_is_new(here):
    plant(here, {"archive/pair/a.obj": b"old", "inbox/pair/a.obj": b"new"})
    assert give_back(here / "archive" / "pair", here / "inbox" / "pair") == here / "inbox" / "pair-2"
    assert files(here) == {"inbox/pair-2/a.obj": b"old", "inbox/pair/a.obj": b"new"}


def test_giving_back_what_is_gone_is_said(here):
    assert isinstance(give_back(here / "archive" / "pair", here / "pair"), Failed)


def test_new_folders_get_the_umask_and_files_of_the_user_keep_their_modes(here):
    plant(here / "in", {"a.obj": b"a"})
    (here / "in" / "a.obj").chmod(0o604)
    put_away(here / "in", here / "archive" / "lane" / "pair", Ownership(0o007))
    assert (here / "archive" / "lane").stat().st_mode & 0o777 == 0o770
    assert (here / "archive" / "lane" / "pair" / "a.obj").stat().st_mode & 0o777 == 0o604


@pytest.mark.skipif(os.getuid() != 0, reason="giving a file to another group needs root")
def test_new_folders_get_the_group(here):
    plant(here / "in", {"a.obj": b"a"})
    put_away(here / "in", here / "failed" / "pair", Ownership(0o022, "daemon"))
    assert (here / "failed").group() == "daemon"


# ---------------------------------------------------------------- WHY.txt


def test_our_note_ends_its_lines_for_notepad(here):
    path = write_why(here, "a.obj is empty.\nCopy it again.", OURS)
    assert path.name == "WHY.txt"
    assert path.read_bytes().startswith(b"a.obj is empty.\r\nCopy it again.\r\n\r\nvisaged wrote this note (")
    assert path.read_bytes().endswith(b").\r\n")


def test_our_note_is_dropped_when_the_item_comes_back(here):
    order = dropped(here / "inbox", here / "work", "folder")
    write_why(here / "inbox" / "lane" / "pair", "it was bad", OURS)
    order = order_of(here / "inbox", here / "work", order.tops, "folder")
    assert "in/WHY.txt" not in paths(take(order))


def test_a_note_of_the_users_own_is_kept_and_ours_lies_beside_it(here):
    plant(here, {"WHY.txt": b"because I say so"})
    assert write_why(here, "it is empty", OURS).name == "WHY-2.txt"
    assert write_why(here, "it is still empty", OURS).name == "WHY-2.txt"
    drop_why(here)
    assert files(here) == {"WHY.txt": b"because I say so"}


def test_a_note_of_ours_to_which_the_user_added_something_is_kept(here):
    path = write_why(here, "it is empty", OURS)
    path.write_bytes(path.read_bytes() + b"no, it is not!")
    drop_why(here)
    assert path.exists()


def test_a_note_of_ours_before_which_the_user_put_something_is_kept(here):
    path = write_why(here, "it is empty", OURS)
    path.write_bytes(b"no, it is not!\r\n" + path.read_bytes())
    drop_why(here)
    assert path.exists()


def test_a_note_can_name_a_file_that_is_not_utf8(here):
    write_why(here, os.fsdecode(b"caf\xe9 is empty"), OURS)
    assert b"caf\\udce9 is empty" in (here / "WHY.txt").read_bytes()


def test_a_link_named_why_is_not_followed(here):
    elsewhere_note = write_why(here, "ours", OURS)
    (here / "item").mkdir()
    (here / "item" / "WHY.txt").symlink_to(elsewhere_note)
    drop_why(here / "item")
    assert elsewhere_note.exists()


def test_what_was_unpacked_is_never_taken_for_what_was_dropped(here):
    order = dropped(here / "inbox", here / "work", "archive")
    take(order)
    put_away(inputs_at(order.work), here / "archive" / "pair", OURS)
    assert (order.work / "in" / "pair" / "a.obj").exists()
    assert inputs_at(order.work) is None


def test_an_item_that_failed_can_be_taken_again_from_where_it_was_put(here):
    order = dropped(here / "inbox", here / "work", "archive")
    take(order)
    place = put_away(inputs_at(order.work), here / "failed" / "pair", OURS)
    write_why(place, "it was bad", OURS)
    shutil.rmtree(order.work / "in")
    assert put_away(place, order.final, OURS) == order.final
    assert isinstance(take(order), Taken)
    assert files(inputs_at(order.work)) == DROPS["archive"][0]


def test_the_work_folder_can_be_removed_when_all_is_put_away(here):
    order = dropped(here / "inbox", here / "work", "archive")
    take(order)
    put_away(inputs_at(order.work), here / "archive" / "pair", OURS)
    shutil.rmtree(order.work)
    assert files(here / "archive" / "pair") == DROPS["archive"][0]
