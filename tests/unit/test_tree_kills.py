"""A change of a tree that is killed at any labelled step: the same call ends where an undisturbed one would have."""

import shutil
import tempfile
from pathlib import Path

import pytest

from daemon.failpoints import Step
from daemon.tree import Applied, apply
from pipelines.contract import Leaf, Place
from tests.killing import OTHER, attempt, attempt_anew, files, plant
from tests.unit.tree_world import World, interrupted, leaf, made, sha

LABELS = [step for step in Step if step.startswith("tree:")]
PICTURES = {name: name.encode() * 50 for name in "abcdefgh"}


def before(world):
    """A tree with people, a user's own file, and edits that the next stage knows of."""
    world.drop(*PICTURES.values())
    leaves = [leaf(f"people/p1/{n}.jpg", PICTURES[n]) for n in "abc"]
    leaves += [leaf("people/P2/d.jpg", PICTURES["d"], place=Place.COPY), leaf("people/p3/e.jpg", PICTURES["e"])]
    leaves += [leaf("swap1/s.jpg", PICTURES["f"]), leaf("swap2/s.jpg", PICTURES["g"])]
    leaves += [made("people/p1/sheet.jpg"), made("faces.csv")]
    world.show(leaves, {"people/p1/sheet.jpg": b"sheet", "faces.csv": b"1"})
    world.write("people/p1/notes.txt", b"mine")
    world.move("people/p1/c.jpg", "people/p3/c.jpg")
    world.archived.pop(sha(PICTURES["e"]))
    (world.root / "archive" / f"{sha(PICTURES['e'])[:8]}.jpg").unlink()


def wish(world):
    """Everything happens: a new spelling, moves, a swap, new files, replaced ones, removals, a last copy."""
    leaves = [leaf(f"people/Anna/{n}.jpg", PICTURES[n], "faces:9") for n in "ab"]
    leaves += [leaf("people/p2/d.jpg", PICTURES["d"]), leaf("people/p3/c.jpg", PICTURES["c"])]
    leaves += [leaf("swap1/s.jpg", PICTURES["g"]), leaf("swap2/s.jpg", PICTURES["f"]), leaf("new/h.jpg", PICTURES["h"])]
    leaves += [made("people/Anna/sheet.jpg"), made("faces.csv"), Leaf(path="lost.jpg", sha256=sha(b"lost"))]
    return world.change(
        leaves, {"people/Anna/sheet.jpg": b"new sheet", "faces.csv": b"2"}, beside={"receipt.json": b"{}"}
    )


THERE = {
    "people/Anna/a.jpg": PICTURES["a"], "people/Anna/b.jpg": PICTURES["b"], "people/Anna/sheet.jpg": b"new sheet",
    "people/p1/notes.txt": b"mine", "people/p2/d.jpg": PICTURES["d"], "people/p3/c.jpg": PICTURES["c"],
    "swap1/s.jpg": PICTURES["g"], "swap2/s.jpg": PICTURES["f"], "new/h.jpg": PICTURES["h"], "faces.csv": b"2",
    "receipt.json": b"{}",
}  # fmt: skip
COUNTS = (4, 6, 2, 1)
"""placed: h, sheet, table, receipt; moved: a, b, the two that change places; removed: e, the old sheet; kept: e."""


@pytest.fixture(params=["near", "far"])
def world(request, tmp_path):
    """A collection whose tree is on the file system of the archive, or on another."""
    if request.param == "near":
        yield World(tmp_path)
        return
    if not OTHER.is_dir() or OTHER.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("NOT TESTED: a tree on another file system than the archive needs /dev/shm")
    with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=OTHER) as folder:
        yield World(tmp_path, place=Path(folder))


def check(world, change):
    applied = apply(change)
    assert isinstance(applied, Applied), applied
    assert world.seen() == THERE
    assert files(world.kept) == {"people/p3/e.jpg": PICTURES["e"]}
    assert not (world.tree / ".visaged-partial").exists()
    assert all(was == path for path, (was, _) in world.published().items() if path != "people/p1/notes.txt")
    assert apply(change) == applied
    return applied


