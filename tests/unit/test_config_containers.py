"""How containers may be set in config.toml: what is safe is taken, what would loosen a container is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import load
from daemon.config.containers import run_arguments
from daemon.errors import ConfigError
from pipelines.registry import ours


@pytest.fixture
def table(tmp_path):
    """The table of morph that a text in config.toml means."""

    def read(text, rest=""):
        (tmp_path / "config.toml").write_text(f"{rest}\n[pipelines.morph]\n{text}\n")
        return load(tmp_path / "config.toml", ours()).pipelines["morph"]

    return read


def test_without_a_word_a_container_is_closed(table):
    morph = table("")
    assert (morph.image, morph.tag, morph.pull, morph.network, morph.user) == ("auto", "latest", "auto", None, None)
    assert (morph.mounts, morph.environment, morph.run_args) == ((), {}, ({}, {}))


def test_safe_arguments_are_taken(table):
    given = ["--ulimit=nofile=1024:2048", "--tmpfs=/cache:size=1g", "--hostname=box", "--label=team=faces"]
    host, config = table(
        f"run_args = {[*given, '--cpuset-cpus=0-3', '--dns=10.0.0.1', '--oom-score-adj=100']}"
    ).run_args
    assert host == {
        "Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 2048}],
        "Tmpfs": {"/cache": "rw,nosuid,nodev,size=1g"},
        "CpusetCpus": "0-3",
        "Dns": ["10.0.0.1"],
        "OomScoreAdj": 100,
    }
    assert config == {"Hostname": "box", "Labels": {"team": "faces"}}


@pytest.mark.parametrize(
    "argument",
    [
        *("--privileged", "--privileged=true", "--pid=host", "--ipc=host", "--uts=host", "--userns=host", "--net=host"),
        *("--network=host", "--device=/dev/sda", "--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined"),
        *("-v=/var/run/docker.sock:/var/run/docker.sock", "--volume=/:/host", "--mount=type=bind", "--gpus=all"),
        *("--volumes-from=other", "--cgroup-parent=/", "--runtime=runc", "--sysctl=kernel.x=1", "--group-add=0"),
        *("--entrypoint=sh", "--rm", "-e=A=B", "--user=0", "--oom-kill-disable", "--init=false", "--read-only=false"),
    ],
)
def test_an_unsafe_argument_is_refused_with_the_reason(table, argument):
    with pytest.raises(ConfigError, match=rf"pipelines\.morph\.run_args: {argument.partition('=')[0]} is refused: "):
        table(f'run_args = ["{argument}"]')


@pytest.mark.parametrize("argument", ["--wat=1", "--tmpfs", "--tmpfs=", "image", "", "--tmpfs=/job", "--tmpfs=/x:suid"])
def test_an_argument_that_is_not_known_or_not_whole_is_refused(table, argument):
    with pytest.raises(ConfigError, match="run_args"):
        table(f'run_args = ["{argument}"]')


def test_a_misspelt_argument_gets_a_suggestion(table):
    with pytest.raises(ConfigError, match="did you mean --ulimit"):
        table('run_args = ["--ulimits=nofile=1"]')


@given(st.lists(st.text(max_size=40), max_size=3))
def test_whatever_is_given_nothing_dangerous_comes_out(arguments):
    try:
        host, config = run_arguments(arguments)
    except ValueError:
        return
    assert set(host) <= {"ExtraHosts", "CpuShares", "CpusetCpus", "Dns", "MemoryReservation", "OomScoreAdj",
                         "PidsLimit", "Tmpfs", "Ulimits"}  # fmt: skip
    assert set(config) <= {"Hostname", "Labels"}


def test_mounts_are_folders_of_data(table):
    assert table('mounts = ["/srv/weights:/weights", "/srv/x/../y:/y:ro"]').mounts == (
        (Path("/srv/weights"), "/weights"),
        (Path("/srv/y"), "/y"),
    )


@pytest.mark.parametrize(
    "mount",
    [
        *("/:/host", "/etc:/x", "/proc:/x", "/srv/../etc/shadow:/x", "/run/docker.sock:/x", "/srv/docker.sock:/x"),
        *(
            "/dev:/x",
            "/var/lib/docker:/x",
            "weights:/weights",
            "/a:/b:rw",
            "/a:b",
            "/a",
            "/a:/",
            "/a:/job",
            "/a:/proc/x",
        ),
        *("/a:/job/../job/in", "/a:/b:/c"),
    ],
)
def test_a_mount_that_opens_the_machine_is_refused(table, mount):
    with pytest.raises(ConfigError, match=r"pipelines\.morph\.mounts"):
        table(f'mounts = ["{mount}"]')


@pytest.mark.parametrize("network", ["host", "container:abc", "", "a b"])
def test_a_network_that_is_the_hosts_or_anothers_is_refused(table, network):
    with pytest.raises(ConfigError, match=r"pipelines\.morph\.network"):
        table(f'network = "{network}"')
    with pytest.raises(ConfigError, match=r"docker\.network"):
        table("", rest=f'[docker]\nnetwork = "{network}"')


@pytest.mark.parametrize("user", ["root", "1000:", ":1", "-1", "1000:1000:1", ""])
def test_a_user_is_a_number(table, user):
    with pytest.raises(ConfigError, match=r"pipelines\.morph\.user"):
        table(f'user = "{user}"')
    assert table('user = "1000:100"').user == "1000:100"


@pytest.mark.parametrize("name", ["VISAGED_CPUS", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "LD_PRELOAD", "A-B", ""])
def test_a_variable_that_visaged_sets_is_refused(table, name):
    with pytest.raises(ConfigError, match=r"pipelines\.morph\.environment"):
        table(f'environment = {{ "{name}" = "x" }}')


def test_other_variables_are_handed_on(table):
    assert table('environment = { TZ = "Europe/Oslo" }').environment == {"TZ": "Europe/Oslo"}
