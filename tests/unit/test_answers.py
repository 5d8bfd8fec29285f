"""What stages leave behind, however they were ended or lie."""

import json

import pytest

from daemon.dispatch.answers import clear_answer, left_by, shards_of
from daemon.dispatch.progression import GaveUp, progression
from pipelines.contract import Fault, Result, Stage, dump

STAGES = (Stage(name="split"), Stage(name="each", sharded=True))


def write(tmp_path, text):
    folder = tmp_path / "stages/split"
    folder.mkdir(parents=True)
    (folder / "shards.json").write_text(text)
    return shards_of(tmp_path, STAGES)


def test_a_list_of_names_is_the_shards(tmp_path):
    assert write(tmp_path, '["000", "a-b_1"]') == {"each": ("000", "a-b_1")}


@pytest.mark.parametrize(
    "text", ["", '["0', "{}", "7", '[""]', '["../x"]', '["a", "a"]', '["\\u0000"]', "[1]", '["a b"]']
)
def test_a_list_that_cannot_be_used_is_none_at_all(tmp_path, text):
    assert write(tmp_path, text) == {}


def test_a_job_whose_shards_are_unknown_gives_up_instead_of_skipping_them():
    assert isinstance(progression((Stage(name="each", sharded=True),), (), {}), GaveUp)


def test_a_result_comes_back_as_it_was_left(tmp_path):
    result = Result(publish="out", figures={"n": 1}, warnings=("w",), faults=(Fault(what="a", why="b"),))
    (tmp_path / "result.json").write_bytes(dump(result))
    assert left_by(tmp_path) == result


@pytest.mark.parametrize("text", ["", "[]", "null", '{"publish": 5}', "[" * 100_000, json.dumps({"figures": []})])
def test_a_result_that_is_torn_or_strange_is_no_result(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    assert left_by(tmp_path) is None


def test_a_folder_in_the_place_of_an_answer_is_no_answer_and_is_cleared(tmp_path):
    (tmp_path / "result.json/deep").mkdir(parents=True)
    assert left_by(tmp_path) is None
    clear_answer(tmp_path)
    assert not (tmp_path / "result.json").exists()
