"""Age, gender, emotion and race are estimated once of each face, with what is here, and kept in the gallery."""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import BadInput, Result
from pipelines.faces import PIPELINE, Options
from pipelines.faces.attribute_packs import ATTRIBUTE_PACKS, ATTRIBUTES, needed, required, spared, wanted
from pipelines.faces.attributes import machine
from pipelines.faces.attributes.estimating import ALL, estimated, joined, lacking
from pipelines.faces.attributes.opening import Opened
from pipelines.faces.attributes.patches import CENTRE, patches, unpacked
from pipelines.faces.attributes.stage import run
from pipelines.faces.columns import CHIP, packed, write_harvest
from pipelines.faces.tree.attribute_files import read_attributes
from pipelines.faces.tree.attributes import NAMES
from tests.unit.faces_collection import Collection, Shot, harvest, many

ROOT = Path(__file__).resolve().parents[2]


def chip(grey: int) -> bytes:
    _, data = cv2.imencode(".png", np.full((CHIP, CHIP, 3), grey, np.uint8))
    return data.tobytes()


@dataclass
class Fake:
    """Tells from how bright a chip is: years, and the number of each attribute. dies: in the look of that number."""

    names: Sequence[str]
    looks: list[int] = field(default_factory=list)
    dies: int = 0

    def __call__(self, chips: np.ndarray) -> Mapping[str, np.ndarray]:
        self.looks.append(len(chips))
        if len(self.looks) == self.dies:
            raise KeyboardInterrupt
        grey = chips[:, 0, 0, 0].astype(int)
        said = {name: np.eye(len(words), dtype=np.float32)[grey % len(words)] * 0.8 for name, words in NAMES.items()}
        said["age"] = grey[:, None].astype(np.float32)
        return {name: said[name] for name in self.names}


@dataclass
class Stage:
    """The stage beside a collection whose chips are grey: of the number of their picture."""

    collection: Collection
    models: Path
    fakes: list[Fake] = field(default_factory=list)
    dies: int = 0

    def opens(self, _pack: str, names: Sequence[str], _models: Path) -> Opened:
        self.fakes.append(Fake(names, dies=self.dies))
        return Opened(self.fakes[-1], {"fake": "1"})

    def here(self, *names: str, pack: str = "attributes") -> None:
        for file in ATTRIBUTE_PACKS[pack].of(names):
            (self.models / file).write_bytes(b"weights")

    def work(self, shots: Sequence[Shot] = (), command: str | None = None, arguments=None, **options):
        work = self.collection.work(command, arguments or {}, options)
        (work.job / "progress.jsonl").touch()
        if shots:
            found = harvest(shots)
            grey = [chip(sum(found.pictures[p].path.encode()) % 90) for p in found.faces["picture"]]
            write_harvest(work.earlier("embed") / "000", replace(found, chips=packed(grey)))
            work.earlier("survey").mkdir(parents=True)
            (work.earlier("survey") / "shards.json").write_text('["000"]')
        mine = replace(work, folder=work.earlier("attributes"), stage="attributes")
        mine.folder.mkdir(parents=True)
        return work, mine

    def drop(self, shots: Sequence[Shot], **options) -> Result:
        work, mine = self.work(shots, **options)
        result = run(mine, self.opens)
        self.collection.run(work)
        return result

    def known(self):
        gallery = self.collection.gallery()
        return gallery, read_attributes(gallery.attributes(), gallery.ids)

    @property
    def looks(self) -> int:
        return sum(sum(fake.looks) for fake in self.fakes)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAGED_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return Stage(Collection(tmp_path / "keys"), tmp_path / "models")


# ---------------------------------------------------------------- what is wanted


def test_what_a_job_asks_for_decides_which_weights_it_needs_and_which_it_can_do_without():
    assert needed({}) == spared({}) == ()
    assert wanted({"attributes": True}) == ATTRIBUTES == tuple(sorted(ALL, key=ATTRIBUTES.index))
    views = {"views": ("gender",), "filter": {"age": "20-30"}}
    assert required(views) == wanted(views) == ("age", "gender")
    assert (needed(views), spared(views)) == (("age_model_weights.h5", "gender_model_weights.h5"), ())
    both = {"attributes": True, "views": ("emotion",)}
    assert set(needed(both)) - set(spared(both)) == {"facial_expression_model_weights.h5"}
    small = {"attributes": True, "attributes_pack": "attributes-light"}
    assert (wanted(small), len(needed(small))) == (("age", "gender", "emotion"), 3)


