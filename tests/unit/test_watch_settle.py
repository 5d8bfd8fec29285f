"""When an item is complete, on a clock of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.model import Arrival, Listed, Manifest, Seen, Unsettled
from daemon.watch.complete import STALE, Rules
from daemon.watch.items import group
from daemon.watch.settle import Review, Settling
from pipelines.contract import Entry, Loose, Pipeline, Publish, Wanting

SETTLE = 5.0
MORPH = Pipeline(
    name="morph",
    version="1",
    stages=(),
    options=object,
    kinds={".obj": "mesh", ".png": "texture"},
    principal=("mesh",),
    claim=lambda _: Wanting("nothing"),
    loose=Loose.PAIR,
    publish=Publish.FOLDER,
)


@dataclass
class Disk:
    """The evidence of a disk that the test writes to."""

    files: dict[str, Seen] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    halves: set[str] = field(default_factory=set)
    digests: dict[str, str | None] = field(default_factory=dict)
    archives: dict[str, tuple[Entry, ...] | str | None] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    probes: int = 0
    asked: int = 0
    writes: int = 0

    def write(self, path: str, size: int = 10) -> None:
        self.writes += 1
        self.files[path] = Seen(path=path, size=size, mtime_ns=self.writes, ctime_ns=self.writes, inode=len(path))

    def manifest(self, seen: Seen) -> Manifest:
        return self.manifests.get(seen.path, Manifest(path=seen.path))

    def readable(self, path: str) -> bool:
        self.asked += 1
        return path not in self.forbidden

    def held(self, path: str) -> bool:
        return path in self.open

    def ends_early(self, path: str) -> bool:
        self.probes += 1
        return path in self.halves

    def digest(self, seen: Seen) -> str | None:
        return self.digests[seen.path]

    def members(self, seen: Seen) -> tuple[Entry, ...] | str | None:
        return self.archives[seen.path]


class Inbox:
    """A disk, and reviews of it at chosen times."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.settling = Settling(Rules(inbox="main", settle_seconds=SETTLE), self.disk)

    def at(self, time: float) -> Review:
        candidates = group(self.disk.files.values(), {"morph": MORPH}, self.disk.manifest, self.settling.apart)
        return self.settling.review(candidates, time, time)

    def why(self, time: float) -> str:
        review = self.at(time)
        assert review.settled == ()
        (only,) = review.unsettled
        return only.why

    def settled(self, time: float) -> Arrival:
        review = self.at(time)
        assert review.unsettled == ()
        (only,) = review.settled
        return only


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def write(inbox: Inbox) -> Callable[..., None]:
    return inbox.disk.write


