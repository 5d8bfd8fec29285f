"""What is answered about people: who there is, what is known of somebody, in which pictures somebody is."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.contract import BadInput, Input, Result, read_result, write_atomic
from pipelines.contract.exchange import dump
from pipelines.faces.ask.finding import answered, in_words
from pipelines.faces.ask.stage import ask
from pipelines.faces.ask.tables import table
from pipelines.faces.columns import read_harvest, write_harvest
from pipelines.faces.embed.one import faces_of
from pipelines.faces.registry import PACKS
from pipelines.faces.sorting.stage import cluster
from tests.unit.faces_collection import Collection, Shot, face, many, plain


@pytest.fixture
def family(tmp_path) -> Collection:
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 5), *many("bob", 4), *many("cara", 1), Shot("both.jpg", ["anna", "bob"])])
    collection.ask("people rename", person="person-0002", name="Bob")
    return collection


def asked(collection: Collection, command: str, **arguments: str) -> Result:
    return ask(collection.work(command, arguments, {}))


def test_people_are_listed_with_names_first(family):
    result = asked(family, "people list")
    lines = result.answer.splitlines()
    assert " ".join(lines[0].split()) == "person id faces pictures hidden in review first in last in"
    assert lines[1].split()[:4] == ["Bob", "person-0002", "5", "5"]
    assert lines[2].split()[:4] == ["person-0001", "person-0001", "6", "6"]
    assert lines[-1] == "2 people, 12 faces, 1 of them unsorted."
    assert [(p["number"], p["name"], p["faces"]) for p in result.data["people"]] == [(2, "Bob", 5), (1, None, 6)]


def test_pictures_that_were_deleted_from_a_folder_are_counted_as_hidden(family):
    family.edit(("people/Bob/bob1.jpg", ""))
    result = asked(family, "people list")
    assert result.answer.splitlines()[1].split()[:5] == ["Bob", "person-0002", "5", "5", "1"]
    assert result.answer.splitlines()[-1] == "2 people, 12 faces, 1 of them unsorted, 1 hidden: deleted from the tree."
    assert [p["hidden"] for p in result.data["people"]] == [1, 0]
    shown = asked(family, "people show", person="bob").answer
    assert shown.startswith("Bob (person-0002): 5 faces in 5 pictures, 0 placed by you, 0 in review, 1 hidden\n")


def test_the_answer_is_json_as_it_is(family):
    for command, arguments in (("people list", {}), ("people show", {"person": "bob"})):
        assert json.loads(json.dumps(plain(asked(family, command, **arguments)), allow_nan=False))


def test_somebody_is_shown_with_their_pictures_and_who_is_like_them(family):
    family.edit(("people/Bob/bob1.jpg", "people/person-0001/bob1.jpg"))
    result = asked(family, "people show", person="PERSON-0001")
    assert result.answer.startswith("person-0001 (person-0001): 7 faces in 7 pictures, 1 placed by you, 0 in review\n")
    assert re.search(r"most alike: Bob \(0\.\d\d\)", result.answer)
    placed = next(f for f in result.data["pictures_of"] if f["picture"] == "bob1.jpg")
    assert placed["standing"] == "placed by you"
    assert result.data["pictures_of"][-1]["picture"] == "bob1.jpg"


def test_somebody_who_is_not_there_is_not_shown_but_who_might_be_meant_is(family):
    with pytest.raises(BadInput, match=r'nobody called "Bop".*Did you mean Bob\?'):
        asked(family, "people show", person="Bop")


def test_an_empty_collection_says_what_to_do(tmp_path):
    with pytest.raises(BadInput, match='nobody in the collection "family" yet'):
        asked(Collection(tmp_path), "people list")


def test_a_face_is_known_again_and_its_pictures_are_ranked(family):
    gallery = family.gallery()
    answer = answered(gallery, face("bob", 999).astype(np.float32))
    assert answer.person is not None
    assert answer.person.name == "Bob"
    rows = [row for row, _ in answer.scores]
    scores = [score for _, score in answer.scores]
    assert {gallery.pictures[int(gallery.faces["picture"][row])].path for row in rows} == {
        "both.jpg",
        *(f"bob{n}.jpg" for n in range(4)),
    }
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(float(gallery.embeddings()[rows[0]].astype("f4") @ face("bob", 999)), abs=1e-3)


def test_a_face_alone_in_the_collection_is_found_although_it_is_nobody(family):
    answer = answered(family.gallery(), face("cara", 999).astype(np.float32))
    assert answer.person is None
    assert len(answer.scores) == 1


def test_a_stranger_is_nobody(family):
    answer = answered(family.gallery(), face("zoe", 1).astype(np.float32))
    assert (answer.person, answer.scores) == (None, ())


def test_a_face_is_told_in_whole_sentences(family):
    gallery = family.gallery()
    bob, cara, zoe = (answered(gallery, face(who, 999).astype(np.float32)) for who in ("bob", "cara", "zoe"))
    assert re.match(r"Face 1 of 3, by size: Bob, mean similarity 0\.\d{3}, 5 pictures:\n", in_words(gallery, bob, 0, 3))
    assert re.match(
        r"Face 2 of 3, by size: nobody of this collection; the most alike person is at -?0\.\d{3}\. "
        r"1 picture may show the same:\n",
        in_words(gallery, cara, 1, 3),
    )
    assert re.fullmatch(r"Nobody of this collection; the .* is at -?0\.\d{3}\.", in_words(gallery, zoe, 0, 1))


def test_tables_line_up_numbers_at_the_right_and_wide_letters_too():
    said = table(("name", "faces", "s"), [("Anna", 5, 0.5), ("山田", 1234, float("nan")), ("a\nb\udc80", 7, None)])
    assert said.splitlines() == [
        "name       faces      s",
        "Anna           5  0.500",
        "山田       1,234",
        "a b\\udc80      7",
    ]


# ---------------------------------------------------------------- with real pictures


@pytest.fixture
def lfw(tmp_path, data: Path, models: Path, monkeypatch) -> Collection:
    """Three people of LFW with their pictures, as the stage embed would leave them."""
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    collection = Collection(tmp_path)
    work = collection.work(None, {}, {})
    names = ("Holly_Hunter", "Fujio_Cho", "Roman_Polanski")
    pictures = [path for name in names for path in sorted((data / "faces" / "lfw").glob(f"{name}_*.jpg"))[:3]]
    assert len(pictures) >= 6
    shards = []
    for at, path in enumerate(pictures):
        write_harvest(work.earlier("embed") / f"{at:03}", faces_of(path, PACKS["buffalo_sc"], models))
        shards.append(f"{at:03}")
    work.earlier("survey").mkdir(parents=True)
    (work.earlier("survey") / "shards.json").write_text(json.dumps(shards))
    collection.commit(work, cluster(work))
    return collection


@pytest.mark.data
def test_all_pictures_of_the_person_in_a_picture_are_found(lfw, data):
    work = lfw.work("faces find", {}, {})
    query = sorted((data / "faces" / "lfw").glob("Holly_Hunter_*.jpg"))[3]
    (work.job / "in").mkdir()
    shutil.copy(query, work.job / "in" / query.name)
    entry = Input(path=f"in/{query.name}", role="picture", size=1, sha256="")
    result = ask(replace(work, request=replace(work.request, inputs=(entry,))))
    write_atomic(work.job / "result.json", dump(result))
    assert read_result(work.job) is not None
    found = {p["path"] for p in result.data["faces"][0]["pictures"]}
    assert {path for path in found if path.startswith("Holly_Hunter")} == {
        f"Holly_Hunter_000{n}.jpg" for n in range(1, 4)
    }
    assert "person-000" in result.answer.splitlines()[0]


@pytest.mark.data
def test_another_pack_looks_at_all_faces_again_and_finds_the_same_people(lfw, data, models):
    before = {frozenset(files) for files in lfw.folders().values()}
    numbers = set(lfw.folders())
    lfw.options["pack"] = "opencv"
    lfw.ask("recluster")
    gallery = lfw.gallery()
    assert (gallery.about.pack, gallery.embeddings().shape[1]) == ("opencv", 128)
    assert {frozenset(files) for files in lfw.folders().values()} == before
    assert set(lfw.folders()) == numbers
    for row, one in enumerate(gallery.faces):
        picture = gallery.pictures[int(one["picture"])]
        seen = faces_of(data / "faces" / "lfw" / picture.path, PACKS["opencv"], models)
        alike = seen.embeddings.astype("f4") @ gallery.embeddings()[row].astype("f4")
        if len(alike):
            assert alike.max() > 0.8  # the other detector sees the eyes elsewhere
    assert set(read_harvest(lfw.state / "segments" / "000001").faces["norm"]) == set(gallery.faces["norm"])


@pytest.mark.data
def test_a_rename_leaves_a_collection_with_the_pack_that_it_has(lfw):
    lfw.options["pack"] = "opencv"
    person = min(lfw.folders())
    lfw.ask("people rename", person=person, name="Anna")
    assert lfw.gallery().about.pack == "buffalo_sc"
