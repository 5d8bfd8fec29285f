"""Whatever stages want, users do and kills break off: a tree loses nothing of the user's, and comes to rest."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from daemon.names import folded
from daemon.tree import Applied, apply, recorded
from pipelines.contract import Place
from tests.killing import OTHER, files
from tests.unit.tree_world import World, interrupted, leaf, made, sha, snapshot

FAST = OTHER if OTHER.is_dir() else Path(tempfile.gettempdir())
PICTURES = [letter * 20 for letter in (b"a", b"b", b"c", b"d")]
FOLDERS = ["p", "P", "q", "r/deep", "s"]
NAMES = ["x.jpg", "X.jpg", "y.jpg", "x (2).jpg", "CON.jpg"]

paths = st.builds(lambda folder, name: f"{folder}/{name}", st.sampled_from(FOLDERS), st.sampled_from(NAMES))
pictures = st.builds(
    leaf, paths, st.sampled_from(PICTURES), st.sampled_from(["faces:1", "faces:2"]), st.sampled_from(list(Place))
)
sheets = st.dictionaries(
    st.builds(lambda folder, name: f"{folder}/{name}", st.sampled_from(FOLDERS), st.sampled_from(["s.jpg", "x.jpg"])),
    st.sampled_from([b"sheet 1", b"sheet 2"]),
    max_size=3,
)
edits = st.lists(
    st.tuples(st.sampled_from(["move", "move folder", "remove", "write", "write"]), st.integers(0, 30), paths),
    max_size=3,
)
rounds = st.tuples(
    edits, st.lists(pictures, max_size=8), sheets, edits, st.lists(st.integers(1, 60), max_size=2), edits
)


class User:
    """Edits a tree at random, and remembers which files are theirs."""

    def __init__(self, world):
        self.world = world
        self.own: dict[str, bytes] = {}
        self.written = 0

    def edit(self, done):
        for kind, pick, path in done:
            there = [p for p in sorted(self.world.seen()) if not p.startswith("receipt")]
            match kind:
                case "write":
                    self.written += 1
                    self.put(path, b"mine %d" % self.written)
                case "move" if there and not self.blocked(path):
                    old = there[pick % len(there)]
                    self.world.move(old, path)
                    self.own = {path if p == old else p: c for p, c in self.own.items()}
                case "move folder" if there:
                    self.move_folder(there[pick % len(there)].rpartition("/")[0], f"t{pick}")
                case "remove" if there:
                    old = there[pick % len(there)]
                    self.world.remove(old)
                    self.own.pop(old, None)

    def put(self, path, content):
        if not self.blocked(path):
            self.world.write(path, content)
            self.own[path] = content

    def move_folder(self, old, new):
        if old and not (self.world.tree / new).exists():
            self.world.move(old, new)
            self.own = {new + p[len(old) :] if p.startswith(f"{old}/") else p: c for p, c in self.own.items()}

    def blocked(self, path):
        parents = [self.world.tree / p for p in Path(path).parents]
        return (self.world.tree / path).exists() or any(p.exists() and not p.is_dir() for p in parents)


def of_users(world):
    """The hashes of all that the user ever dropped or wrote, and that is anywhere."""
    return world.contents() & (world.dropped | {sha(b"mine %d" % n) for n in range(40)})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rounds, min_size=1, max_size=4), st.sets(st.sampled_from(PICTURES)))
def test_nothing_of_the_users_is_ever_lost_and_a_tree_comes_to_rest(story, expiring):
    with tempfile.TemporaryDirectory(prefix="visaged-test-", dir=FAST) as folder:
        world = World(Path(folder))
        user = User(world)
        world.drop(*PICTURES)
        for earlier, leaves, sheet, meanwhile, kills, later in story:
            user.edit(earlier)
            expire(world, expiring)
            change = world.change([*leaves, *(made(path) for path in sheet)], sheet, beside={"receipt.json": b"{}"})
            user.edit(meanwhile)
            before = of_users(world)
            for n, at in enumerate(kills):
                event(f"killed: {interrupted(at, apply, change)}")
                check_own(world, user)
                assert of_users(world) >= before
                if n == 0:
                    user.edit(later)
                    before = of_users(world)
            applied = apply(change)
            assert isinstance(applied, Applied), applied
            assert of_users(world) >= before
            check_own(world, user)
            if meanwhile or later:  # where equal pictures change places meanwhile, it takes a second time to rest
                applied = apply(change)
                check_own(world, user)
            quiet = snapshot(world.root)
            assert apply(change) == applied
            assert snapshot(world.root) == quiet
            assert not (world.tree / ".visaged-partial").exists()
            if not meanwhile and not (later and kills):
                check_shown(world, leaves, sheet)
                assert all(line.path for line in world.look().shown)


def expire(world, expiring):
    """Pictures that the tree shows are in the archive no longer."""
    for content in expiring & set(world.seen().values()):
        for path in world.archived.pop(sha(content), ()):
            path.unlink()


def check_own(world, user):
    """What the user wrote is where they put it; at most its folder has another spelling."""
    there = {(folded(path), content): path for path, content in files(world.tree).items()}
    own = {(folded(path), content) for path, content in user.own.items()}
    assert there.keys() >= own
    user.own = {there[path, content]: content for path, content in own}


def check_shown(world, leaves, sheet):
    """Every leaf stands somewhere, but where the user has changed the picture in its place."""
    record = recorded(world.state)
    standing = {(entry.leaf, entry.sha256) for entry in record.entries.values()}
    at_hand = {*map(sha, world.seen().values()), *world.archived}
    for one in leaves:
        assert (one.path, one.sha256) in standing or one.sha256 not in at_hand
    for path, content in sheet.items():
        assert (path, sha(content)) in standing
