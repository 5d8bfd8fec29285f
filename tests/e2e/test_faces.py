"""Pictures of people through a running daemon: folders of people, which listen to their user."""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from daemon.cli.heads import make_demo_pictures
from daemon.model import Status

pytestmark = pytest.mark.data

ADA = ("IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg", "IMG_0017.jpg", "IMG_0018.jpg")
BRUNO = ("IMG_0005.jpg", "IMG_0006.jpg", "IMG_0007.jpg", "IMG_0020.jpg")
CHIDI = ("IMG_0009.jpg", "IMG_0010.jpg", "IMG_0011.jpg", "IMG_0023.jpg")
TOGETHER = "IMG_0037.jpg"
"""Which of the demo's pictures show whom; the last shows Ada and Bruno."""


@pytest.fixture(scope="session")
def album(tmp_path_factory):
    """The pictures of the demo of faces."""
    folder = tmp_path_factory.mktemp("album")
    make_demo_pictures(folder)
    return folder


@pytest.fixture
def shelf(place, models):
    """A place whose faces are sorted as painted heads want it, with the weights at hand."""
    place.configure(
        daemon=f'models = "{models}"\nfetch_models = false\ntree_seconds = 0.5',
        rest="[pipelines.faces]\nthreshold = 0.7\n",
    )
    return place


def put(place, album, names, item, key="family"):
    hidden = place.root / f".dropping-{item}"
    hidden.mkdir()
    for name in names:
        shutil.copyfile(album / name, hidden / name)
    target = place.inbox / "faces" / key
    target.mkdir(parents=True, exist_ok=True)
    hidden.rename(target / item)


def once(place):
    ran = place.visaged("run", "--once", timeout=180)
    assert ran.returncode == 0, ran.stderr[-3000:]


def tree(place, key="family"):
    return place.root / "results" / "faces" / key


def people(place, key="family"):
    """Folder -> the pictures in it, without what we make ourselves."""
    return {
        folder.name: {p.name for p in folder.iterdir() if p.name.startswith("IMG_")}
        for folder in (tree(place, key) / "people").iterdir()
    }


def folder_of(place, picture):
    (found,) = (name for name, pictures in people(place).items() if picture in pictures)
    return found


def test_pictures_of_three_people_become_three_folders(shelf, album):
    put(shelf, album, [*ADA, *BRUNO, *CHIDI, TOGETHER], "party")
    once(shelf)
    found = sorted(map(sorted, people(shelf).values()))
    assert found == sorted(map(sorted, [{*ADA, TOGETHER}, {*BRUNO, TOGETHER}, set(CHIDI)]))
    with (tree(shelf) / "faces.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 15
    assert (tree(shelf) / "contact-sheet.jpg").stat().st_size > 1000
    assert "3" in (tree(shelf) / "report.html").read_text("utf-8")
    assert (tree(shelf) / "people" / folder_of(shelf, ADA[0]) / ADA[0]).stat().st_nlink == 2, (
        "a hard link costs nothing"
    )


def test_a_name_stays_over_new_drops_and_nights_and_what_was_moved_stays_moved(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3], CHIDI[0], CHIDI[1]], "first")
    once(shelf)
    (tree(shelf) / "people" / folder_of(shelf, ADA[0])).rename(tree(shelf) / "people" / "Ada")
    bruno = folder_of(shelf, BRUNO[0])
    (tree(shelf) / "people" / bruno / BRUNO[0]).rename(tree(shelf) / "people" / "Ada" / BRUNO[0])
    put(shelf, album, [*ADA[3:], *BRUNO[3:], *CHIDI[2:]], "second")
    once(shelf)
    assert {*ADA[:3], BRUNO[0]} <= people(shelf)["Ada"]
    assert BRUNO[0] not in people(shelf)[bruno]
    shelf.forget_nights()
    once(shelf)
    assert {*ADA[:3], BRUNO[0]} <= people(shelf)["Ada"]
    assert set(BRUNO[1:]) <= people(shelf)[bruno]
    assert "recluster" in [j.command for j in shelf.jobs() if j.status is Status.DONE]


