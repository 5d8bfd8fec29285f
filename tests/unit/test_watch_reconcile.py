"""The reconciler on real folders, with real events and real time."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.model import Arrival, Inventory
from daemon.watch import MARKER, Mode, Reconciler, Settings, fingerprint, look
from daemon.watch.hints import Hints
from daemon.watch.leases import ignore_lease_signals
from pipelines.contract import Entry, Loose, Pipeline, Publish, Wanting

SETTLE = 0.3
NOBODY = 65534
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


class Told:
    """What a reconciler told, with the times."""

    def __init__(self) -> None:
        self.inventories: list[tuple[float, Inventory]] = []
        self._condition = threading.Condition()

    def __call__(self, inventory: Inventory) -> None:
        with self._condition:
            self.inventories.append((time.monotonic(), inventory))
            self._condition.notify_all()

    @property
    def last(self) -> Inventory:
        return self.inventories[-1][1]

    def wait(self, wanted: Callable[[Inventory], bool], seconds: float = 10.0) -> Inventory:
        with self._condition:
            done = self._condition.wait_for(lambda: bool(self.inventories) and wanted(self.last), seconds)
        assert done, self.inventories[-3:]
        return self.last


def names(inventory: Inventory) -> list[str]:
    return sorted(arrival.name for arrival in inventory.settled)


def settled(*wanted: str) -> Callable[[Inventory], bool]:
    return lambda inventory: names(inventory) == sorted(wanted) and not inventory.unsettled


def waiting(text: str) -> Callable[[Inventory], bool]:
    return lambda inventory: any(text in unsettled.why for unsettled in inventory.unsettled)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "inbox/morph").mkdir(parents=True)
    (tmp_path / "inbox" / MARKER).write_text("id-1\n")
    return tmp_path / "inbox"


Start = Callable[..., tuple[Reconciler, Told]]


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    ignore_lease_signals()
    running: list[Reconciler] = []

    def started(mode: Mode = Mode.EVENTS, **settings: object) -> tuple[Reconciler, Told]:
        told = Told()
        base: dict[str, object] = {"path": root, "settle_seconds": SETTLE, "probe_patience": 2.0, "marker": "id-1"}
        reconciler = Reconciler(
            Settings(name="main", lanes={"morph": MORPH}, mode=mode, **(base | settings)),  # type: ignore[arg-type]
            told,
        )
        reconciler.start()
        running.append(reconciler)
        told.wait(lambda _: True)
        return reconciler, told

    yield started
    for reconciler in running:
        reconciler.stop()


def put(path: Path, content: bytes = b"v 0 0 0\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("mode", [Mode.EVENTS, Mode.POLLED])
def test_what_is_dropped_is_told_when_it_has_settled(start: Start, root: Path, mode: Mode) -> None:
    _, told = start(mode)
    assert told.last == Inventory(inbox="main", mode=mode.value)
    put(root / "morph/set/a.obj")
    told.wait(waiting("within the last"))
    (arrival,) = told.wait(settled("set")).settled
    assert (arrival.lane, arrival.tops, [f.path for f in arrival.files]) == (
        "morph",
        ("morph/set",),
        ["morph/set/a.obj"],
    )


def test_the_latency_beyond_the_settle_time_is_small(start: Start, root: Path) -> None:
    _, told = start()
    late = []
    for number in range(10):
        put(root / f"morph/set{number}/a.obj")
        wrote = time.monotonic()
        told.wait(settled(*(f"set{n}" for n in range(number + 1))))
        late.append(told.inventories[-1][0] - wrote - SETTLE)
    late.sort()
    print(f"beyond the settle time: median {late[5] * 1000:.1f} ms, worst {late[-1] * 1000:.1f} ms")
    assert all(each >= 0.0 for each in late)
    assert late[0] < 0.03  # the others bear the load of the machine


@contextmanager
def another_user() -> Iterator[None]:
    """Within, this process has not root's right to read everything."""
    if os.getuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """An inbox that other users can reach, as the folders of pytest are not."""
    umask = os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder, "inbox")
        put(root / "morph/set/a.obj")
        put(root / MARKER, b"id-1\n")
        yield root
        root.chmod(0o755)
    os.umask(umask)


