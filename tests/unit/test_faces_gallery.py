"""What a collection keeps from revision to revision, and what it forgets."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from pipelines.contract import BadInput
from pipelines.faces.columns import write_harvest
from pipelines.faces.gallery import known, moments, opened, read_gallery
from pipelines.faces.gallery.about import About, about_bytes, read_about
from pipelines.faces.gallery.chunks import ROWS, paths, read_chunks, write_chunks
from pipelines.faces.gallery.overlay import Overlay
from pipelines.faces.gallery.records import read_decisions, write_decisions
from pipelines.faces.people.words import Decision, Verb
from pipelines.faces.sorting.stage import cluster
from tests.unit.faces_collection import Collection, Shot, harvest, many


@pytest.fixture
def two_drops(tmp_path) -> Collection:
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 3), *many("bob", 2)], many("cara", 2))
    collection.drop(many("anna", 2, 3))
    return collection


def test_rows_are_those_of_the_drops_one_after_the_other(two_drops):
    gallery = two_drops.gallery()
    files = [gallery.pictures[int(face["picture"])].path for face in gallery.faces]
    assert files == [
        f"{f}.jpg" for f in ("anna0", "anna1", "anna2", "bob0", "bob1", "cara0", "cara1", "anna3", "anna4")
    ]
    assert gallery.ids.tolist() == list(range(9))
    assert [gallery.chip(row).decode() for row in range(9)] == [f"chip-{file}-0" for file in files]


def test_embeddings_are_those_that_were_dropped_also_of_chosen_rows(two_drops):
    gallery = two_drops.gallery()
    wanted = np.concatenate(
        [
            harvest(shots).embeddings
            for shots in ([*many("anna", 3), *many("bob", 2)], many("cara", 2), many("anna", 2, 3))
        ]
    )
    assert (gallery.embeddings() == wanted).all()
    assert (gallery.embeddings_of(np.array([8, 0, 5])) == wanted[[8, 0, 5]]).all()


def test_a_drop_writes_its_own_faces_and_keeps_the_files_of_the_others(two_drops):
    assert two_drops.last is not None
    kept = {path for path in two_drops.last.keep if path.startswith("segments/")}
    assert kept == {f"segments/000001/{file}" for file in (
        "pictures.jsonl", "faces.npy", "embeddings.npy", "chips.npy", "chips.bin",
    )}  # fmt: skip


def test_a_picture_is_known_by_its_content_and_looked_at_once(two_drops):
    again = [*many("anna", 2), Shot("new.jpg", ["anna"]), Shot("new.jpg", ["anna"])]
    result = two_drops.drop(again, [Shot("new.jpg", ["anna"])])
    assert (result.figures["new_faces"], result.figures["pictures_again"]) == (1, 4)
    assert known(two_drops.state) >= {"sha-anna0.jpg", "sha-new.jpg"}


def test_a_picture_that_could_not_be_looked_at_may_come_again(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 2), Shot("late.jpg", problem="cut off")])
    assert "sha-late.jpg" not in known(collection.state)
    collection.drop([Shot("late.jpg", problem="cut off"), *many("anna", 1, 7)])
    collection.drop([Shot("late.jpg", ["anna"])])
    assert collection.standing()["late"] == "person-0001"
    assert [p.path for p in collection.gallery().pictures].count("late.jpg") == 2


def test_the_stages_after_it_see_what_is_new_over_what_was_kept(two_drops):
    work = two_drops.work(None, {}, {})
    (work.earlier("survey")).mkdir(parents=True)
    (work.earlier("survey") / "shards.json").write_text("[]")
    before = opened(replace(work, stage="tree"))
    assert before is not None
    assert len(before) == 9
    work = two_drops.work("people rename", {"person": "person-0001", "name": "Anna"}, {})
    cluster(work)
    after = opened(replace(work, stage="tree"))
    assert after is not None
    assert after.census.people[1].name == "Anna"
    assert after.chip(8) == b"chip-anna4.jpg-0"


def test_a_job_that_was_killed_half_way_gives_the_same_when_it_is_done_again(tmp_path):
    collection = Collection(tmp_path)
    collection.drop(many("anna", 3))
    work = collection.work("people rename", {"person": "person-0001", "name": "Anna"}, {})
    (work.folder / "state" / "segments" / "000009").mkdir(parents=True)
    (work.folder / "state" / "census").mkdir()
    (work.folder / "state" / "census" / "person-00000.npy").write_bytes(b"half")
    collection.commit(work, cluster(work))
    assert collection.folders() == {"Anna": {"anna0", "anna1", "anna2"}}
    assert not (collection.state / "segments" / "000009").exists()


def test_how_a_drop_is_cut_into_shards_changes_nothing_but_the_ids(tmp_path):
    shots = [*many("anna", 4), Shot("both.jpg", ["anna", "bob"]), *many("bob", 3), *many("cara", 2)]
    found = []
    for name, shards in (("one", [shots]), ("two", [shots[:5], shots[5:]]), ("back", [shots[::-1]])):
        collection = Collection(tmp_path / name)
        collection.drop(*shards)
        found.append({frozenset(files - {"both#1", "both"}) for files in collection.folders().values()})
    assert found[0] == found[1] == found[2]


def test_attributes_stay_with_their_faces(tmp_path):
    collection = Collection(tmp_path)
    collection.drop(many("anna", 1))
    work = collection.work(None, {}, {})
    survey = work.earlier("survey")
    survey.mkdir(parents=True)
    (survey / "shards.json").write_text(json.dumps(["a"]))
    write_harvest(work.earlier("embed") / "a", harvest([*many("anna", 1), *many("bob", 2)]))
    work.earlier("attributes").mkdir()
    table = pa.table({"id": [2, 0, 1], "age": [22.0, 1.0, 21.0]})
    parquet.write_table(table, work.earlier("attributes") / "a.parquet")
    collection.commit(work, cluster(work))
    (path,) = collection.gallery().attributes()
    assert parquet.read_table(path).to_pydict() == {"id": [2, 1], "age": [22.0, 21.0]}
    collection.ask("people forget", person="person-0001")
    assert collection.gallery().attributes() == ()


# ---------------------------------------------------------------- forgetting


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_who_is_forgotten_leaves_no_face_embedding_chip_or_word_behind(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 4), Shot("both.jpg", ["anna", "bob"])], many("bob", 3))
    collection.drop([*many("cara", 2), *many("anna", 1, 4)])
    collection.ask("people rename", person="person-0001", name="Annabella")
    collection.edit(("people/Annabella/anna1.jpg", "people/person-0002/anna1.jpg"))
    collection.edit(("people/person-0002/anna1.jpg", "people/Annabella/anna1.jpg"))
    gallery = collection.gallery()
    theirs = np.flatnonzero(gallery.census.person == 1)
    secrets = [gallery.embeddings()[row].tobytes() for row in theirs] + [gallery.chip(row) for row in theirs.tolist()]
    result = collection.ask("people forget", person="annabella")
    left = everything(collection.state)
    assert not any(secret in left for secret in [*secrets, b"Annabella"])
    assert result.data["prune"] is True
    assert result.data["forget"] == [f"sha-anna{n}.jpg" for n in range(5)]
    assert "The archive keeps the originals, dropped as: " in result.answer
    mentioned = {face for d in collection.gallery().decisions for face in d.faces}
    assert not mentioned & set(gallery.ids[theirs].tolist())
    assert collection.folders() == {"person-0002": {"both", "bob0", "bob1", "bob2"}, "person-0003": {"cara0", "cara1"}}


def test_after_forgetting_the_graph_is_as_if_they_had_never_been_there(tmp_path):
    with_them, never = Collection(tmp_path / "a"), Collection(tmp_path / "b")
    with_them.drop([*many("bob", 30), *many("anna", 40)])
    with_them.ask("people forget", person="person-0001")
    never.drop(many("bob", 30))
    for name in ("graph/neighbours-00000.npy", "graph/similarity-00000.npy"):
        assert (np.load(with_them.state / name) == np.load(never.state / name)).all()


def test_a_face_that_was_just_moved_away_is_not_forgotten_with_whom_it_left(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 4), *many("bob", 3)])
    tree = collection.tree(("people/person-0001/anna1.jpg", "people/person-0002/anna1.jpg"))
    collection.ask("people forget", tree, person="person-0001")
    assert collection.standing() == {"bob0": "person-0002", "bob1": "person-0002", "bob2": "person-0002"} | {
        "anna1": "person-0002!"
    }


def test_who_was_forgotten_is_somebody_new_when_dropped_again(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 4), *many("bob", 2)])
    collection.ask("people forget", person="person-0001")
    collection.drop(many("anna", 4))
    assert sorted(collection.folders()) == ["person-0002", "person-0003"]
    assert collection.gallery().ids.min() == 4


def test_forgetting_cannot_be_taken_back(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 4), *many("bob", 2)])
    collection.ask("people rename", person="person-0002", name="Bob")
    collection.ask("people forget", person="person-0001")
    with pytest.raises(BadInput, match="a forgetting cannot be taken back"):
        collection.ask("people undo")
    assert sorted(collection.folders()) == ["Bob"]


def test_who_went_into_somebody_is_forgotten_with_them(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 4), *many("bob", 2), *many("cara", 2)])
    collection.ask("people merge", people=["person-0001", "person-0002"])
    collection.ask("people forget", person="person-0002")
    assert collection.folders() == {"person-0003": {"cara0", "cara1"}}


# ---------------------------------------------------------------- files


def test_long_arrays_are_written_only_where_they_changed(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    array = np.arange(3 * ROWS + 5, dtype=np.int32)
    write_chunks(old, None, "a/column", array)
    array[ROWS + 7] = -1
    write_chunks(new, old, "a/column", array)
    assert [path.name for path in (new / "a").iterdir()] == ["column-00001.npy"]
    found = read_chunks(Overlay(new=new, old=old), "a/column", len(array))
    assert found is not None
    assert (found == array).all()
    assert len(paths("a/column", 3 * ROWS)) == 3


def test_a_missing_chunk_is_said_and_not_taken_for_the_end(tmp_path):
    write_chunks(tmp_path, None, "column", np.arange(2 * ROWS))
    (tmp_path / "column-00000.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"column-00000\.npy"):
        read_chunks(Overlay(new=None, old=tmp_path), "column", 2 * ROWS)


def test_decisions_are_read_as_they_were_written(tmp_path):
    said = (
        Decision(number=1, batch=1, at=1.5, by="tree", verb=Verb.NAME, person=3, name="Žofie \udc80"),
        Decision(number=2, batch=1, at=1.5, by="tree", verb=Verb.HIDE, faces=(1, 2), pictures=("ab",), undone=True),
        Decision(number=3, batch=2, at=2.0, by="command", verb=Verb.MERGE, person=3, others=(4, 5), faces=(1, -1, 2)),
    )
    write_decisions(tmp_path, said)
    assert read_decisions(Overlay(new=None, old=tmp_path)) == said


def test_a_collection_of_a_later_version_is_not_touched(tmp_path):
    path = tmp_path / "gallery.json"
    path.write_bytes(about_bytes(About(pack="p", recogniser="r", dimension=4)).replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(ValueError, match="later version of visaged"):
        read_about(path)


def test_there_is_no_gallery_before_the_first_drop(tmp_path):
    assert read_gallery(Overlay(new=None, old=tmp_path)) is None
    assert known(None) == frozenset()


def test_each_time_of_a_video_is_a_moment_of_its_own():
    faces = harvest([Shot("a.jpg", ["x", "y"]), Shot("b.mp4", ["x", "y", "z"], times=(0.0, 0.0, 1.0))]).faces
    found = moments(faces).tolist()
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3
