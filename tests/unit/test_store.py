"""The database: claims, keys, attempts, what waits, orders."""

import sqlite3
from dataclasses import replace

import pytest

from daemon.errors import StoreError
from daemon.model import Job, Kind, Slot, Status, Take
from daemon.store import (
    Attempt,
    AttemptStatus,
    InboxRow,
    Store,
    Waiting,
    WaitingState,
    connect,
    open_reader,
)
from daemon.store.database import copy
from pipelines.contract import Fault


@pytest.fixture
def store(tmp_path):
    store = Store(connect(tmp_path / "visaged.db"))
    yield store
    store.close()


def job(job_id, **changes):
    plain = Job(
        id=job_id,
        pipeline="noop",
        inbox="inbox",
        lane="noop",
        key=None,
        item=job_id,
        name=job_id,
        status=Status.QUEUED,
        priority=0,
        take=Take.MOVE,
        tops=(f"noop/{job_id}",),
        fingerprint="f",
        archive=False,
        folder=True,
        roles={"file": ("a",)},
        options={"sleep": 0.5},
        created=1.0,
        updated=1.0,
    )
    return replace(plain, **changes)


ONE = ("noop",)


def ids(jobs):
    return [j.id for j in jobs]


def test_a_job_comes_back_as_it_went_in(store):
    there = job(
        "a",
        tops=("noop/caf\udce9\n'.obj",),
        roles={"mesh": ("x\udcff", "y")},
        faults=(Fault(what="a__b", why="because"),),
        kind=Kind.CRASH,
        reason="emoji 😀",
        fresh=True,
        restore_to="/x",
    )
    store.add([there])
    assert store.job("a") == there


def test_text_with_bytes_that_are_not_utf_8_is_kept_readable(store):
    store.add([job("a", key="caf\udce9", reason="b\udcff.obj is empty")])
    assert store.job("a").reason == "b\\udcff.obj is empty"


def test_jobs_are_claimed_by_priority_and_then_by_arrival(store):
    store.add([job("a"), job("b", priority=5), job("c"), job("d", priority=5)])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["b", "d", "a", "c"]


def test_a_job_that_backs_off_is_not_claimed_before_its_time(store):
    store.add([job("a", not_before=50.0)])
    assert store.claimable(now=49.0, limit=10, pipelines=ONE) == ()
    assert ids(store.claimable(now=50.0, limit=10, pipelines=ONE)) == ["a"]
    assert store.next_time(now=49.0) == 50.0


def test_of_a_key_only_the_oldest_is_claimed_and_other_keys_pass(store):
    store.add([job("a", key="k"), job("b", key="k"), job("c", key="other"), job("d")])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["a", "c", "d"]


def test_an_older_job_of_a_key_that_is_tried_again_waits_for_the_younger_that_runs(store):
    store.add([job("a", key="k"), job("b", key="k", status=Status.RUNNING)])
    assert store.claimable(now=2.0, limit=10, pipelines=ONE) == ()


def test_jobs_of_pipelines_that_are_not_enabled_do_not_stand_in_the_way(store):
    store.add([*(job(f"off{n}", pipeline="off") for n in range(20)), job("on")])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["on"]


def test_a_keyed_job_that_backs_off_keeps_its_place(store):
    store.add([job("a", key="k", not_before=99.0), job("b", key="k")])
    assert store.claimable(now=2.0, limit=10, pipelines=ONE) == ()


def test_after_a_keyed_job_failed_for_good_the_next_is_claimed(store):
    store.add([job("a", key="k", status=Status.FAILING), job("b", key="k")])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["b"]


def test_the_database_itself_refuses_two_running_jobs_of_one_key(store):
    store.add([job("a", key="k", status=Status.RUNNING), job("b", key="k")])
    with pytest.raises(sqlite3.IntegrityError):
        store.save(job("b", key="k", status=Status.RUNNING))


def test_the_same_work_is_not_started_while_it_is_being_done(store):
    store.add([job("a", identity="i", status=Status.RUNNING), job("b", identity="i"), job("c", identity="other")])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["c"]


def test_a_retry_is_started_even_so(store):
    store.add([job("a", identity="i", status=Status.RUNNING), job("b", identity="i", fresh=True)])
    assert ids(store.claimable(now=2.0, limit=10, pipelines=ONE)) == ["b"]


def test_only_a_done_job_that_did_the_work_itself_answers_for_another(store):
    store.add(
        [
            job("a", identity="i", status=Status.FAILED),
            job("b", identity="i", status=Status.DONE),
            job("c", identity="i", status=Status.DONE, answered_by="b"),
        ]
    )
    assert ids(store.done_as("i")) == ["b"]


def test_what_should_have_come_before_is_told_while_it_failed_and_nothing_like_it_was_ever_done(store):
    seen, said = {"key": "anna", "roles": {"video": ("a",)}}, {"key": "anna", "roles": {"audio": ("a",)}}
    store.add([job("take", **seen, status=Status.FAILED), job("a", **said, status=Status.FAILED), job("b", **said)])
    assert store.should_have_come(job("b", **said)).id == "take"
    store.add([job("done", **seen, status=Status.DONE), job("worse", **seen, status=Status.FAILED), job("c", **said)])
    assert store.should_have_come(job("c", **said)) is None