def test_a_running_daemon_hears_a_renamed_folder(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    shelf.start()
    shelf.wait_for(lambda: [j.status for j in shelf.jobs()] == [Status.DONE], seconds=90)
    (tree(shelf) / "people" / folder_of(shelf, ADA[0])).rename(tree(shelf) / "people" / "Ada")
    shelf.wait_for(lambda: [j.status for j in shelf.jobs()] == [Status.DONE, Status.DONE], seconds=90)
    listed = json.loads(shelf.visaged("people", "list", "--json").stdout)
    assert "Ada" in json.dumps(listed)


def test_everything_about_a_person_can_be_forgotten(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    once(shelf)
    person = folder_of(shelf, ADA[0])
    gone = shelf.visaged("people", "forget", person, timeout=120)
    assert gone.returncode == 0, gone.stderr
    assert [sorted(p) for p in people(shelf).values()] == [sorted(BRUNO[:3])]
    assert len(list((shelf.root / "state/faces/family/revisions").iterdir())) == 1, "no older revision holds them"
    chips = list(shelf.root.rglob("chips.npy"))
    assert all("work" not in path.parts[-6:] or "cluster" in path.parts for path in chips), chips
    found = shelf.visaged("faces", "find", str(album / ADA[4]), "--json", timeout=120)
    assert ADA[0] not in found.stdout


def test_a_picture_finds_all_others_of_its_person(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    once(shelf)
    found = shelf.visaged("faces", "find", str(album / ADA[3]), timeout=120)
    assert found.returncode == 0, found.stderr
    lines = [line for line in found.stdout.splitlines() if "IMG_" in line]
    assert {line.split()[1] for line in lines[:3]} == set(ADA[:3])


def test_what_cannot_be_used_is_named_and_the_rest_is_done(shelf, album):
    put(shelf, album, [*ADA[:2], *BRUNO[:2]], "mixed")
    folder = shelf.inbox / "faces" / "family" / "mixed"
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture")
    (folder / "cut.jpg").write_bytes((album / ADA[2]).read_bytes()[:900])
    (folder / os.fsdecode(b"bad\xffname.jpg")).write_bytes((album / ADA[3]).read_bytes())
    (folder / "sub").mkdir()
    shutil.copyfile(album / BRUNO[2], folder / "sub" / ADA[0])
    once(shelf)
    (job,) = shelf.jobs()
    assert job.status is Status.DONE
    assert {Path(f.what).name for f in job.faults} == {"empty.jpg", "text.png", "cut.jpg"}
    why = (tree(shelf) / "WHY.txt").read_text("utf-8")
    assert "text.png" in why
    pictures = [p for names in people(shelf).values() for p in names]
    assert len(pictures) >= 5, "two pictures of one name stand side by side"


@pytest.mark.parametrize("stage", ["survey", "embed", "cluster", "tree"])
def test_a_stage_that_is_killed_goes_on_and_the_people_are_the_same(shelf, album, stage):
    put(shelf, album, [*ADA[:3], *BRUNO[:3], *CHIDI[:3]], "party")
    shelf.start()
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = subprocess.run(
            ["pgrep", "-f", f"pipelines.faces {stage} {shelf.root}"], capture_output=True, check=False
        )
        pids = [int(p) for p in found.stdout.split()]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[-1], signal.SIGKILL)
            break
        time.sleep(0.01)
    shelf.wait_for(lambda: [j.status for j in shelf.jobs()] == [Status.DONE], seconds=120)
    assert sorted(map(sorted, people(shelf).values())) == sorted(map(sorted, [ADA[:3], BRUNO[:3], CHIDI[:3]]))


def test_without_weights_a_drop_says_what_to_type(place, album, tmp_path):
    place.configure(daemon=f'models = "{tmp_path / "none"}"\nfetch_models = false')
    put(place, album, ADA[:2], "first")
    assert place.visaged("run", "--once", timeout=120).returncode == 1
    (job,) = place.jobs()
    assert job.status is Status.FAILED
    assert "visaged models fetch buffalo_sc" in str(job.reason)
    assert sorted(p.name for p in (place.root / "failed/faces/first").iterdir()) == sorted([*ADA[:2], "WHY.txt"])


def test_a_night_that_mixed_people_up_can_be_rolled_back_with_the_names_there_were(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3], *CHIDI[:3]], "first")
    once(shelf)
    (tree(shelf) / "people" / folder_of(shelf, ADA[0])).rename(tree(shelf) / "people" / "Ada")
    once(shelf)
    before = people(shelf)
    number = json.loads(shelf.visaged("rollback", "faces", "family", "--json").stdout)[0]["number"]
    assert shelf.visaged("people", "merge", "Ada", folder_of(shelf, BRUNO[0]), timeout=120).returncode == 0
    assert shelf.visaged("people", "rename", "Ada", "Somebody", timeout=120).returncode == 0
    assert set(people(shelf)["Somebody"]) == {*ADA[:3], *BRUNO[:3]}
    (tree(shelf) / "people" / "Somebody" / "mine.txt").write_text("my own")
    back = shelf.visaged("rollback", "faces", "family", "--to", str(number), timeout=120)
    assert back.returncode == 0, back.stderr
    now = people(shelf)
    assert {name: now[name] for name in before} == before
    assert now.keys() - before.keys() == {"Somebody"}
    assert [p.name for p in (tree(shelf) / "people" / "Somebody").iterdir()] == ["mine.txt"]
    assert "Ada" in shelf.visaged("people", "list", timeout=120).stdout
    shelf.forget_nights()
    once(shelf)
    assert {name: people(shelf)[name] for name in before} == before


