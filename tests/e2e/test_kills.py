"""kill -9 of the daemon at every labelled step: everything ends once, nothing is lost, nothing half done is seen."""

import hashlib
import io
import json
import signal
import zipfile

import pytest

from daemon.failpoints import Step
from daemon.model import Status

ELSEWHERE = {
    Step.RETURN_FIRST,  # an item that changes while it is taken: tests/unit/test_custody.py
    Step.MOVE_COPYING,  # two file systems: tests/unit/test_custody.py and test_moves.py
    Step.MOVE_COPIED,
    Step.MOVE_CLEARING,
    Step.PREPARED,  # what is remembered and shown as a tree: tests/e2e/test_ledger_kills.py
    *(step for step in Step if step.startswith("tree:")),  # and tests/unit/test_tree_kills.py
    *(step for step in Step if step.startswith("state:")),  # and tests/unit/test_revisions.py
    *(step for step in Step if step.startswith("docker:")),  # tests/e2e/test_docker_kills.py
    *(step for step in Step if step.startswith("forget:")),  # tests/e2e/test_forget.py
}
"""Steps that a drop on one file system, with processes as stages, does not pass."""


def archive(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, f"content of {name}")
    return buffer.getvalue()


DROPS = {
    "noop/folder/a.noop": b"first",
    "noop/folder/notes.txt": b"carried along",
    "noop/packed.zip": archive("p.noop", "q.noop"),
    "counted/one.count": b"12345",
    "counted/two.count": b"1234567",
    "noop/unusable.xyz": b"nobody can use this",
}


def drop_all(place):
    for path, content in DROPS.items():
        target = place.inbox / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def check_everything_ended_once(place):
    kept = place.files("inbox", "archive", "failed", "work")
    for path, content in DROPS.items():
        digest = hashlib.sha256(content).hexdigest()
        where = [p for p, found in kept.items() if found == digest]
        assert len(where) == 1, (path, where)
        assert where[0].startswith("failed/" if path.endswith(".xyz") else "archive/")
    by_item = {job.item: job for job in place.jobs() if job.status is not Status.RETURNED}
    assert {item: job.status for item, job in by_item.items()} == {
        "folder": Status.DONE,
        "packed": Status.DONE,
        "one__two": Status.DONE,
        "unusable": Status.FAILED,
    }
    results = sorted(
        str(p.relative_to(place.root / "results")) for p in (place.root / "results").rglob("*") if p.is_file()
    )
    assert results == [
        "counted/default/one__two.receipt.json",
        "counted/default/one__two.txt",
        "noop/folder/receipt.json",
        "noop/folder/seen.txt",
        "noop/packed/receipt.json",
        "noop/packed/seen.txt",
    ]
    assert (place.root / "results/counted/default/one__two.txt").read_text() == "12\n"
    receipt = json.loads((place.root / "results/noop/folder/receipt.json").read_text())
    assert receipt["job"] == by_item["folder"].id
    assert receipt["carried_along"] == ["in/notes.txt"]
    assert (place.root / "failed/noop/unusable/WHY.txt").is_file()


def starts(place, item):
    (job,) = (j for j in place.jobs() if j.item == item and j.status is Status.DONE)
    return len((place.root / "work" / job.id / "stages/noop/starts").read_text().splitlines())


def test_undisturbed_it_all_ends_well(place):
    drop_all(place)
    ran = place.visaged("run", "--once")
    assert ran.returncode == 1, ran.stderr  # one item fails
    check_everything_ended_once(place)


@pytest.mark.parametrize("label", [step for step in Step if step not in ELSEWHERE])
def test_killed_at_any_step_it_recovers_by_itself(place, label):
    drop_all(place)
    killed = place.visaged("run", "--once", kill_at=label)
    assert killed.returncode == -signal.SIGKILL, f"{label} was never passed: {killed.stderr}"
    place.visaged("run", "--once")
    check_everything_ended_once(place)
    assert starts(place, "folder") == 1
    assert starts(place, "packed") == 1


@pytest.mark.parametrize("label", [Step.STAGE_SUBMITTED, Step.STAGE_INTENT])
def test_a_stage_that_runs_when_the_daemon_is_killed_is_adopted_and_not_started_again(place, label):
    place.configure(rest="[pipelines.noop]\nsleep = 3.0\n")
    place.drop("noop/long.noop", "long")
    killed = place.visaged("run", "--once", kill_at=label)
    assert killed.returncode == -signal.SIGKILL
    ran = place.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert starts(place, "long") == 1
    (job,) = place.jobs()
    assert [a.number for a in place.attempts(job)] == [1]
