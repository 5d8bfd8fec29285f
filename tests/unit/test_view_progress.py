"""How far and how fast: what is made of the lines that stages report."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.view.progress import TAIL, Pace, pace, reports, shards_expected
from pipelines.contract import Progress


def report(at, done, total=100.0, shard=None, stage="blend"):
    return Progress(stage=stage, done=done, total=total, unit="frames", shard=shard, at=at)


def write(job, *found):
    with (job / "progress.jsonl").open("ab") as file:
        for one in found:
            fields = {name: getattr(one, name) for name in Progress.__dataclass_fields__}
            file.write(json.dumps(fields).encode() + b"\n")


def test_the_rate_is_that_of_the_last_half_minute():
    slow_then_fast = [report(at=100 + 10 * n, done=n) for n in range(10)]
    slow_then_fast += [report(at=200 + n, done=10 + 2 * n) for n in range(31)]
    found = pace(slow_then_fast, now=230)
    assert found is not None
    assert found.rate == pytest.approx(2.0, rel=0.2)
    assert found.left == pytest.approx(30 / found.rate)


def test_one_report_tells_how_far_but_not_how_fast():
    found = pace([report(at=10, done=25)], now=11)
    assert found == Pace(done=25, total=100, unit="frames", at=10)
    assert found.fraction == 0.25


def test_a_stage_that_has_fallen_silent_is_not_said_to_be_nearly_done():
    history = [report(at=0, done=0), report(at=10, done=90)]
    at_once, later = pace(history, now=11), pace(history, now=1000)
    assert at_once.left < 2
    assert later.left > 100


def test_seldom_reports_still_give_a_rate():
    found = pace([report(at=0, done=0), report(at=300, done=30)], now=301)
    assert found.rate == pytest.approx(0.1)


def test_work_that_is_taken_back_gives_no_rate():
    found = pace([report(at=0, done=50), report(at=5, done=10)], now=6)
    assert (found.rate, found.left) == (None, None)


def test_shards_are_summed_and_those_not_heard_of_count_as_large_as_the_others():
    found = pace(
        [
            report(at=0, done=0, shard="a"), report(at=10, done=20, shard="a"),
            report(at=0, done=0, shard="b"), report(at=10, done=10, shard="b"),
        ],
        now=10,
        shards=4,
    )  # fmt: skip
    assert (found.done, found.total) == (30, 400)
    assert found.rate == pytest.approx(3.0)


def test_a_shard_that_is_done_does_not_make_the_others_look_faster():
    done = [report(at=0, done=0, shard="a"), report(at=1, done=100, shard="a")]
    going = [report(at=0, done=0, shard="b"), report(at=10, done=10, shard="b")]
    assert pace([*done, *going], now=10).rate == pytest.approx(1.0)


def test_where_nobody_knows_the_total_there_is_no_fraction_and_no_time_left():
    found = pace([report(at=0, done=0, total=0), report(at=5, done=10, total=0)], now=5)
    assert (found.fraction, found.left) == (None, None)
    assert found.rate == 2


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(["a", "b"]))))
def test_whatever_is_reported_the_numbers_make_sense(lines):
    found = pace([report(at, done, total, shard) for at, done, total, shard in lines], now=5e5)
    assert (found is None) == (not lines)
    if found:
        assert found.fraction is None or 0 <= found.fraction <= 1
        assert found.rate is None or found.rate > 0
        assert found.left is None or found.left >= 0


def test_what_an_earlier_attempt_reported_does_not_count(tmp_path):
    write(tmp_path, report(at=10, done=90), report(at=100, done=1))
    assert [one.done for one in reports(tmp_path, "blend", {None: 100.0})] == [1]


def test_what_other_stages_report_does_not_count(tmp_path):
    write(tmp_path, report(at=10, done=90, stage="read"))
    assert reports(tmp_path, "blend", {None: 0.0}) == ()


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'"text"',
        b'{"stage": "blend"}',
        b'{"stage": "blend", "done": "1", "total": 2, "unit": "x", "note": "", "shard": null, "at": 5}',
        b'{"stage": "blend", "done": NaN, "total": 2, "unit": "x", "note": "", "shard": null, "at": 5}',
        b'{"stage": "blend", "done": -1, "total": 2, "unit": "x", "note": "", "shard": null, "at": 5}',
        b'{"stage": "blend", "done": 1, "total": 2, "unit": 7, "note": "", "shard": null, "at": 5}',
        b'{"stage": "blend", "done": 1, "total": 2, "unit": "x", "note": "", "shard": [], "at": 5}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_report_is_passed_over(tmp_path, line):
    (tmp_path / "progress.jsonl").write_bytes(line + b"\n")
    write(tmp_path, report(at=10, done=3))
    assert [one.done for one in reports(tmp_path, "blend", {None: 0.0})] == [3]


def test_a_line_that_is_still_being_written_is_not_read(tmp_path):
    write(tmp_path, report(at=10, done=3), report(at=11, done=4))
    path = tmp_path / "progress.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert [one.done for one in reports(tmp_path, "blend", {None: 0.0})] == [3]


def test_of_a_long_history_only_the_end_is_read(tmp_path):
    write(tmp_path, *(report(at=n, done=n) for n in range(5000)))
    assert (tmp_path / "progress.jsonl").stat().st_size > TAIL
    found = reports(tmp_path, "blend", {None: 0.0})
    assert 1000 < len(found) < 5000
    assert found[-1].done == 4999
    assert all(b.done == a.done + 1 for a, b in pairwise(found))


def test_a_stage_that_has_not_reported_has_no_pace(tmp_path):
    assert pace(reports(tmp_path, "blend", {None: 0.0}), now=1) is None


def test_the_number_of_shards_is_that_of_the_list_which_names_them(tmp_path):
    for stage, names in (("cut", ["x", "y", "z"]), ("plan", ["1", "2"])):
        (tmp_path / "stages" / stage).mkdir(parents=True)
        (tmp_path / "stages" / stage / "shards.json").write_text(json.dumps(names))
    assert shards_expected(tmp_path, "y") == 3
    assert shards_expected(tmp_path, "2") == 2
    assert shards_expected(tmp_path, "unknown") == 0