def test_the_stage_runs_where_attributes_a_view_or_a_filter_is_asked_for():
    def stages(**options):
        return [stage.name for stage in PIPELINE.stages_of(None, options)]

    assert "attributes" not in stages(attributes=False, views=(), filter={})
    for asked in ({"attributes": True}, {"views": ("age",)}, {"filter": {"gender": "male"}}):
        assert stages(**asked) == ["survey", "embed", "attributes", "cluster", "tree"]
    assert "attributes" in [stage.name for stage in PIPELINE.stages_of("recluster", {"attributes": True})]
    assert "attributes" not in [stage.name for stage in PIPELINE.stages_of("people rename", {"attributes": True})]


def test_the_small_models_cannot_be_asked_for_race():
    with pytest.raises(ValueError, match=r'"attributes-light" estimates age, gender, emotion alone'):
        Options(views=("race",), attributes_pack="attributes-light")


def test_every_file_of_the_packs_is_declared_with_a_source():
    files = {name for pack in ATTRIBUTE_PACKS.values() for name in pack.of(ATTRIBUTES)}
    declared = {one.name: one for one in PIPELINE.weights}
    assert files <= set(declared)
    assert all(declared[name].sources and declared[name].licence for name in files)


# ---------------------------------------------------------------- what is looked at


def test_a_network_sees_the_face_and_not_what_is_around_it():
    chips = np.zeros((1, CHIP, CHIP, 3), np.uint8)
    chips[0, CENTRE[1] - 20 : CENTRE[1] + 21, CENTRE[0] - 20 : CENTRE[0] + 21] = 255
    (seen,) = patches(chips, 111)
    bright = np.argwhere(seen[..., 0] > 0)
    assert np.abs(bright.mean(axis=0) - 55).max() <= 1
    assert patches(chips, 224).shape == (1, 224, 224, 3)


def test_a_damaged_chip_is_not_looked_at():
    found, good = unpacked(packed([chip(7), b"no picture", chip(9)]), range(3))
    assert good.tolist() == [True, False, True]
    assert found[:, 0, 0, 0].tolist() == [7, 0, 9]


# ---------------------------------------------------------------- what becomes of what is said


def test_what_is_said_becomes_the_likeliest_and_how_likely_it_is():
    said = {"age": np.float32([[33.4], [-2]]), "gender": np.float32([[0.2, 0.6], [0.5, 0.5]])}
    found = estimated(said, np.array([True, False, True]), 3)
    assert found.age[[0, 2]].tolist() == [np.float32(33.4), 0]
    assert np.isnan(found.age[1])
    assert found.kind["gender"].tolist() == [1, -1, 0]
    assert found.score["gender"][0] == pytest.approx(0.75)
    assert lacking(found, ["age"]).tolist() == [False, True, False]
    assert lacking(found, ["race"]).all()


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_what_is_new_holds_and_what_is_not_said_again_stays(before, after):
    count = len(before)
    known = estimated({"age": np.full((sum(before), 1), 5.0, np.float32)}, np.array(before), count)
    new = estimated({"age": np.full((sum(after[:count]), 1), 9.0, np.float32)}, np.array(after[:count]), count)
    found = joined(known, np.arange(count), new).age
    for at in range(count):
        assert after[at] == (found[at] == 9)
        assert (before[at] and not after[at]) == (found[at] == 5)
    assert np.array_equal(known.age == 5, before)


# ---------------------------------------------------------------- the stage


def test_what_is_estimated_of_a_drop_is_kept_with_its_faces(stage):
    stage.here(*ALL)
    result = stage.drop([*many("anna", 3), *many("bob", 2)], attributes=True)
    gallery, found = stage.known()
    greys = [sum(gallery.pictures[p].path.encode()) % 90 for p in gallery.faces["picture"]]
    assert found.age.tolist() == greys
    assert found.kind["race"].tolist() == [grey % 6 for grey in greys]
    assert np.allclose(found.score["emotion"], 1)
    assert (result.figures["faces"], result.versions, result.warnings) == (5, {"fake": "1"}, ())
    assert set(result.weights) == set(needed({"attributes": True}))


def test_who_was_there_before_is_looked_at_once_the_option_is_on(stage):
    stage.here(*ALL)
    stage.drop(many("anna", 3))
    assert stage.known()[1] is None
    stage.drop(many("bob", 2), attributes=True)
    assert not lacking(stage.known()[1], ALL).any()
    stage.drop(many("cara", 1), attributes=True)
    assert stage.looks == 3 + 2 + 1


def test_a_recluster_looks_at_who_was_not_looked_at_and_in_full_at_everybody(stage):
    stage.here(*ALL)
    stage.drop(many("anna", 3), attributes=True)
    for full, looks in ((False, 3), (True, 6)):
        work, mine = stage.work(command="recluster", arguments={"full": full}, attributes=True)
        run(mine, stage.opens)
        stage.collection.run(work)
        assert stage.looks == looks
    assert not lacking(stage.known()[1], ALL).any()


