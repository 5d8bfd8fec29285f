"""The tables of a collection, column by column as docs/faces.md has them."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.attribute_files import read_attributes, write_attributes
from pipelines.faces.tree.attributes import NAMES, UNKNOWN, Attributes
from pipelines.faces.tree.tables import faces_table, pictures_table, write_csv, write_parquet
from tests.unit.faces_tree_world import World, sha

DOCS = Path(__file__).parents[2] / "docs" / "faces.md"


@pytest.fixture
def world() -> World:
    return World(
        {"x/a.jpg": [1], "b.jpg": [1, None], "raw \udcff.jpg": ["1?"], "wall.jpg": [], "c.jpg": [2]}, names={1: "Anna"}
    )


def rows(world: World) -> list[dict]:
    return faces_table(world.holdings(), arranged(world.holdings(), world.shown()).placed).to_pylist()


def test_each_face_has_a_row_that_says_who_it_is_and_where_it_stands(world: World):
    found = [(r["face"], r["person"], r["name"], r["standing"], r["picture"], r["file"]) for r in rows(world)]
    assert found == [
        (3, 1, "Anna", "joined", "x/a.jpg", "people/Anna/a.jpg"),
        (13, 1, "Anna", "joined", "b.jpg", "people/Anna/b.jpg"),
        (23, None, None, "unsorted", "b.jpg", None),
        (33, 1, "Anna", "review", "raw \\xff.jpg", "review/Anna/raw %FF.jpg"),
        (43, 2, None, "joined", "c.jpg", "people/person-0002/c.jpg"),
    ]


def test_what_is_not_known_is_empty(world: World):
    holdings = world.holdings()
    holdings.census.similarity[0] = np.nan
    (row, *_) = faces_table(holdings, ()).to_pylist()
    assert (row["time"], row["similarity"], row["age"], row["gender"], row["file"]) == (None,) * 5


def test_each_picture_has_a_row_with_its_people_and_its_files_and_why_not(world: World):
    holdings = world.holdings()
    broken = [replace(p, problem="It is broken.") if p.path == "wall.jpg" else p for p in holdings.pictures]
    holdings = replace(holdings, pictures=broken)
    found = pictures_table(holdings, arranged(holdings, ()).placed).to_pylist()
    assert [(r["picture"], r["faces"], r["people"], r["files"], r["problem"]) for r in found] == [
        ("x/a.jpg", 1, "Anna", "people/Anna/a.jpg", None),
        ("b.jpg", 2, "Anna", "people/Anna/b.jpg", None),
        ("raw \\xff.jpg", 1, "", "review/Anna/raw %FF.jpg", None),
        ("wall.jpg", 0, "", "", "It is broken."),
        ("c.jpg", 1, "person-0002", "people/person-0002/c.jpg", None),
    ]
    assert found[0]["sha256"] == sha("x/a.jpg")


def test_csv_and_parquet_hold_the_same_and_the_docs_name_every_column(world: World, tmp_path: Path):
    faces = faces_table(world.holdings(), arranged(world.holdings(), ()).placed)
    pictures = pictures_table(world.holdings(), ())
    write_csv(tmp_path / "faces.csv", faces)
    write_parquet(tmp_path / "faces.parquet", faces)
    with (tmp_path / "faces.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert pyarrow.parquet.read_table(tmp_path / "faces.parquet").column_names == list(lines[0])
    assert [line["file"] for line in lines] == [name or "" for name in faces["file"].to_pylist()]
    named = set(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", DOCS.read_text("utf-8"), re.MULTILINE))
    columns = {name for cell in named for name in re.findall(r"\w+", cell)}
    assert set(faces.column_names) | set(pictures.column_names) <= columns


def test_an_empty_collection_has_tables_without_rows(tmp_path: Path):
    holdings = World({"a.jpg": []}).holdings()
    assert faces_table(holdings, ()).num_rows == 0
    write_csv(tmp_path / "faces.csv", faces_table(replace(holdings, pictures=[]), ()))
    assert (tmp_path / "faces.csv").read_text().startswith('"face","person"')


def test_attributes_are_read_as_they_were_written_and_the_rest_is_unknown(world: World, tmp_path: Path):
    wrote = Attributes(
        age=np.asarray([31.5, np.nan], dtype=np.float32),
        kind={name: np.asarray([1, UNKNOWN], dtype=np.int32) for name in NAMES},
        score={name: np.asarray([0.75, np.nan], dtype=np.float32) for name in NAMES},
    )
    write_attributes(tmp_path / "one.parquet", np.asarray([13, 999]), wrote)
    write_attributes(tmp_path / "two.parquet", np.asarray([43, 3]), wrote)
    ids = world.holdings().faces["id"]
    found = read_attributes([tmp_path / "one.parquet", tmp_path / "two.parquet", tmp_path / "no.parquet"], ids)
    assert found is not None
    np.testing.assert_array_equal(found.age, np.asarray([np.nan, 31.5, np.nan, np.nan, 31.5], dtype=np.float32))
    assert found.kind["gender"].tolist() == [UNKNOWN, 1, UNKNOWN, UNKNOWN, 1]
    (row, *_) = faces_table(replace(world.holdings(), attributes=found), ()).slice(1).to_pylist()
    assert (row["age"], row["gender"], row["gender_score"], row["emotion"]) == (31.5, "male", 0.75, "disgust")


def test_where_no_attributes_were_kept_there_are_none(tmp_path: Path):
    assert read_attributes([tmp_path / "no.parquet"], np.asarray([1])) is None