def test_a_file_that_may_not_be_read_is_not_taken_until_it_may(start: Start, public: Path) -> None:
    put(public / "morph/set/b.obj").chmod(0o200)
    with another_user():
        reconciler, told = start(path=public)
        told.wait(waiting("b.obj cannot be read by visaged"))
        assert not told.last.settled
    (public / "morph/set/b.obj").chmod(0o644)
    reconciler.nudge()
    told.wait(settled("set"))


def test_an_inbox_that_lets_nobody_in_is_a_problem_and_the_watcher_goes_on(start: Start, public: Path) -> None:
    with another_user():
        _, told = start(path=public)
        told.wait(settled("set"))  # now only the look at root and observer comes for a while
    public.chmod(0o600)
    with another_user():
        told.wait(lambda inventory: "cannot be read (Permission denied)" in (inventory.problem or ""))
    public.chmod(0o755)
    told.wait(lambda inventory: inventory.problem is None)


def test_a_beat_that_fails_does_not_end_the_watcher(root: Path) -> None:
    def beat() -> None:
        raise OSError("nobody listens")

    told = Told()
    reconciler = Reconciler(
        Settings(name="main", path=root, lanes={"morph": MORPH}, mode=Mode.POLLED, settle_seconds=SETTLE), told, beat
    )
    reconciler.start()
    put(root / "morph/set/a.obj")
    told.wait(settled("set"))
    reconciler.stop()


def test_nothing_is_told_twice(start: Start, root: Path) -> None:
    reconciler, told = start()
    put(root / "morph/set/a.obj")
    told.wait(settled("set"))
    scans, count = reconciler.last_scan.scans, len(told.inventories)
    reconciler.nudge()
    deadline = time.monotonic() + 5
    while reconciler.last_scan.scans == scans and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reconciler.last_scan.scans > scans
    assert len(told.inventories) == count


def test_a_file_that_is_still_written_is_not_taken(start: Start, root: Path) -> None:
    _, told = start()
    with put(root / "morph/set/a.obj").open("ab", buffering=0) as file:
        for _ in range(8):
            time.sleep(SETTLE / 2)
            file.write(b"v 1 1 1\n")
            assert names(told.last) == []
    told.wait(settled("set"))
    assert told.last.settled[0].files[0].size == 8 * 9


def test_a_file_that_another_program_holds_open_is_not_taken(start: Start, root: Path) -> None:
    _, told = start()
    put(root / "morph/set/b.obj")
    command = "import sys; f = open(sys.argv[1], 'a'); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", command, str(root / "morph/set/b.obj")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    told.wait(waiting("a program still has b.obj open"))
    holder.communicate(b"")
    told.wait(settled("set"))