def test_what_the_weights_that_are_here_cannot_tell_is_told_and_estimated_later(stage):
    stage.here("emotion")
    result = stage.drop(many("anna", 2), attributes=True)
    (warning,) = result.warnings
    assert warning.startswith("Not estimated: age, gender, race; the weights age_model_weights.h5")
    assert "visaged models import" in warning
    assert lacking(stage.known()[1], ["age"]).all()
    assert not lacking(stage.known()[1], ["emotion"]).any()
    stage.here(*ALL)
    stage.drop(many("bob", 1), attributes=True)
    assert not lacking(stage.known()[1], ALL).any()


def test_nothing_is_opened_where_no_weights_are_here(stage):
    assert "Not estimated" in stage.drop(many("anna", 2), attributes=True).warnings[0]
    assert stage.fakes == []


def test_a_filter_that_cannot_be_met_is_refused(stage):
    stage.here("emotion")
    _, mine = stage.work(many("anna", 2), filter={"gender": "female"})
    with pytest.raises(BadInput, match=r"ask for gender, but the weights gender_model_weights.h5 are missing.*light"):
        run(mine, stage.opens)


def test_a_night_sorts_also_where_nothing_can_be_estimated(stage):
    stage.drop(many("anna", 2))
    _, mine = stage.work(command="recluster", views=("gender",))
    assert "Not estimated: gender" in run(mine, stage.opens).warnings[0]

    def opens(*_):
        raise BadInput("deepface is not installed")

    stage.here("gender")
    assert run(mine, opens).warnings == ("deepface is not installed",)
    _, mine = stage.work(many("bob", 2), views=("gender",))
    with pytest.raises(BadInput, match="not installed"):
        run(mine, opens)


def test_only_what_views_and_filter_ask_for_is_estimated(stage):
    stage.here("gender", pack="attributes-light")
    stage.drop(many("anna", 2), views=("gender",), attributes_pack="attributes-light")
    assert stage.fakes[0].names == ("gender",)


def test_what_was_looked_at_before_a_kill_is_not_looked_at_again(stage, monkeypatch):
    stage.here(*ALL)
    monkeypatch.setattr("pipelines.faces.attributes.stage.EVERY", 0.0)
    monkeypatch.setattr("pipelines.faces.attributes.stage.TOGETHER", 2)
    work, mine = stage.work([*many("anna", 5), *many("bob", 4)], attributes=True)
    stage.dies = 3
    with pytest.raises(KeyboardInterrupt):
        run(mine, stage.opens)
    stage.dies = 0
    assert run(mine, stage.opens).figures["faces"] == 5
    assert stage.fakes[1].looks == [2, 2, 1]
    stage.collection.run(work)
    assert not lacking(stage.known()[1], ALL).any()
    assert not list(mine.folder.glob("_parts/*.parquet/*"))
    assert run(mine, stage.opens).figures["faces"] == 0


def test_progress_counts_all_faces(stage):
    stage.here(*ALL)
    _, mine = stage.work(many("anna", 3), attributes=True)
    run(mine, stage.opens)
    (line,) = [json.loads(text) for text in (mine.job / "progress.jsonl").read_text().splitlines()]
    assert (line["done"], line["total"], line["unit"], line["note"]) == (3, 3, "faces", "age, gender, emotion, race")


# ---------------------------------------------------------------- without TensorFlow, and with it


def test_without_deepface_the_stage_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "deepface", None)
    with pytest.raises(BadInput, match=r"pip install 'visaged\[faces-attributes\]'"):
        machine.begun()


def test_a_gpu_that_tensorflow_cannot_use_is_said_loudly(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")
    with pytest.raises(RuntimeError, match=r"The GPU GPU-1 was given.*faces-attributes-cuda"):
        machine.check_gpu(0, "2.21.0")
    machine.check_gpu(1, "2.21.0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    machine.check_gpu(0, "2.21.0")


def test_the_extra_for_gpus_is_the_other_with_the_libraries_of_cuda():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (theirs,) = set(extras["faces-attributes"]) - set(extras["faces-attributes-cuda"])
    (ours,) = set(extras["faces-attributes-cuda"]) - set(extras["faces-attributes"])
    assert (theirs.split(">")[0], ours.split(">")[0]) == ("tensorflow", "tensorflow[and-cuda]")
    everywhere = {name for extra in ("faces", "faces-cuda", "dev", "morph") for name in extras[extra]}
    assert not [name for name in everywhere if name.startswith(("tensorflow", "deepface"))]
