"""Compose file and images: one name for everything of a pipeline, and a file that compose itself accepts."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from daemon.cli.hiring import docker_settings
from daemon.cli.making import make
from daemon.cli.placing import site_of
from daemon.cli.settings import Settings
from daemon.config import configured
from pipelines.registry import PIPELINES, ours
from tests.unit.view_world import a_job

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
IMAGES = sorted(path.parent.name for path in (ROOT / "images").glob("*/Dockerfile"))

pipelines = pytest.mark.parametrize("name", sorted(ours()))
daemons = pytest.mark.parametrize("service", ["daemon", "daemon-gpu"])


def dockerfile(name: str) -> str:
    return (ROOT / "images" / name / "Dockerfile").read_text()


# ---------------------------------------------------------------- one name for all of it


@pipelines
def test_a_pipeline_is_named_as_its_module_and_folder(name):
    assert f"pipelines.{name}" in PIPELINES
    assert (ROOT / "pipelines" / name / "__main__.py").is_file()


@pipelines
def test_a_pipeline_is_named_as_its_image(name):
    assert f'visaged.pipeline="{name}"' in dockerfile(name)
    assert f'"-m", "pipelines.{name}"]' in dockerfile(name)


@pipelines
def test_a_pipeline_is_named_as_its_compose_service(name):
    service = COMPOSE["services"][name]
    assert service["image"] == f"visaged/{name}:${{VISAGED_TAG:-latest}}"
    assert service["build"]["dockerfile"] == f"images/{name}/Dockerfile"


@pipelines
def test_a_pipeline_is_named_as_its_extra_table_lane_image_and_its_results(name, tmp_path):
    config, _ = make(Settings(), tmp_path)
    assert name in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert name in tomllib.loads(config.path.read_text())["pipelines"]
    assert (config.inboxes[0].path / name).is_dir()
    assert docker_settings(config).pipelines[name].image == f"visaged/{name}:latest"
    site = site_of(config, configured(config, ours()))
    assert site.results_folder(a_job(pipeline=name)).name == name


def test_there_is_no_image_and_no_service_without_a_pipeline_or_a_stage_of_one():
    stages = {f"{name}-{s.image}" for name, pipeline in ours().items() for s in pipeline.stages if s.image}
    assert {*ours(), "daemon"} <= set(IMAGES) <= {*ours(), "daemon", *stages}
    assert {*COMPOSE["services"]} == {*IMAGES, "daemon-gpu"}


def test_the_extra_for_gpus_is_the_other_with_another_onnxruntime():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (theirs,) = set(extras["faces"]) - set(extras["faces-cuda"])
    (ours,) = set(extras["faces-cuda"]) - set(extras["faces"])
    assert theirs.startswith("onnxruntime>=")
    assert ours.startswith("onnxruntime-gpu[cuda,cudnn]>=")


# ---------------------------------------------------------------- the daemon's services


@daemons
def test_the_data_folder_has_the_same_path_inside_and_outside(service):
    data = COMPOSE["services"][service]["volumes"][0]
    assert data["source"] == data["target"] == "${VISAGED_ROOT}"


@daemons
def test_the_daemon_is_nobody_special(service):
    told = COMPOSE["services"][service]
    assert told["read_only"]
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges"]
    assert told["network_mode"] == "none"
    assert "privileged" not in told


@daemons
def test_the_daemon_comes_back_and_its_logs_end(service):
    told = COMPOSE["services"][service]
    assert told["restart"] == "unless-stopped"
    assert told["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert told["healthcheck"]["test"] == ["CMD", "visaged", "health"]


def test_a_profile_starts_one_daemon():
    told = COMPOSE["services"]
    assert (told["daemon"]["profiles"], told["daemon-gpu"]["profiles"]) == (["cpu"], ["gpu"])


def test_the_example_names_everything_that_must_be_set():
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert needed <= EXAMPLE.keys()


# ---------------------------------------------------------------- what compose says


def compose(*args: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    command = ["docker", "compose"] if plugin else ["docker-compose"]
    if not plugin and shutil.which("docker-compose") is None:
        pytest.skip("docker compose is not installed")
    wanted = {**os.environ, **EXAMPLE, **changes}
    env = {name: value for name, value in wanted.items() if value is not None}
    return subprocess.run(
        [*command, "-f", str(ROOT / "docker-compose.yml"), *args],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.docker
@pytest.mark.parametrize(("profile", "service"), [("cpu", "daemon"), ("gpu", "daemon-gpu")])
def test_compose_accepts_the_file(profile, service):
    told = compose("config", "--services", COMPOSE_PROFILES=profile)
    assert told.returncode == 0, told.stderr
    assert service in told.stdout.split()


@pytest.mark.docker
def test_compose_says_what_has_to_be_set():
    told = compose("config", VISAGED_ROOT=None)
    assert told.returncode != 0
    assert "set it in .env to the folder of config.toml" in told.stderr


# ---------------------------------------------------------------- the Dockerfiles


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_names_no_index_and_no_certificate_of_this_machine(name):
    for word in ("--index-url", "--trusted-host", "--cert", "PIP_", "http://", "https://"):
        assert word not in dockerfile(name) + (ROOT / "images" / "install").read_text()


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_installed_by_the_script_that_pins_and_is_not_root(name):
    text = dockerfile(name)
    assert "COPY images/wheels /build/wheels\nCOPY constraints.txt pyproject.toml images/install /build/" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "visaged"
