"""The result tree: nobody sees half a result, nothing is overwritten, and a kill anywhere changes neither."""

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.custody import Occupied
from daemon.failpoints import Step
from daemon.folders import Ownership
from daemon.model import Failed, Kind
from daemon.publish import Publication, Receipt, choose_target, publish, published, receipt
from pipelines.contract import Fault, Input, Publish
from tests.killing import OTHER, attempt, attempt_anew, census, files, listed, plant

FRAMES = {"frames/000.png": b"A" * 5000, "frames/001.png": b"B" * 5000, "animation.mp4": b"film"}
LABELS = [s for s in Step if s.startswith(("publish:", "move:")) and s is not Step.PUBLISH_INTENT]
FACTS = Receipt(
    job="job1",
    pipeline="morph",
    version="1",
    name="smile",
    inputs=(
        Input(path="in/a.obj", role="a", size=3, sha256="00"),
        Input(path="in/\udcff ü.txt", role="", size=1, sha256="11"),
    ),
    options={"frames": 41},
    faults=(Fault(what="a__c", why="c.obj is empty"),),
)


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


def folder_result(work, results, **changes):
    plant(work / "job1" / "stages" / "render" / "out", FRAMES)
    return plan(work, results, work / "job1" / "stages" / "render" / "out", **changes)


def file_result(work, results, **changes):
    plant(work / "job1" / "stages" / "render", {"out.mp4": b"film" * 1000, "result.json": b"{}"})
    return plan(work, results, work / "job1" / "stages" / "render" / "out.mp4", **changes)


def accompanied(work, results, **changes):
    order = file_result(work, results, **changes)
    plant(order.staged.parent, {"preview.png": b"picture"})
    return replace(order, beside=(order.staged.with_name("preview.png"),))


def plan(work, results, staged, **changes):
    return Publication(
        **{
            "job": "job1",
            "staged": staged,
            "work": work / "job1",
            "results": results,
            "target": "smile",
            "receipt": receipt(FACTS),
            "ownership": Ownership(0o022),
            **changes,
        }
    )


FOLDER = {f"smile/{name}": data for name, data in FRAMES.items()} | {"smile/receipt.json": receipt(FACTS)}
FILE = {"smile.mp4": b"film" * 1000, "smile.receipt.json": receipt(FACTS)}
KINDS = [
    (folder_result, FOLDER),
    (file_result, FILE),
    (accompanied, {**FILE, "smile.preview.png": b"picture"}),
]


# ---------------------------------------------------------------- what is published


@pytest.mark.parametrize(("result", "expected"), KINDS)
@pytest.mark.parametrize("far", [False, True])
def test_a_result_appears_with_its_receipt_and_nothing_else(here, elsewhere, far, result, expected):
    results = (elsewhere if far else here) / "results" / "morph"
    assert publish(result(here / "work", results)) is None
    assert files(results) == expected
    assert listed(results) == {name.split("/")[0] for name in expected}
    assert published(results, "smile", "job1")
    assert not published(results, "smile", "job2")


@pytest.mark.parametrize(("result", "expected"), KINDS)
def test_publishing_twice_is_publishing_once(here, result, expected):
    order = result(here / "work", here / "results")
    assert publish(order) is None
    assert publish(order) is None
    assert files(here / "results") == expected


@pytest.mark.parametrize("label", [None, "publish:staged", "publish:receipt"])
def test_a_job_that_is_run_again_publishes_its_new_result(here, label):
    attempt(label, publish, folder_result(here / "work", here / "results"))
    again = folder_result(here / "work", here / "results", target="smile-2")
    (again.staged / "animation.mp4").write_bytes(b"better film")
    assert publish(again) is None
    assert files(here / "results")["smile-2/animation.mp4"] == b"better film"


def test_a_result_that_the_user_took_away_is_not_published_again(here):
    order = folder_result(here / "work", here / "results")
    publish(order)
    (here / "results" / "smile").rename(here / "mine")
    assert publish(order) is None
    assert listed(here / "results") == set()


@pytest.mark.parametrize(("result", "why"), [(folder_result, "smile/WHY.txt"), (file_result, "smile.WHY.txt")])
def test_what_failed_of_an_item_is_said_beside_its_result(here, result, why):
    assert publish(result(here / "work", here / "results", why="c.obj is empty")) is None
    assert b"c.obj is empty\r\n" in files(here / "results")[why]