def test_undisturbed_it_all_happens_at_once(world):
    before(world)
    applied = check(world, wish(world))
    assert (applied.placed, applied.removed, applied.kept, applied.unknown) == (4, 2, 1, 1)
    assert applied.moved == 4


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("label", LABELS)
def test_killed_at_any_step_the_same_call_completes_it(world, label, times):
    if label is Step.TREE_BEGUN:
        world.drop(*PICTURES.values())
        change = world.change([leaf("p/a.jpg", PICTURES["a"])])
        assert attempt(f"{label}:{times}", apply, change) is (times == 1)
        assert isinstance(apply(change), Applied)
        assert world.seen() == {"p/a.jpg": PICTURES["a"]}
        return
    before(world)
    change = wish(world)
    pictures = world.pictures()
    killed = attempt(f"{label}:{times}", apply, change)
    assert killed or times > 1
    assert world.pictures() == pictures
    looked = world.published()
    assert not any(path.startswith("-") for path in looked), "what we move or remove is no statement of the user's"
    applied = check(world, change)
    assert applied.kept <= 1
    assert applied.unknown == 1


def test_killed_before_any_single_write_the_same_call_completes_it(world):
    for at in range(1, 500):
        other = World(world.root / str(at), place=world.place / str(at) if world.place else None)
        other.root.mkdir()
        before(other)
        change = wish(other)
        if not interrupted(at, apply, change):
            assert at > 30
            return
        check(other, change)
    pytest.fail("it never ended")


def test_killed_again_and_again_it_ends_all_the_same(world):
    before(world)
    change = wish(world)
    for label in [*LABELS, *reversed(LABELS)]:
        attempt(label, apply, change)
    check(world, change)


def test_a_new_process_goes_on_where_the_killed_one_was(world):
    before(world)
    change = wish(world)
    assert attempt_anew("tree:placed:3", apply, change)
    check(world, change)


@pytest.mark.parametrize("label", [s for s in LABELS if s is not Step.TREE_BEGUN])
def test_what_a_user_does_between_kill_and_recovery_is_respected(world, label):
    before(world)
    change = wish(world)
    attempt(f"{label}:2", apply, change)
    plant(world.tree, {"people/Anna/mine.txt": b"mine", "new/h (2).jpg": b"mine too"})
    moved = next((p for p in ("people/Anna/a.jpg", "people/p1/a.jpg") if (world.tree / p).exists()), None)
    if moved:
        world.move(moved, "people/Bert/a.jpg")
    applied = apply(change)
    assert isinstance(applied, Applied)
    seen = world.seen()
    assert seen.items() >= {"people/Anna/mine.txt": b"mine", "new/h (2).jpg": b"mine too"}.items()
    assert "people/Bert/a.jpg" in seen or not moved
    assert world.pictures() == {sha(content) for content in PICTURES.values()}
    assert apply(change) == applied


def test_what_a_user_removes_between_kill_and_recovery_is_not_put_back(world):
    before(world)
    change = wish(world)
    assert attempt("tree:noted", apply, change)
    world.remove("new/h.jpg")
    assert isinstance(apply(change), Applied)
    assert "new/h.jpg" not in world.seen()
    assert "-new/h.jpg" in world.published()


def test_a_job_that_failed_half_way_leaves_no_statement_in_the_users_name(world):
    before(world)
    change = wish(world)
    for label in ("tree:placed:3", "tree:placed:2", "tree:removed"):
        attempt(label, apply, change)
    shutil.rmtree(world.work)
    told = {path: was for path, (was, _) in world.published().items() if path != was}
    assert told == {"people/p1/notes.txt": None, "people/p3/c.jpg": "people/p1/c.jpg"}, "only what the user did"