def test_people_that_was_deleted_whole_is_put_back_and_the_share_says_so(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    once(shelf)
    board = shelf.inbox / "STATUS.txt"
    assert "buffalo_sc: InsightFace: the weights are for non-commercial research only." in board.read_text()
    before = people(shelf)
    shutil.rmtree(tree(shelf) / "people")
    once(shelf)
    assert people(shelf) == before
    assert "see WHY.txt there" in board.read_text()
    assert "people: all its folders were gone at once" in (tree(shelf) / "WHY.txt").read_text()
    assert "all its folders were gone at once" in (tree(shelf) / "report.html").read_text()
    assert shelf.visaged("recluster", timeout=120).returncode == 0
    assert not (tree(shelf) / "WHY.txt").exists()


def test_nobody_who_is_forgotten_stays_in_what_a_restore_put_aside(shelf, album, tmp_path):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    once(shelf)
    assert shelf.visaged("backup", str(tmp_path / "kept.tar.gz")).returncode == 0
    assert shelf.visaged("restore", str(tmp_path / "kept.tar.gz"), "--force").returncode == 0
    assert list((shelf.root / "state/faces").glob(".before-*-family"))
    assert shelf.visaged("people", "forget", folder_of(shelf, ADA[0]), timeout=120).returncode == 0
    assert not list((shelf.root / "state/faces").glob(".before-*"))


def test_a_collection_that_is_forgotten_leaves_pictures_alone_and_begins_anew(shelf, album):
    put(shelf, album, [*ADA[:3], *BRUNO[:3]], "first")
    once(shelf)
    before = people(shelf)
    gone = shelf.visaged("forget", "faces", "family", "--yes", timeout=120)
    assert gone.returncode == 0, gone.stderr
    assert people(shelf, "family (forgotten)") == before
    left = {p.name for p in tree(shelf, "family (forgotten)").rglob("*") if p.is_file()}
    assert left == {*ADA[:3], *BRUNO[:3]}
    assert not [p for p in shelf.root.rglob("*") if p.name.startswith(("embeddings", "chips"))]
    put(shelf, album, BRUNO[:3], "again")
    once(shelf)
    assert people(shelf) == {"person-0001": set(BRUNO[:3])}