def test_an_answered_job_gets_a_folder_that_points_to_the_answer(here):
    assert publish(plan(here / "work", here / "results", None, see="The result is in smile-1.")) is None
    assert set(files(here / "results")) == {"smile/receipt.json", "smile/SEE.txt"}
    assert b"The result is in smile-1.\r\n" in files(here / "results")["smile/SEE.txt"]


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("result", [folder_result, file_result])
def test_results_get_the_umask(here, elsewhere, far, result):
    results = (elsewhere if far else here) / "results" / "morph"
    publish(result(here / "work", results, ownership=Ownership(0o007)))
    modes = {(p.is_dir(), p.stat().st_mode & 0o777) for p in (results, *results.rglob("*"))}
    assert modes == {(True, 0o770), (False, 0o660)}


@pytest.mark.skipif(os.getuid() != 0, reason="giving a file to another group needs root")
@pytest.mark.parametrize("far", [False, True])
def test_results_get_the_group(here, elsewhere, far):
    results = (elsewhere if far else here) / "results"
    publish(folder_result(here / "work", results, ownership=Ownership(0o022, "daemon")))
    assert {p.group() for p in (results, *results.rglob("*"))} == {"daemon"}


def test_a_link_in_a_result_is_never_published(here):
    order = folder_result(here / "work", here / "results")
    (order.staged / "link").symlink_to("/etc/passwd")
    outcome = publish(order)
    assert outcome.kind is Kind.CRASH
    assert "fault of the pipeline" in outcome.reason
    assert not (here / "results").exists()


def test_a_result_that_is_gone_from_the_work_folder_is_said(here):
    outcome = publish(plan(here / "work", here / "results", here / "work" / "out"))
    assert isinstance(outcome, Failed)
    assert not (here / "results").exists()


def test_a_results_folder_that_is_in_the_way_is_infrastructure(here):
    order = folder_result(here / "work", here / "results" / "morph")
    (here / "results").write_bytes(b"")
    assert publish(order).kind is Kind.INFRASTRUCTURE
    (here / "results").unlink()
    assert publish(order) is None


# ---------------------------------------------------------------- names


def test_a_used_name_gets_a_number(here):
    plant(here, {"Smile/x": b"", "smile-2.mp4": b""})
    assert choose_target(here, "smile", Publish.FOLDER) == "smile-2"
    assert choose_target(here, "smile-2", Publish.FILE, [".mp4"]) == "smile-2-2"


def test_a_file_needs_its_receipts_name_too(here):
    plant(here, {"SMILE.receipt.json": b""})
    assert choose_target(here, "smile", Publish.FILE, [".mp4"]) == "smile-2"


def test_what_stands_beside_a_file_needs_its_name_too(here):
    plant(here, {"smile.preview.png": b""})
    assert choose_target(here, "smile", Publish.FILE, [".mp4", ".preview.png"]) == "smile-2"


def test_where_what_stands_beside_a_file_is_gone_nothing_is_published(here):
    order = accompanied(here / "work", here / "results")
    order.beside[0].unlink()
    assert "preview.png) is gone, or no file" in publish(order).reason
    assert not (here / "results").exists()


def test_a_name_is_free_where_no_result_was_ever_published(here):
    assert choose_target(here / "results", "a:b", Publish.FOLDER) == "a_b"


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize(("result", "there"), [
    (folder_result, "smile/mine.txt"), (folder_result, "smile"), (file_result, "smile.mp4"),
    (file_result, "smile.receipt.json"), (file_result, "smile.WHY.txt"), (accompanied, "smile.preview.png"),
])  # fmt: skip
def test_a_name_that_the_user_took_meanwhile_is_not_overwritten(here, elsewhere, far, result, there):
    results = (elsewhere if far else here) / "results"
    plant(results, {there: b"mine"})
    order = result(here / "work", results, why="c.obj is empty")
    assert isinstance(publish(order), Occupied)
    assert files(results) == {there: b"mine"}
    assert publish(replace(order, target="smile-2")) is None
    assert files(results)[there] == b"mine"
    assert published(results, "smile-2", "job1")


def test_a_file_does_not_appear_for_a_moment_where_its_receipt_has_no_place(here):
    plant(here / "results", {"smile.receipt.json": b"mine"})
    order = file_result(here / "work", here / "results")
    assert not attempt("publish:first", publish, order)
    assert files(here / "results") == {"smile.receipt.json": b"mine"}


