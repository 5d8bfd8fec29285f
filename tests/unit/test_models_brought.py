"""Weights that people bring are known by their content, and packs of their own come as a folder."""

import dataclasses

import pytest

from daemon.models import bring, own_packs, packs, wanted
from daemon.models.shelf import UNFINISHED
from pipelines.contract import Weights
from tests.unit.weights_world import EYES, MIND, pipeline, weights, wheel, zipped

EYES_FILE, MIND_FILE = weights("eyes.onnx", EYES), weights("mind.onnx", MIND)


def own_pack(folder):
    """A folder is a pack of the user's own where it has a pack.toml; its files are all that lie there."""
    if not (folder / "pack.toml").is_file():
        raise ValueError("It has no pack.toml.")
    return tuple(
        dataclasses.replace(weights(path.name, path.read_bytes()), pack=folder.name)
        for path in sorted(folder.iterdir())
    )


LOOK = pipeline(EYES_FILE, MIND_FILE, own_pack=own_pack)


@pytest.fixture
def bag(tmp_path):
    (tmp_path / "bag").mkdir()
    return tmp_path / "bag"


@pytest.fixture
def shelf(tmp_path):
    return tmp_path / "models"


def brought(paths, shelf):
    return bring(paths, [LOOK], shelf)


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and UNFINISHED not in p.parts)


def test_a_file_is_known_by_its_content_whatever_it_is_called(bag, shelf):
    (bag / "download (1).bin").write_bytes(EYES)
    assert brought([bag / "download (1).bin"], shelf).files == (EYES_FILE,)
    assert (shelf / "eyes.onnx").read_bytes() == EYES
    assert names(shelf) == ["eyes.onnx", "sharp.LICENCE.txt"]


def test_folders_are_looked_through_with_the_archives_in_them(bag, shelf):
    (bag / "deep" / "deeper").mkdir(parents=True)
    (bag / "deep" / "deeper" / "pack.ZIP").write_bytes(zipped(some__eyes_bin=EYES))
    wheel(bag, "deep_mind", mind_onnx=MIND)
    assert set(brought([bag], shelf).files) == {EYES_FILE, MIND_FILE}
    assert (shelf / "mind.onnx").read_bytes() == MIND


def test_what_is_brought_stays_where_it_is(bag, shelf):
    (bag / "eyes.onnx").write_bytes(EYES)
    brought([bag], shelf)
    assert (bag / "eyes.onnx").read_bytes() == EYES


def test_another_version_of_a_file_is_not_taken_and_told(bag, shelf):
    (bag / "eyes.onnx").write_bytes(b"x" + EYES[1:])
    (bag / "p.zip").write_bytes(zipped(mind_onnx=b"less"))
    found = brought([bag], shelf)
    assert (found.files, names(shelf)) == ((), [])
    assert [why.partition(" is another file")[0] for why in found.wrong] == [
        str(bag / "eyes.onnx"),
        f"mind.onnx in {bag / 'p.zip'}",
    ]


def test_what_is_nobodys_weights_is_passed_over(bag, shelf):
    (bag / "notes.txt").write_text("hello")
    (bag / "broken.zip").write_bytes(b"PK\3\4 no archive")
    assert brought([bag], shelf).wrong == ()


def test_what_is_here_already_is_told_as_here(bag, shelf):
    (bag / "eyes.onnx").write_bytes(EYES)
    brought([bag], shelf)
    assert brought([bag, shelf], shelf).files == (EYES_FILE,)
    assert names(shelf) == ["eyes.onnx", "sharp.LICENCE.txt"]


# ---------------------------------------------------------------- packs of their own


@pytest.fixture
def mine(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "pack.toml").write_text("mine")
    (folder / "owl.onnx").write_bytes(b"owl")
    return folder


def test_an_own_pack_comes_as_a_folder_of_its_name(mine, shelf):
    (pack,) = brought([mine], shelf).own
    assert (pack.name, pack.pipeline, pack.own, pack.lacks(shelf)) == ("mine", "look", True, ())
    assert names(shelf) == ["mine.LICENCE.txt", "mine/owl.onnx", "mine/pack.toml"]
    assert list(own_packs([LOOK], shelf)) == [pack]


def test_an_own_pack_may_be_brought_twice(mine, shelf):
    assert brought([mine], shelf) == brought([mine], shelf)
    assert brought([shelf / "mine"], shelf).own


def test_another_own_pack_of_the_same_name_is_not_taken(mine, shelf):
    brought([mine], shelf)
    (mine / "owl.onnx").write_bytes(b"eagle")
    found = brought([mine], shelf)
    assert found.own == ()
    assert "there is another pack mine in" in found.wrong[0]
    assert (shelf / "mine" / "owl.onnx").read_bytes() == b"owl"


def test_a_folder_that_is_no_pack_is_no_mistake_but_one_that_means_to_be_is_told(tmp_path, bag, shelf):
    def broken(_folder) -> tuple[Weights, ...]:
        raise ValueError("Its recogniser is missing.")

    look = pipeline(EYES_FILE, own_pack=broken)
    assert bring([bag], [look], shelf).wrong == ()
    (bag / "pack.toml").touch()
    assert bring([bag], [look], shelf).wrong == ("Its recogniser is missing.",)


# ---------------------------------------------------------------- packs as people see them


def test_packs_are_what_is_declared_in_its_order():
    look = pipeline(EYES_FILE, weights("x.onnx", b"x", pack="blunt"), MIND_FILE)
    sharp, blunt = packs([look])
    assert (sharp.name, sharp.size, sharp.about, sharp.licence) == (
        "sharp", len(EYES) + len(MIND), "Sees well", "Only on Sundays",
    )  # fmt: skip
    assert blunt.name == "blunt"
    assert wanted(look, {"pack": "blunt"}) == ("blunt",)


def test_a_pack_lacks_what_is_not_here(tmp_path):
    (tmp_path / "eyes.onnx").write_bytes(EYES)
    (sharp,) = packs([LOOK])
    assert sharp.lacks(tmp_path) == (MIND_FILE,)
