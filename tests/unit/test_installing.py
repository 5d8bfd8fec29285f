"""The systemd unit: what is filled in, and what systemd's own tools say of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.installing import install, unit, writable
from daemon.cli.making import make
from daemon.cli.settings import Settings

EXPOSURE = 2.2
"""The most that `systemd-analyze security` may say: 10 is no hardening at all, 0 a service that can do nothing."""

systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def place(tmp_path):
    return make(Settings(), tmp_path / "place")[0]


def value(text: str, key: str) -> str:
    return re.search(rf"^{key}=(.*)$", text, re.MULTILINE)[1]


def test_the_unit_runs_this_config(place):
    assert value(unit(place, "faces"), "ExecStart").endswith(f"visaged --config {place.path} run")
    assert value(unit(place, "faces"), "User") == "faces"


def test_everything_below_the_root_is_one_writable_folder(place):
    assert value(unit(place, "v"), "ReadWritePaths") == f"-{place.daemon.root}"


def test_what_stages_compile_is_kept_though_nothing_else_can_be_written(place):
    text = unit(place, "v")
    assert value(text, "Environment") == f"XDG_CACHE_HOME=%C/{value(text, 'CacheDirectory')}"


def test_the_engines_group_is_asked_for_only_where_stages_run_in_containers(place):
    assert "SupplementaryGroups" not in unit(place, "v")


def test_installing_writes_the_unit_and_says_how_to_start_it(place, tmp_path):
    said = install(Settings(config=place.path), "v", tmp_path)
    assert (tmp_path / "visaged.service").read_text() == unit(place, "v")
    assert "systemctl enable --now visaged" in "\n".join(said)


def test_a_path_with_blanks_and_percent_signs_is_quoted(tmp_path):
    config, _ = make(Settings(), tmp_path / "two words 100%")
    assert f'"{config.path}"'.replace("%", "%%") in value(unit(config, "v"), "ExecStart")


@systemd
def test_systemd_finds_no_fault_with_the_unit(place, tmp_path):
    install(Settings(config=place.path), "root", tmp_path)
    told = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "visaged.service")], capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if "visaged.service" in line and "Command" not in line]
    assert ours == []


@systemd
def test_the_unit_is_as_hard_as_the_docs_say(place, tmp_path):
    install(Settings(config=place.path), "v", tmp_path)
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(tmp_path / "visaged.service")],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert float(re.search(r"Overall exposure level[^:]*: ([\d.]+)", told)[1]) <= EXPOSURE


# ---------------------------------------------------------------- the writable folders

PARTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)
FOLDERS = st.dictionaries(PARTS.map(lambda parts: Path("/", *parts)), st.integers(0, 2), min_size=1, max_size=8)


def test_folders_of_one_file_system_share_the_folder_that_holds_them():
    assert writable({Path("/srv/x/inbox"): 1, Path("/srv/x/work"): 1}) == (Path("/srv/x"),)


def test_a_share_has_its_own():
    found = writable({Path("/srv/x"): 1, Path("/mnt/nas/in"): 2, Path("/mnt/nas/out"): 2})
    assert found == (Path("/mnt/nas"), Path("/srv/x"))


def test_what_shares_only_the_machine_stays_apart():
    assert writable({Path("/srv/x"): 1, Path("/var/y"): 1}) == (Path("/srv/x"), Path("/var/y"))


@given(FOLDERS)
def test_every_folder_can_be_written_and_the_root_never(device_of):
    found = writable(device_of)
    assert all(any(folder.is_relative_to(one) for one in found) for folder in device_of)
    assert Path("/") not in found


@given(FOLDERS)
def test_none_of_them_lies_in_another(device_of):
    found = writable(device_of)
    assert not [(a, b) for a in found for b in found if a != b and a.is_relative_to(b)]