def test_an_item_settles_exactly_when_nothing_changed_for_the_settle_time(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    review = inbox.at(100.0)
    assert review.unsettled == (
        Unsettled(
            inbox="main", lane="morph", tops=("morph/set",), name="set", why="was first seen within the last 5 s"
        ),
    )
    assert review.due == 105.0
    assert inbox.at(104.99).settled == ()
    assert inbox.settled(105.0) == Arrival(
        inbox="main",
        lane="morph",
        key=None,
        name="set",
        tops=("morph/set",),
        files=(inbox.disk.files["morph/set/a.obj"],),
        folder=True,
    )


def test_old_files_settle_at_start_up_as_slowly_as_new_ones(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    assert inbox.at(0.0).settled == ()


def test_the_time_of_a_slow_scan_does_not_count_as_quiet(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    candidates = group(inbox.disk.files.values(), {"morph": MORPH}, inbox.disk.manifest)
    inbox.settling.review(candidates, 100.0, 103.0)
    assert inbox.settling.review(candidates, 105.0, 109.0).settled == ()
    assert len(inbox.settling.review(candidates, 108.0, 111.0).settled) == 1


@pytest.mark.parametrize("what", ["size", "mtime_ns", "ctime_ns", "inode"])
def test_any_change_of_any_file_starts_the_time_again(inbox: Inbox, what: str) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.write("morph/set/b.obj")
    inbox.at(100.0)
    old = inbox.disk.files["morph/set/b.obj"]
    inbox.disk.files["morph/set/b.obj"] = replace(old, **{what: 99})
    assert inbox.why(104.0) == "still being written: b.obj changed within the last 5 s"
    inbox.why(108.9)
    inbox.settled(109.0)


def test_a_file_that_comes_or_goes_starts_the_time_again(inbox: Inbox) -> None:
    inbox.disk.write("morph/a.obj")
    inbox.at(100.0)
    inbox.disk.write("morph/b.obj")
    assert inbox.why(103.0) == "still being written: b.obj came within the last 5 s"
    del inbox.disk.files["morph/a.obj"]
    assert inbox.why(106.0) == "some of it was removed within the last 5 s"
    inbox.settled(111.0)


def test_a_settled_item_that_changes_is_unsettled_again(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.at(100.0)
    inbox.settled(105.0)
    inbox.disk.write("morph/set/a.obj")
    inbox.why(106.0)


def test_a_settled_item_is_the_same_value_and_is_not_probed_again(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.at(100.0)
    first = inbox.settled(105.0)
    assert inbox.settled(200.0) == first
    assert inbox.disk.probes == 1


def test_items_settle_independently(inbox: Inbox) -> None:
    inbox.disk.write("morph/one/a.obj")
    inbox.at(100.0)
    inbox.disk.write("morph/two/a.obj")
    review = inbox.at(105.0)
    assert ([a.name for a in review.settled], [u.name for u in review.unsettled]) == (["one"], ["two"])
    assert review.due == 110.0


@pytest.mark.parametrize(
    "path", ["morph/set/b.obj.part", "morph/set.part/b.obj", "morph/set/.b.obj.aB12cd", "morph/b.obj~"]
)
def test_a_temporary_name_is_waited_for(inbox: Inbox, path: str) -> None:
    inbox.disk.write(path)
    inbox.at(0.0)
    assert "is still being transferred, its name says" in inbox.why(100_000.0)


def test_a_stale_temporary_file_does_not_keep_the_loose_files_beside_it_waiting(inbox: Inbox) -> None:
    inbox.disk.write("morph/a.obj")
    inbox.disk.write("morph/b.obj.part")
    inbox.at(0.0)
    assert inbox.at(STALE - 1).settled == ()
    assert inbox.at(STALE).due == STALE
    inbox.at(STALE + 1)
    review = inbox.at(STALE + 1 + SETTLE)
    assert ([a.name for a in review.settled], len(review.unsettled)) == (["a"], 1)


def test_a_file_that_a_program_holds_open_is_waited_for(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/b.obj")
    inbox.disk.open.add("morph/set/b.obj")
    inbox.at(0.0)
    assert inbox.why(1000.0) == "waits: a program still has b.obj open"
    inbox.disk.open.clear()
    inbox.settled(1001.0)


def test_a_file_that_may_not_be_read_is_never_taken_and_says_what_to_do(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.write("morph/set/b.obj")
    inbox.disk.forbidden.add("morph/set/b.obj")
    inbox.at(0.0)
    said = "b.obj cannot be read by visaged; give its user the right to read it (chmod a+r)"
    assert inbox.why(5.0) == said
    assert inbox.why(100_000.0) == said
    inbox.disk.forbidden.clear()
    inbox.settled(100_015.0)


def test_a_listed_file_that_may_not_be_read_is_not_taken(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/manifest.toml")
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.manifests["morph/set/manifest.toml"] = Manifest(
        path="morph/set/manifest.toml", files=(Listed(path="a.obj", sha256="ab" * 32),)
    )
    inbox.disk.digests["morph/set/a.obj"] = ""
    inbox.disk.forbidden.add("morph/set/a.obj")
    inbox.at(0.0)
    assert "a.obj cannot be read by visaged" in inbox.why(100_000.0)


def test_each_file_is_asked_once_whether_it_may_be_read_and_only_when_all_is_quiet(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.write("morph/set/b.obj")
    inbox.disk.open.add("morph/set/b.obj")
    for time in (0.0, 4.0, 5.0, 6.0, 7.0):
        inbox.at(time)
        assert inbox.disk.asked == (0 if time < SETTLE else 2)


def test_a_file_that_ends_in_the_middle_is_waited_for_up_to_the_patience(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/b.png")
    inbox.disk.halves.add("morph/set/b.png")
    inbox.at(0.0)
    assert inbox.why(5.0) == "b.png ends in the middle; waiting up to 60 s for the rest"
    inbox.why(59.9)
    assert inbox.disk.probes == 1
    inbox.settled(60.0)


def test_an_empty_file_is_called_empty(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/b.png", size=0)
    inbox.disk.halves.add("morph/set/b.png")
    inbox.at(0.0)
    assert inbox.why(5.0) == "b.png is empty; waiting up to 60 s for the rest"


def test_the_patience_begins_again_with_each_change(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/b.png")
    inbox.disk.halves.add("morph/set/b.png")
    inbox.at(0.0)
    inbox.at(5.0)
    inbox.disk.write("morph/set/b.png")
    inbox.at(50.0)
    inbox.why(100.0)
    inbox.disk.write("morph/set/b.png")
    inbox.disk.halves.clear()
    inbox.at(101.0)
    inbox.settled(106.0)


def test_an_archive_is_settled_with_its_members(inbox: Inbox) -> None:
    inbox.disk.write("morph/a.zip")
    inbox.disk.archives["morph/a.zip"] = None
    inbox.at(0.0)
    assert inbox.why(5.0) == "the content of a.zip is being listed"
    inbox.disk.archives["morph/a.zip"] = (Entry(path="x.obj", size=3),)
    arrival = inbox.settled(6.0)
    assert (arrival.archive, arrival.members, arrival.problem) == (True, (Entry(path="x.obj", size=3),), None)


def test_an_archive_that_cannot_be_listed_is_settled_with_the_problem(inbox: Inbox) -> None:
    inbox.disk.write("morph/a.zip")
    inbox.disk.archives["morph/a.zip"] = "a.zip is broken"
    inbox.at(0.0)
    assert inbox.settled(5.0).problem == "a.zip is broken"


def listing(inbox: Inbox, *files: Listed) -> None:
    inbox.disk.write("morph/set/manifest.toml")
    inbox.disk.manifests["morph/set/manifest.toml"] = Manifest(path="morph/set/manifest.toml", files=files)


def test_a_list_that_matches_completes_an_item_at_once(inbox: Inbox) -> None:
    listing(inbox, Listed(path="a.obj", size=10, sha256="ab"), Listed(path="sub/b.obj"))
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.write("morph/set/sub/b.obj")
    inbox.disk.digests["morph/set/a.obj"] = "ab"
    assert inbox.at(0.0).due == 0.25
    assert inbox.settled(0.25).manifest is not None


def test_a_listed_file_that_is_missing_is_waited_for_a_day(inbox: Inbox) -> None:
    listing(inbox, Listed(path="a.obj"))
    inbox.at(0.0)
    assert inbox.why(1000.0) == "waits: a.obj, which manifest.toml lists, is not there"
    assert "take it off the list" in (inbox.settled(24 * 3600.0).problem or "")


def test_a_listed_file_of_another_size_is_waited_for_up_to_the_patience(inbox: Inbox) -> None:
    listing(inbox, Listed(path="a.obj", size=2555599))
    inbox.disk.write("morph/set/a.obj")
    inbox.at(0.0)
    assert inbox.why(59.0) == "waits: a.obj has not the 2,555,599 bytes that manifest.toml lists"
    assert "correct the list" in (inbox.settled(60.0).problem or "")


def test_a_listed_file_of_another_content_is_waited_for_up_to_the_patience(inbox: Inbox) -> None:
    listing(inbox, Listed(path="a.obj", sha256="ab"))
    inbox.disk.write("morph/set/a.obj")
    inbox.disk.digests["morph/set/a.obj"] = None
    inbox.at(0.0)
    assert "is being compared with its SHA-256" in inbox.why(1.0)
    inbox.disk.digests["morph/set/a.obj"] = "cd"
    assert "does not have the SHA-256" in inbox.why(59.0)
    assert "copy it again" in (inbox.settled(60.0).problem or "")


def test_a_size_alone_does_not_prove_that_a_held_or_half_file_is_there(inbox: Inbox) -> None:
    listing(inbox, Listed(path="a.png", size=10))
    inbox.disk.write("morph/set/a.png")
    inbox.disk.open.add("morph/set/a.png")
    inbox.disk.halves.add("morph/set/a.png")
    inbox.at(0.0)
    assert "still has a.png open" in inbox.why(100.0)
    inbox.disk.open.clear()
    inbox.disk.write("morph/set/a.png")
    inbox.at(101.0)
    assert "a.png ends in the middle" in inbox.why(102.0)
    inbox.settled(161.0)


def test_a_manifest_that_belongs_to_nothing_waits_for_its_files(inbox: Inbox) -> None:
    inbox.disk.write("morph/a.manifest.toml")
    inbox.at(0.0)
    assert "waits for the files that it belongs to" in inbox.why(1000.0)
    assert "belongs to no file here" in (inbox.settled(24 * 3600.0).problem or "")


def test_two_manifests_in_one_folder_are_a_problem_of_the_manifest(inbox: Inbox) -> None:
    for name in ("manifest.toml", "manifest.json", "a.obj"):
        inbox.disk.write(f"morph/set/{name}")
    inbox.at(0.0)
    manifest = inbox.settled(5.0).manifest
    assert manifest is not None
    assert "keep one manifest" in (manifest.problem or "")


def test_a_folder_that_may_not_be_read_never_settles(inbox: Inbox) -> None:
    inbox.disk.files["morph/set/sub"] = Seen(
        path="morph/set/sub", size=0, mtime_ns=0, ctime_ns=0, inode=0, kind="blocked"
    )
    inbox.at(0.0)
    assert "the folder sub may not be read" in inbox.why(1e6)


def test_names_that_cannot_be_printed_are_escaped(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a\n\udcff.png", size=0)
    inbox.disk.halves.add("morph/set/a\n\udcff.png")
    inbox.at(0.0)
    assert inbox.why(5.0).startswith("a\\n\\xff.png is empty")


def test_after_an_absence_everything_settles_anew(inbox: Inbox) -> None:
    inbox.disk.write("morph/set/a.obj")
    inbox.at(0.0)
    inbox.settled(5.0)
    inbox.settling.forget()
    inbox.why(6.0)
    inbox.settled(11.0)


SCHEDULE = st.lists(
    st.tuples(
        st.floats(0.01, 7.0),
        st.sampled_from(["write", "look", "remove", "hold", "close"]),
        st.sampled_from(["morph/a.obj", "morph/b.obj", "morph/set/a.obj", "morph/set/b.png", "c.xyz"]),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(SCHEDULE)
def test_nothing_settles_while_a_file_of_it_changed_within_the_settle_time(
    schedule: list[tuple[float, str, str]],
) -> None:
    inbox, now = Inbox(), 0.0
    changed: dict[str, float] = {}
    for wait, action, path in schedule:
        now += wait
        match action:
            case "write":
                inbox.disk.write(path)
                changed[path] = now
            case "remove":
                inbox.disk.files.pop(path, None)
            case "hold":
                inbox.disk.open.add(path)
            case "close":
                inbox.disk.open.discard(path)
            case _:
                for arrival in inbox.at(now).settled:
                    assert all(now - changed[f.path] >= SETTLE for f in arrival.files)
    now += 1000.0
    inbox.disk.open.clear()
    inbox.at(now)
    assert inbox.at(now + SETTLE).unsettled == ()


@settings(deadline=None)
@given(SCHEDULE)
def test_who_looks_only_when_told_to_sees_everything_settle(schedule: list[tuple[float, str, str]]) -> None:
    inbox, now, review = Inbox(), 0.0, None
    for wait, action, path in schedule:
        now += wait
        if action == "write":
            inbox.disk.write(path)
            review = inbox.at(now)
            assert review.due is None or review.due > now
    while review and review.due is not None:
        now = max(now, review.due)
        review = inbox.at(now)
        assert review.due is None or review.due > now
    assert review is None or len(review.settled) == len(
        group(inbox.disk.files.values(), {"morph": MORPH}, inbox.disk.manifest)
    )