def test_an_item_is_taken_once_at_a_time(store):
    store.add([job("a", status=Status.ACCEPTING)])
    with pytest.raises(sqlite3.IntegrityError):
        store.add([job("b", status=Status.ACCEPTING, tops=("noop/a",))])


def test_adding_many_jobs_is_all_or_nothing(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.add([job("a"), job("b"), job("a")])
    assert store.counts() == {}


def attempt(job_id, number=1, status=AttemptStatus.RUNNING, **changes):
    plain = Attempt(
        job=job_id,
        stage="noop",
        shard=None,
        number=number,
        status=status,
        runner="local",
        slot=Slot(cpus=0.5, memory=7, gpus=("GPU-1",)),
        started=float(number),
    )
    return replace(plain, **changes)


def test_an_attempt_and_its_job_change_together(store):
    store.add([job("a")])
    store.begin(job("a", status=Status.RUNNING), attempt("a"))
    assert store.job("a").status is Status.RUNNING
    assert store.running() == (attempt("a"),)
    over = attempt("a", status=AttemptStatus.FAILED, kind=Kind.CRASH, reason="bang", ended=9.0, peak_memory=5)
    store.end(job("a", status=Status.QUEUED, not_before=30.0), over)
    assert store.running() == ()
    assert store.attempts("a") == (over,)
    assert store.job("a").not_before == 30.0


def test_forgiven_failures_do_not_count_and_done_stages_stay_done(store):
    store.add([job("a")])
    store.begin(job("a"), attempt("a", 1, AttemptStatus.DONE))
    store.begin(job("a"), attempt("a", 2, AttemptStatus.FAILED, kind=Kind.CRASH))
    store.forget_failures("a")
    done, failed = store.attempts("a")
    assert (done.status, done.burns) == (AttemptStatus.DONE, True)
    assert (failed.burns, failed.kind) == (False, None)


def test_what_waits_is_exactly_what_was_said_last(store):
    def waits(name, why="x", since=1.0):
        return Waiting(
            inbox="inbox", lane=None, tops=(name,), name=name, state=WaitingState.WANTING, why=why, since=since
        )

    store.set_waiting("inbox", [waits("a"), waits("b")])
    store.set_waiting("other", [])
    store.set_waiting("inbox", [waits("b", "y"), waits("c")])
    assert {(w.name, w.why) for w in store.waiting()} == {("b", "y"), ("c", "x")}


def test_an_inbox_is_known_until_it_is_forgotten(store):
    row = InboxRow(name="inbox", path="/in", results="/out", mode="events", problem="gone")
    store.set_inbox(row)
    assert store.inboxes() == (row,)
    store.forget_inbox("inbox")
    assert store.inboxes() == ()


def test_an_order_is_open_until_it_is_answered(store):
    number = store.order("retry", {"job": "a"}, 1.0)
    assert [(o.verb, o.args) for o in store.open_orders()] == [("retry", {"job": "a"})]
    assert store.answered(number) is None
    store.answer(number, ok=False, text="no")
    assert store.open_orders() == ()
    assert store.answered(number) == (False, "no")


def test_the_version_changes_when_another_connection_orders(store, tmp_path):
    before = store.version()
    other = Store(connect(tmp_path / "visaged.db"))
    other.order("pause", {}, 1.0)
    other.close()
    assert store.version() != before


def test_facts_are_remembered(store):
    assert store.fact("paused") is None
    store.remember("paused", 5.0)
    store.remember("paused", None)
    assert store.fact("paused") is None


def test_a_file_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (id)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        connect(path)


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "visaged.db"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 100)
    with pytest.raises(StoreError, match="visaged restore"):
        connect(path)


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "visaged.db"
    connect(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 9999")
    newer.close()
    with pytest.raises(StoreError, match="newer visaged"):
        connect(path)


def test_the_database_is_durable_and_can_be_read_beside_its_writer(store, tmp_path):
    store.add([job("a")])
    reader = Store(open_reader(tmp_path / "visaged.db"))
    assert ids(reader.recent(5)) == ["a"]
    reader.close()
    (mode,) = store._db.execute("PRAGMA journal_mode").fetchone()
    (sync,) = store._db.execute("PRAGMA synchronous").fetchone()
    assert (mode, sync) == ("wal", 2)


def test_a_backup_is_a_whole_database(store, tmp_path):
    store.add([job("a"), job("b")])
    copy(tmp_path / "visaged.db", tmp_path / "backup.db")
    restored = Store(connect(tmp_path / "backup.db"))
    assert ids(restored.of_status(Status.QUEUED)) == ["a", "b"]
    restored.close()


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (
            "SELECT * FROM jobs WHERE status = 'queued' AND not_before <= 5 ORDER BY priority DESC, seq LIMIT 9",
            "jobs_queue",
        ),
        ("SELECT * FROM jobs WHERE place = 'x' ORDER BY seq DESC", "jobs_place"),
        ("SELECT * FROM attempts WHERE status = 'running'", "attempts_running"),
    ],
)
def test_the_questions_of_every_turn_use_their_index(store, sql, index):
    plan = " ".join(row["detail"] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}"))
    assert index in plan
    assert "TEMP B-TREE" not in plan
