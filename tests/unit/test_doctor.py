"""What the doctor finds on real folders, and what it says to do."""

import os
import sys
from dataclasses import replace

import pytest

from daemon import doctor
from daemon.doctor import Site, State, examine
from daemon.gpus import Discovered, Gpu

NO_GPU = Discovered(why_none="No NVIDIA driver is installed here.")


@pytest.fixture
def site(tmp_path):
    (tmp_path / "inbox").mkdir()
    return Site(
        inboxes=(tmp_path / "inbox",),
        own=(tmp_path / "archive", tmp_path / "failed", tmp_path / "results"),
        work=tmp_path / "work",
        state=tmp_path / "state",
        disk_min=1,
        pipelines=(),
    )


def found(site, what, gpus=NO_GPU):
    return [finding for finding in examine(site, gpus) if finding.what.startswith(what)]


def mounted(site, tmp_path, kind):
    (tmp_path / "mountinfo").write_text(f"1 0 0:1 / / rw - {kind} //server/share rw\n")
    return replace(site, mountinfo=tmp_path / "mountinfo")


def test_good_folders_have_nothing_bad(site):
    assert [finding for finding in examine(site, NO_GPU) if finding.state is State.BAD] == []


def test_whatever_is_bad_comes_with_what_to_do(site, tmp_path):
    broken = replace(mounted(site, tmp_path, "cifs"), inboxes=(tmp_path / "gone",), disk_min=1 << 60)
    bad = [finding for finding in examine(broken, NO_GPU) if finding.state is State.BAD]
    assert {finding.what.split()[0] for finding in bad} == {"inbox", "state", "disk"}
    assert all(finding.fix for finding in bad)


def test_a_database_on_a_share_is_bad(site, tmp_path):
    (finding,) = found(mounted(site, tmp_path, "nfs4"), "state")
    assert finding.state is State.BAD
    assert "network file system (nfs4)" in finding.says


def test_an_inbox_on_a_share_is_looked_through_at_intervals(site, tmp_path):
    (finding,) = found(mounted(site, tmp_path, "cifs"), "inbox")
    assert (finding.state, "looked through at intervals" in finding.says) == (State.OK, True)


def test_an_inbox_on_a_disk_is_watched_by_events_and_renamed_from(site, tmp_path):
    (finding,) = found(mounted(site, tmp_path, "ext4"), "inbox")
    assert finding.says == "File system ext4: watched by events; drops are taken by renaming."


def test_an_inbox_on_another_file_system_than_work_is_copied_from(site):
    (finding,) = found(replace(site, work=doctor.Path("/dev/shm/visaged-work")), "inbox")
    assert "taken by copying" in finding.says


def test_an_inbox_that_is_gone_is_bad(site, tmp_path):
    (finding,) = found(replace(site, inboxes=(tmp_path / "gone",)), "inbox")
    assert (finding.state, finding.says) == (State.BAD, "It is not there.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_bad(site, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    (finding,) = found(replace(site, own=(tmp_path / "locked",)), f"folder {tmp_path / 'locked'}")
    assert finding.state is State.BAD


def test_a_file_where_a_folder_should_be_is_bad(site, tmp_path):
    (tmp_path / "archive").touch(mode=0o777)
    (finding,) = found(site, f"folder {tmp_path / 'archive'}")
    assert finding.state is State.BAD


def test_a_disk_is_told_once_however_many_folders_lie_on_it(site):
    assert len(found(site, "disk")) == 1


def test_a_nearly_full_disk_is_a_warning(site, tmp_path):
    free = doctor.shutil.disk_usage(tmp_path).free
    (finding,) = found(replace(site, disk_min=free // 3), "disk")
    assert finding.state is State.WARN


def test_a_gpu_is_shown_with_its_memory_and_uuid(site):
    gpu = Gpu(uuid="GPU-1", name="H200", memory=141 * 10**9, driver="575.1")
    (finding,) = found(site, "GPU", Discovered(gpus=(gpu,)))
    assert finding.says == "H200 with 141 GB (GPU-1), driver 575.1."


def test_no_gpu_is_fine_unless_one_is_configured(site):
    assert [finding.state for finding in found(site, "GPU")] == [State.OK]
    assert [finding.state for finding in found(replace(site, use_gpus=("GPU-1",)), "GPU")] == [State.BAD]


def test_few_inotify_watches_are_a_warning_with_the_line_to_copy(tmp_path):
    (tmp_path / "limit").write_text("8192\n")
    finding = doctor._watches(tmp_path / "limit")
    assert (finding.state, "sysctl" in finding.fix) == (State.WARN, True)


def test_a_kernel_without_inotify_is_a_warning(tmp_path):
    assert doctor._watches(tmp_path / "none").state is State.WARN


def test_a_package_that_is_missing_is_bad_and_named():
    finding = doctor._installed("morph", ("pydantic", "no-such-package"))
    assert finding.state is State.BAD
    assert finding.says.startswith("no-such-package not installed")
    assert finding.fix == f"{sys.executable} -m pip install 'visaged[morph]'"


def test_who_uses_another_pipeline_is_only_told_which_one_cannot_run():
    finding = doctor._installed("talking_head", ("no-such-package",), others=True)
    assert finding.state is State.WARN
    assert finding.says == "no-such-package not installed, so talking_head cannot run; other pipelines can."


def test_the_packages_of_a_pipeline_are_those_of_its_extra():
    assert {"numpy", "moderngl", "av"} <= set(doctor._packages("morph"))
    assert "pytest" not in doctor._packages("morph")
    assert doctor._packages("morph", "no-such-distribution") == ()


def test_drawing_and_encoding_are_tried_where_a_pipeline_wants_them(site):
    whats = {finding.what for finding in examine(replace(site, pipelines=("morph",)), NO_GPU)}
    assert {"packages of morph", "OpenGL", "video"} <= whats
    assert not found(site, "OpenGL")


def test_a_process_that_fails_gives_its_last_words():
    assert doctor._tried("raise SystemExit('no display')") == ("", "no display")
    assert doctor._tried("import os; os.abort()") == ("", "the process ended with status -6")
    assert doctor._tried("print('llvmpipe')") == ("llvmpipe", "")


def test_the_packages_of_a_pipeline_are_those_for_gpus_where_more_of_them_are_here(tmp_path, monkeypatch):
    info = tmp_path / "looking-1.0.dist-info"
    info.mkdir()
    needs = ("numpy; extra == 'look'", "slow-eyes; extra == 'look'", "numpy; extra == 'look-cuda'")
    lines = "".join(f"Requires-Dist: {one}\n" for one in (*needs, "pytest[fast]>=1; extra == 'look-cuda'"))
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: looking\nVersion: 1.0\n{lines}")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert doctor._wanted("look", "looking") == ("numpy", "pytest")
    assert doctor._wanted("other", "looking") == ()


def test_the_packages_of_a_pipeline_are_found_however_its_extra_is_spelt(tmp_path, monkeypatch):
    info = tmp_path / "looking-1.0.dist-info"
    info.mkdir()
    needs = "Requires-Dist: torch; extra == 'talking-head'\nRequires-Dist: c2pa; extra == 'talking-head-signed'\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: looking\nVersion: 1.0\n{needs}")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert doctor._packages("talking_head", "looking") == ("torch",)
