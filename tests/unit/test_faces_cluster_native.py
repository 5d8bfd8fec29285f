"""What is compiled for sorting is compiled once, and carried by images whose folders cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.faces.cluster.native import taken_along

LOOK = "from pipelines.faces.cluster import native; print(native.config.CACHE_DIR)"


@pytest.fixture
def carried(tmp_path) -> Path:
    (tmp_path / "carried/part").mkdir(parents=True)
    (tmp_path / "carried/part/code.nbc").write_bytes(b"compiled")
    return tmp_path / "carried"


def test_what_an_image_carries_is_copied_where_it_can_be_written(carried, tmp_path):
    taken_along(carried, tmp_path / "here")
    assert (tmp_path / "here/part/code.nbc").read_bytes() == b"compiled"
    assert {path.name for path in tmp_path.iterdir()} == {"carried", "here"}


def test_what_is_there_already_stays(carried, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here/own.nbc").touch()
    taken_along(carried, tmp_path / "here")
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["own.nbc"]


def test_a_process_that_is_told_of_compiled_code_takes_it_along(carried, tmp_path):
    told = {**os.environ, "VISAGED_COMPILED": str(carried), "TMPDIR": str(tmp_path)}
    place = subprocess.run([sys.executable, "-c", LOOK], env=told, capture_output=True, text=True, check=True).stdout
    assert (Path(place.strip()) / "part/code.nbc").is_file()
