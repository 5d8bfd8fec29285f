"""What the engine is asked to make, which folders it is shown, and what its answers mean."""

from pathlib import Path

import pytest

from daemon.errors import ConfigError
from daemon.model import Slot, Task
from daemon.runners.docker.answers import Facts, Image, facts_of, seconds
from daemon.runners.docker.folders import Translation, linked, of_stage, own_container
from daemon.runners.docker.settings import Bind, Containers
from daemon.runners.docker.spec import User, Wish, configuration, gpu_request
from pipelines.contract import Stage

TASK = Task(
    job="j1",
    pipeline="probe",
    module="probe_stage",
    stage=Stage(name="draw", shm=1 << 28),
    shard="0",
    attempt=2,
    folder=Path("/data/work/j1"),
    slot=Slot(cpus=8.0, memory=1 << 30, gpus=("GPU-a",)),
)
IMAGE = Image(reference="visaged/probe:latest", id="sha256:1", digest="visaged/probe@sha256:2", entry=("stage",))
ID = "ab" * 32


def made(image=IMAGE, user=None, **more):
    user = user or User(uid=1000, gid=1000, groups=(100,))
    wish = Wish(task=TASK, root="r", image=image, containers=Containers(image="x", **more), user=user, mounts=())
    return configuration(wish, Facts(cpus=4.0))


def test_an_image_with_an_entry_point_gets_the_stage_and_the_folder():
    config = made()
    assert (config["Entrypoint"], config["Cmd"]) == (None, ["draw", "/job", "--shard", "0"])


def test_an_image_without_an_entry_point_is_run_by_its_python():
    bare = Image(reference="x", id="sha256:1", digest="d")
    assert made(bare)["Entrypoint"] == ["python3", "-P", "-m", "probe_stage"]


def test_no_more_cores_are_asked_for_than_the_engine_has():
    assert made()["HostConfig"]["NanoCpus"] == 4_000_000_000


def test_shared_memory_is_what_the_stage_asks_for_unless_it_is_configured():
    assert made()["HostConfig"]["ShmSize"] == 1 << 28
    assert made(shm=1 << 20)["HostConfig"]["ShmSize"] == 1 << 20


def test_only_root_keeps_the_right_to_read_what_belongs_to_others():
    assert made()["HostConfig"]["CapAdd"] == []
    assert made(user=User(uid=0, gid=0))["HostConfig"]["CapAdd"] == ["DAC_OVERRIDE"]


def test_what_is_configured_never_takes_back_what_closes_a_container():
    config = made(host={"Ulimits": []}, environment={"CUDA_VISIBLE_DEVICES": "all"})
    assert config["HostConfig"]["CapDrop"] == ["ALL"]
    assert "CUDA_VISIBLE_DEVICES=GPU-a" in config["Env"]


def test_the_same_wish_has_the_same_hash_and_another_one_another():
    assert made()["Labels"] == made()["Labels"]
    assert made()["Labels"]["visaged.spec"] != made(shm=1)["Labels"]["visaged.spec"]


def test_gpus_are_asked_for_by_cdi_only_where_the_engine_knows_all_of_them_so():
    known = frozenset({"nvidia.com/gpu=GPU-a"})
    assert gpu_request(["GPU-a"], known)["DeviceIDs"] == ["nvidia.com/gpu=GPU-a"]
    assert gpu_request(["GPU-a"], known)["Driver"] == "cdi"
    assert gpu_request(["GPU-a", "GPU-b"], known)["DeviceIDs"] == ["GPU-a", "GPU-b"]
    assert gpu_request(["GPU-a"], frozenset())["Count"] == 0


def test_an_engine_names_the_gpus_that_it_knows_by_cdi():
    told = {"NCPU": 2, "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=GPU-a"}]}
    assert facts_of(told) == Facts(cpus=2.0, gpus=frozenset({"nvidia.com/gpu=GPU-a"}))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("0001-01-01T00:00:00Z", 0.0), ("", 0.0), (None, 0.0), ("1970-01-01T00:00:01.5Z", 1.5),
     ("1970-01-01T01:00:02.123456789+01:00", 2.123456)],
)  # fmt: skip
def test_the_engines_time_is_read(moment, expected):
    assert seconds(moment) == pytest.approx(expected)


# ---------------------------------------------------------------- folders


def test_a_process_in_a_container_finds_its_own_id():
    mounts = f"1 2 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw\n"
    assert own_container(mounts) == ID


def test_a_host_on_which_containers_run_is_in_none():
    mounts = f"1 2 0:5 / /var/lib/docker/containers/{ID}/mounts/shm rw - tmpfs shm rw\n"
    assert own_container(mounts) is None


def test_paths_are_translated_by_the_nearest_mount():
    there = Translation((("/srv/share", "/data"), ("/fast/work", "/data/work"))).there
    assert there(Path("/data/work/j1")) == "/fast/work/j1"
    assert there(Path("/data/inbox")) == "/srv/share/inbox"
    assert there(Path("/data")) == "/srv/share"


def test_a_path_inside_the_daemons_own_container_is_refused_in_words():
    with pytest.raises(ConfigError, match="no other container can see it"):
        Translation((("/srv", "/data"),)).there(Path("/database/work"))


def test_outside_of_containers_paths_are_what_they_are():
    assert Translation().there(Path("/data/work")) == "/data/work"


def test_a_stage_may_write_its_own_folder_and_the_progress_only():
    binds = list(of_stage(TASK, (), (Bind(Path("/srv/weights"), "/weights"),)))
    assert [bind.target for bind in binds if bind.writable] == ["/job/stages/draw/0", "/job/progress.jsonl"]
    assert [bind.target for bind in binds if not bind.writable] == ["/job", "/weights"]


def test_only_the_inboxes_that_links_lead_to_are_shown(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a").symlink_to(one / "a")
    (tmp_path / "in" / "deep" / "b").symlink_to("/etc/passwd")
    assert linked(tmp_path / "in", (one, other)) == {one}
    assert linked(tmp_path / "in", ()) == set()