def test_a_file_whose_receipt_finds_no_place_is_taken_back(here):
    results = here / "results"
    order = file_result(here / "work", results)
    assert attempt("publish:first", publish, order)
    plant(results, {"smile.receipt.json": b"mine"})
    assert publish(order) == Occupied(results / "smile.receipt.json")
    assert files(results) == {"smile.receipt.json": b"mine"}
    assert publish(replace(order, target="smile-2")) is None
    assert set(files(results)) == {"smile.receipt.json", "smile-2.mp4", "smile-2.receipt.json"}


# ---------------------------------------------------------------- killed


def visible(results):
    """What a user sees, hidden files aside."""
    return {n: d for n, d in files(results).items() if not any(p.startswith(".") for p in n.split("/"))}


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("result", "expected"), KINDS)
@pytest.mark.parametrize("far", [False, True], ids=["one file system", "two file systems"])
def test_a_kill_while_publishing_shows_no_half_result_and_the_same_call_completes_it(
    here, elsewhere, far, result, expected, label, n
):
    results = (elsewhere if far else here) / "results"
    order = result(here / "work", results)
    made = census(order.work).keys()
    attempt(f"{label}:{n}", publish, order)
    seen = visible(results)
    assert seen == expected or "smile.receipt.json" not in seen
    assert seen.items() <= expected.items()
    assert not seen or "smile.mp4" in seen or seen == expected
    assert made <= census(here, elsewhere).keys()
    assert publish(order) is None
    assert files(results) == expected
    assert listed(results) == {name.split("/")[0] for name in expected}
    assert census(order.work / "publishing") == census(order.work / "preparing") == {}


@pytest.mark.parametrize("label", LABELS)
def test_each_label_of_publishing_kills_a_real_process_that_reads_its_environment(here, elsewhere, label):
    order = folder_result(here / "work", elsewhere / "results")
    assert attempt_anew(label, publish, order)
    assert publish(order) is None
    assert files(elsewhere / "results") == FOLDER


@pytest.mark.parametrize("label", ["move:placed", "move:clearing"])
def test_a_result_that_the_user_changed_before_recovery_is_not_published_twice(here, elsewhere, label):
    order = folder_result(here / "work", elsewhere / "results")
    assert attempt(label, publish, order)
    (elsewhere / "results" / "smile" / "animation.mp4").unlink()
    assert publish(order) is None
    assert set(files(elsewhere / "results")) == FOLDER.keys() - {"smile/animation.mp4"}


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.integers(1, 3)), max_size=4), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_number_of_kills_ends_in_one_whole_result(kills, far, folder):
    with tempfile.TemporaryDirectory() as base, other_file_system() as other:
        results = Path(other if far else base, "results")
        result, expected = KINDS[0] if folder else KINDS[1]
        order = result(Path(base, "work"), results)
        for label, n in kills:
            attempt(f"{label}:{n}", publish, order)
        assert publish(order) is None
        assert files(results) == expected


# ---------------------------------------------------------------- the receipt


def test_a_receipt_says_what_a_result_was_made_of():
    said = json.loads(receipt(FACTS))
    assert said["inputs"] == [{"path": "in/a.obj", "role": "a", "size": 3, "sha256": "00"}]
    assert said["faults"] == [{"what": "a__c", "why": "c.obj is empty"}]
    assert (said["image"], said["options"]) == (None, {"frames": 41})
    assert "answered_by" not in said


def test_a_receipt_names_what_was_carried_along_byte_for_byte():
    assert json.loads(receipt(FACTS))["carried_along"] == ["in/\udcff ü.txt"]


def test_a_receipt_can_be_read_by_a_person():
    assert b'  "job": "job1",\n' in receipt(FACTS)
    assert " ü.txt".encode() in receipt(FACTS)


@given(st.text(st.characters() | st.integers(0xDC80, 0xDCFF).map(chr)))
def test_any_text_survives_a_receipt(text):
    assert json.loads(receipt(replace(FACTS, options={"text": text})))["options"]["text"] == text


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"job": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_receipt_of_ours_is_nobodys_result(here, data):
    plant(here, {"smile/receipt.json": data})
    assert not published(here, "smile", "job1")