def test_half_a_picture_is_waited_for_and_then_left_to_the_stage(start: Start, root: Path) -> None:
    _, told = start()
    put(root / "morph/set/a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    put(root / "morph/empty/a.obj", b"")
    told.wait(waiting("a.png ends in the middle; waiting up to 2 s"))
    told.wait(waiting("a.obj is empty"))
    told.wait(settled("set", "empty"))


def test_a_partial_name_is_waited_for_until_the_rename(start: Start, root: Path) -> None:
    _, told = start()
    part = put(root / "morph/set/a.obj.part")
    told.wait(waiting("still being transferred"))
    time.sleep(SETTLE * 2)
    assert names(told.last) == []
    part.rename(root / "morph/set/a.obj")
    told.wait(settled("set"))


def test_a_folder_renamed_into_place_is_seen_with_all_in_it(start: Start, root: Path, tmp_path: Path) -> None:
    _, told = start()
    put(tmp_path / "made/sub/a.obj")
    (tmp_path / "made").rename(root / "morph/set")
    told.wait(settled("set"))
    put(root / "morph/set/sub/b.obj")
    told.wait(lambda i: len(i.settled) == 1 and len(i.settled[0].files) == 2)


def test_what_was_taken_is_no_longer_told(start: Start, root: Path, tmp_path: Path) -> None:
    _, told = start()
    put(root / "morph/set/a.obj")
    (arrival,) = told.wait(settled("set")).settled
    (root / "morph/set").rename(tmp_path / "taken")
    told.wait(lambda i: not i.settled and not i.unsettled)
    assert fingerprint(look([tmp_path / "taken"])) == fingerprint(arrival.files)


@pytest.mark.parametrize("raw", [b"a\nb", b'"it\'s"', "🙂".encode(), b"\xff\xfe"])
def test_names_of_any_bytes_settle(start: Start, root: Path, raw: bytes) -> None:
    _, told = start()
    name = os.fsdecode(raw)
    put(root / "morph" / name / f"{name}.obj")
    told.wait(settled(name))


def test_an_archive_is_told_with_its_members(start: Start, root: Path) -> None:
    _, told = start()
    with zipfile.ZipFile(root / "morph/pair.zip", "w") as archive:
        archive.writestr("a.obj", b"abc")
    (arrival,) = told.wait(settled("pair")).settled
    assert arrival.members == (Entry(path="a.obj", size=3),)


def test_a_manifest_whose_list_matches_completes_at_once(start: Start, root: Path) -> None:
    _, told = start(settle_seconds=30.0)
    put(root / "morph/set/a.obj", b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    put(root / "morph/set/manifest.toml", f'[[files]]\npath = "a.obj"\nsize = 3\nsha256 = "{digest}"\n'.encode())
    told.wait(settled("set"))


@pytest.mark.parametrize("mode", [Mode.EVENTS, Mode.POLLED])
def test_a_share_that_vanishes_and_returns_causes_nothing(start: Start, root: Path, tmp_path: Path, mode: Mode) -> None:
    _, told = start(mode)
    put(root / "morph/set/a.obj")
    before = told.wait(settled("set"))
    root.rename(tmp_path / "away")
    gone = told.wait(lambda i: i.problem is not None)
    assert (gone.settled, gone.unsettled) == ((), ())
    assert "is not there: mount the share" in (gone.problem or "")
    count = len(told.inventories)
    (tmp_path / "away").rename(root)
    assert told.wait(settled("set")) == before
    assert [names(inventory) for _, inventory in told.inventories[count:]] == [[], ["set"]]
    put(root / "morph/two/a.obj")
    told.wait(settled("set", "two"))


def test_an_empty_mount_point_is_offline_and_not_an_empty_inbox(start: Start, root: Path, tmp_path: Path) -> None:
    _, told = start()
    put(root / "morph/set/a.obj")
    told.wait(settled("set"))
    root.rename(tmp_path / "away")
    (root / "morph").mkdir(parents=True)
    gone = told.wait(lambda i: i.problem is not None)
    assert (gone.settled, gone.unsettled) == ((), ())
    (tmp_path / "empty").mkdir()
    root.rename(tmp_path / "empty/x")
    (tmp_path / "away").rename(root)
    told.wait(settled("set"))


def test_an_inbox_that_is_away_at_the_start_is_watched_when_it_comes(start: Start, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "away")
    _, told = start()
    assert told.last.problem is not None
    (tmp_path / "away").rename(root)
    told.wait(lambda i: i.problem is None)


def test_an_observer_that_dies_is_replaced(start: Start, root: Path) -> None:
    reconciler, told = start()
    put(root / "morph/one/a.obj")
    told.wait(settled("one"))
    observer = reconciler._watcher._hints._observer
    assert observer is not None
    observer.stop()
    observer.join()
    put(root / "morph/two/a.obj")
    told.wait(settled("one", "two"))
    assert reconciler._watcher._hints._observer is not observer
    put(root / "morph/three/a.obj")
    told.wait(settled("one", "two", "three"))


def test_after_a_storm_of_events_the_observer_is_replaced(start: Start, root: Path) -> None:
    reconciler, told = start()
    observer = reconciler._watcher._hints._observer
    reconciler._watcher._hints.count = 1_000_000
    put(root / "morph/one/a.obj")
    told.wait(settled("one"))
    deadline = time.monotonic() + 5
    while reconciler._watcher._hints._observer is observer and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reconciler._watcher._hints._observer is not observer
    put(root / "morph/two/a.obj")
    told.wait(settled("one", "two"))


def test_where_events_are_lost_the_scan_finds_the_file(start: Start, root: Path) -> None:
    reconciler, told = start(rescan=0.5)
    observer = reconciler._watcher._hints._observer
    assert observer is not None
    observer.unschedule_all()
    reconciler._watcher._hints.alive = lambda: True  # type: ignore[method-assign]
    put(root / "morph/one/a.obj")
    told.wait(settled("one"))
    assert reconciler._watcher._hints._observer is not observer


def test_a_copy_of_many_files_costs_few_scans_and_loses_none(start: Start, root: Path) -> None:
    reconciler, told = start(rescan=600.0)
    began = time.monotonic()
    for number in range(20_000):
        (root / f"morph/{number:05}.obj").write_bytes(b"x")
    took = time.monotonic() - began
    inventory = told.wait(lambda i: len(i.settled) == 1 and not i.unsettled, 60.0)
    assert len(inventory.settled[0].files) == 20_000
    print(
        f"20,000 files in {took:.1f} s: {reconciler.last_scan.scans} scans, the last {reconciler.last_scan.cost:.2f} s"
    )
    assert reconciler.last_scan.scans < 100


def test_an_idle_inbox_of_many_files_costs_next_to_nothing(start: Start, root: Path) -> None:
    for number in range(10_000):
        put(root / f"morph/set{number // 1000}/{number}.obj", b"x")
    reconciler, told = start()
    told.wait(lambda i: len(i.settled) == 10, 30.0)
    time.sleep(0.5)
    scans, used = reconciler.last_scan.scans, time.process_time()
    time.sleep(5.0)
    share = (time.process_time() - used) / 5.0
    print(f"idle: {share:.3%} of a core, a scan costs {reconciler.last_scan.cost * 1000:.0f} ms")
    assert reconciler.last_scan.scans - scans <= 1
    assert share < 0.01 + reconciler.last_scan.cost / 5.0


def test_an_inbox_behind_a_link_has_events(start: Start, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "real")
    root.symlink_to(tmp_path / "real")
    _, told = start(rescan=600.0)
    put(root / "morph/set/a.obj")
    told.wait(settled("set"))


def test_where_the_kernel_refuses_events_a_sentence_says_so(tmp_path: Path) -> None:
    hints = Hints(tmp_path / "gone", lambda: None)
    assert "the kernel does not report changes below" in (hints.start() or "")
    assert not hints.alive()


def test_a_polled_inbox_needs_no_events(start: Start, root: Path) -> None:
    reconciler, told = start(Mode.POLLED)
    assert not reconciler._watcher.hinting
    put(root / "morph/a.obj")
    put(root / "morph/b.obj")
    (arrival,) = told.wait(settled("a__b")).settled
    assert isinstance(arrival, Arrival)


def test_the_status_page_of_the_daemon_wakes_nobody(start: Start, root: Path) -> None:
    reconciler, _ = start()
    time.sleep(0.2)
    scans = reconciler.last_scan.scans
    put(root / ".STATUS.txt.partial").replace(root / "STATUS.txt")
    time.sleep(0.7)
    assert reconciler.last_scan.scans == scans


def test_after_stop_nothing_more_is_told(start: Start, root: Path) -> None:
    reconciler, told = start()
    reconciler.stop()
    count = len(told.inventories)
    put(root / "morph/set/a.obj")
    time.sleep(SETTLE * 2)
    assert len(told.inventories) == count
    assert not [t for t in threading.enumerate() if t.name.startswith("watch-")]
