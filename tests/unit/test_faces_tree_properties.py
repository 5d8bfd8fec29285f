"""Whatever a user does to the tree, nothing surprising follows."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.unit.faces_tree_world import World

PLACES = (
    *("people/Anna", "people/Bob", "people/New", "people/person-0003", "people/anna ", "people/Anna/sub"),
    *("not-people", "unsorted", "no-face", "review/Anna", "review/Who", "mine"),
)
people = st.integers(1, 4)
who = st.one_of(people, people.map(lambda n: f"{1 + n % 2}?"), st.none())
worlds = st.lists(st.lists(who, max_size=3, unique_by=str), min_size=1, max_size=9)


@st.composite
def edits(draw, world: World) -> str:
    """One thing that a user does; what it was, in a word."""
    paths = world.files
    if not paths:
        return "nothing"
    path = draw(st.sampled_from(paths))
    kind = draw(st.sampled_from(("move", "copy", "delete", "rename", "folder", "new", "smb")))
    folder = path.rpartition("/")[0]
    top = draw(st.sampled_from(PLACES))
    to = f"{top}/{path.rpartition('/')[2]}"
    if kind == "rename":
        to = f"{folder}/other {draw(st.integers(0, 2))}.jpg"
    if kind in ("folder", "smb"):
        if folder.count("/") == 0 or top.startswith(folder) or any(p.startswith(top + "/") for p in paths):
            return "nothing"
        (world.move if kind == "folder" else world.copy_and_delete)(folder, top)
    elif kind == "delete":
        world.delete(path)
    elif kind == "new":
        world.put(to + ".txt", f"unknown {len(paths)}")
    elif to not in world.tree:
        (world.copy if kind == "copy" else world.move)(path, to)
    return kind


@st.composite
def edited(draw, most: int):
    asked = draw(worlds)
    world = World(
        {f"{n}.jpg": each for n, each in enumerate(asked)}, names={1: "Anna", 2: "Bob"}, crops=draw(st.booleans())
    )
    for _ in range(draw(st.integers(1, most))):
        event(draw(edits(world)))
    return world


def contents(world: World) -> set[str]:
    return {file.content for file in world.tree.values()}


@given(edited(6))
@settings(max_examples=150, deadline=None)
def test_what_was_read_once_is_not_read_again_and_no_picture_vanishes(world: World):
    before = contents(world)
    mine = {path: file for path, file in world.tree.items() if file.content.startswith("unknown")}
    for _ in range(9):  # of copies of one face in several folders each is heard in turn
        if not world.look():
            break
    tree = dict(world.tree)
    assert world.look() == []
    assert world.tree == tree
    assert contents(world) >= before
    assert mine.items() <= world.tree.items()


@given(edited(4))
@settings(max_examples=80, deadline=None)
def test_nobody_loses_a_name_but_by_merging_or_renaming(world: World):
    said = world.look()
    named = {person.name for person in world.holdings().census.people.values() if person.name}
    renamed = any("called" in one or " is " in one for one in said)
    assert renamed or {"Anna", "Bob"} <= named


@given(worlds, st.data())
@settings(max_examples=120, deadline=None)
def test_what_was_moved_is_where_the_user_put_it(asked, data):
    world = World({f"{n}.jpg": each for n, each in enumerate(asked)}, names={1: "Anna", 2: "Bob"})
    if not (paths := [path for path in world.files if path.count("/")]):
        return
    path = data.draw(st.sampled_from(paths))
    top = data.draw(st.sampled_from(("people/Anna", "people/New", "people/Bob/x", "not-people", "mine")))
    content = world.tree[path].content
    world.move(path, f"{top}/moved.jpg")
    world.look()
    folder = "/".join(top.split("/")[:2])
    assert any(at.startswith(folder + "/") and file.content == content for at, file in world.tree.items())
    assert world.look() == []
