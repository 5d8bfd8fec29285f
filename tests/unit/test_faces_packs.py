"""Packs of models: those of models.toml, and those of the user's own, from folders that anybody may have written."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.models.sources import parsed
from pipelines.faces.packs import described
from pipelines.faces.registry import PACKS, WEIGHTS, find, needed, own_pack

TOML = """
about = "Owls"
licence = "Mine"
impostors = [[0.3, 1e-3], [0.4, 1e-5]]
detector = { file = "d.onnx", kind = "scrfd" }
recogniser = { file = "r.onnx", dimension = 512, order = "rgb", mean = 127.5, scale = 128 }
"""


@pytest.fixture
def owls(tmp_path):
    folder = tmp_path / "owls"
    folder.mkdir()
    (folder / "pack.toml").write_text(TOML)
    (folder / "d.onnx").write_bytes(b"detector")
    (folder / "r.onnx").write_bytes(b"recogniser")
    return folder


# ---------------------------------------------------------------- those of models.toml


def test_every_file_of_models_toml_can_be_fetched_and_checked():
    for weights in WEIGHTS:
        assert [parsed(source) for source in weights.sources]
        assert (len(weights.sha256), weights.size > 0, bool(weights.licence)) == (64, True, True)


def test_every_pack_tells_how_rare_lookalikes_are():
    for pack in PACKS.values():
        assert len(pack.impostors) > 1, pack.name


def test_a_job_needs_the_files_of_its_pack_and_of_no_other():
    assert needed({"pack": "buffalo_sc"}) == ("scrfd_500m_bnkps.onnx", "w600k_mbf.onnx")
    assert needed({"pack": "owls"}) == ()


def test_a_known_pack_is_found_without_looking_anywhere():
    assert find("opencv", Path("/nowhere")) is PACKS["opencv"]


# ---------------------------------------------------------------- those of the user's own


def test_an_own_pack_is_found_by_its_name_among_the_weights(owls):
    pack = find("owls", owls.parent)
    assert (pack.name, pack.detector, pack.recogniser) == ("owls", "owls/d.onnx", "owls/r.onnx")
    assert (pack.dimension, pack.order, pack.scale, pack.impostors) == (512, "rgb", 128.0, ((0.3, 1e-3), (0.4, 1e-5)))


def test_an_own_pack_is_found_by_its_path(owls):
    pack = find(str(owls), Path("/nowhere"))
    assert Path("/nowhere", pack.detector) == owls / "d.onnx"


def test_the_files_of_an_own_pack_are_told_with_their_sums(owls):
    files = own_pack(owls)
    assert [(one.name, one.size, one.pack, one.licence) for one in files] == [
        ("d.onnx", 8, "owls", "Mine"),
        ("r.onnx", 10, "owls", "Mine"),
        ("pack.toml", len(TOML), "owls", "Mine"),
    ]


def test_a_recogniser_that_changed_is_another(owls):
    before = find("owls", owls.parent).recogniser_sha256
    (owls / "r.onnx").write_bytes(b"another")
    assert find("owls", owls.parent).recogniser_sha256 != before


def test_a_folder_of_insightface_is_a_pack_as_it_is(tmp_path):
    folder = tmp_path / "antelopev2"
    folder.mkdir()
    for name in ("1k3d68.onnx", "2d106det.onnx", "genderage.onnx", "glintr100.onnx", "scrfd_10g_bnkps.onnx"):
        (folder / name).write_bytes(name.encode())
    pack = find("antelopev2", tmp_path)
    assert (pack.detector, pack.recogniser) == ("antelopev2/scrfd_10g_bnkps.onnx", "antelopev2/glintr100.onnx")
    assert (pack.kind, pack.dimension, pack.impostors) == ("scrfd", 512, PACKS["buffalo_sc"].impostors)


def test_what_has_the_name_of_a_known_pack_must_be_that_pack(owls):
    shutil.move(owls, owls.parent / "buffalo_l")
    with pytest.raises(ValueError, match=r"not the buffalo_l that visaged knows: its w600k_r50\.onnx is another"):
        own_pack(owls.parent / "buffalo_l")


@pytest.mark.parametrize("name", ["owl", "../owls", ".", "", "owls/", "OWLS\n"])
def test_a_name_leads_only_to_packs(owls, name):
    with pytest.raises(ValueError, match="There is no pack"):
        find(name, owls.parent)


def test_a_name_that_is_nearly_right_is_guessed():
    with pytest.raises(ValueError, match=r"Did you mean buffalo_sc\? `visaged models import DIR` brings"):
        find("bufallo_sc", Path("/nowhere"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('about = "Owls"', "", "about is missing"),
        ('"Mine"', "3", "licence is not of its type"),
        ('"scrfd"', '"retina"', 'kind is "retina"; it may be scrfd or yunet'),
        ('"rgb"', '"grey"', 'order is "grey"; it may be rgb or bgr'),
        ("512", "0", "dimension is 0; it must be from 1 to 4096"),
        ("512", "true", "dimension is not of its type"),
        ("128 }", "0 }", "scale is 0; it must be above 0"),
        ("128 }", "nan }", "scale is nan; it must be above 0"),
        ('"d.onnx"', '"../../d.onnx"', "it must be the name of an .onnx file in the folder"),
        ('"d.onnx"', '"e.onnx"', "its file e.onnx is not there"),
        ("[0.4, 1e-5]", "", "impostors must be two or more pairs"),
        ("1e-5", "1e-2", "impostors must be two or more pairs"),
        ("[[0.3, 1e-3], [0.4, 1e-5]]", "3", "impostors are not pairs of numbers"),
        ("impostors = [[0.3, 1e-3], [0.4, 1e-5]]", "", "it says neither impostors nor whose may serve"),
        ("impostors = [[0.3, 1e-3], [0.4, 1e-5]]", 'like = "hawks"', 'like is "hawks"; it may be buffalo_sc or'),
        ("about", "=", "is no pack of models"),
    ],
)
def test_what_is_wrong_in_a_pack_toml_is_told(owls, old, new, says):
    assert old in TOML
    (owls / "pack.toml").write_text(TOML.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"The folder .*owls is no pack of models: ") as told:
        find("owls", owls.parent)
    assert says in str(told.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
FIELDS = {
    "about": st.just("a") | JSON,
    "licence": st.just("l") | JSON,
    "impostors": st.just([[0.1, 0.2], [0.2, 0.1]]) | JSON,
    "detector": st.fixed_dictionaries({"file": st.just("d.onnx") | JSON, "kind": st.just("yunet") | JSON}) | JSON,
    "recogniser": st.just(tomllib.loads(TOML)["recogniser"]) | JSON,
}


@given(st.fixed_dictionaries({}, optional=FIELDS))
def test_whatever_a_pack_toml_says_it_is_a_pack_or_refused_in_words(raw):
    try:
        pack = described("any", raw, recogniser_sha256="")
    except ValueError as error:
        refused = str(error)
        assert refused
    else:
        assert json.dumps(pack.impostors)
        assert pack.scale > 0
