"""The unit under a real systemd, which is the first process of a container: hardening, restart, watchdog, mistakes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers import docker

pytestmark = [pytest.mark.docker, pytest.mark.data]

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "visaged-test/systemd"
DOCKERFILE = """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends systemd procps python3 libegl1 libgl1 libgl1-mesa-dri \
    && systemctl mask systemd-logind.service getty.target && useradd --create-home --home-dir /srv/visaged visaged
COPY --from=visaged/daemon:test /opt/venv /opt/venv
COPY --from=visaged/morph:test /opt/venv/lib /opt/venv/lib
ENV PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin container=docker
ENTRYPOINT ["/lib/systemd/systemd"]
"""
CONFIG = """
[daemon]
settle_seconds = 0.3
disk_min = 0
[pipelines.morph]
frames = 80
resolution = 512
"""
STAGE = "python -P -m pipelines.morph"


@dataclass(frozen=True, slots=True)
class Machine:
    """A container in which systemd runs the daemon."""

    name: str

    def __call__(self, script: str, *, check: bool = True) -> str:
        told = subprocess.run(
            ["docker", "exec", self.name, "sh", "-c", script], capture_output=True, text=True, check=False
        )
        assert not check or told.returncode == 0, f"{told.stdout}{told.stderr}\n{self.journal()}"
        return told.stdout.strip()

    def journal(self) -> str:
        return docker("exec", self.name, "journalctl", "--no-pager", "--unit=visaged", check=False)[-4000:]

    def shows(self, property_: str) -> str:
        return self(f"systemctl show --property={property_} --value visaged")

    def wait_for(self, script: str, seconds: float = 60.0) -> str:
        """What the script prints once it succeeds."""
        until = time.monotonic() + seconds
        while subprocess.run(
            ["docker", "exec", self.name, "sh", "-c", script], capture_output=True, check=False
        ).returncode:
            assert time.monotonic() < until, f"never: {script}\n{self.journal()}"
            time.sleep(0.2)
        return self(script)


@pytest.fixture(scope="module")
def machine(data) -> Iterator[Machine]:
    for name in ("daemon", "morph"):
        docker("build", "-q", "-f", str(ROOT / f"images/{name}/Dockerfile"), "-t", f"visaged/{name}:test", str(ROOT))
    docker("build", "-q", "-t", IMAGE, "-", given=DOCKERFILE)
    found = Machine(f"visaged-test-systemd-{os.getpid()}")
    rights = [
        "--cap-add=SYS_ADMIN",
        "--cap-add=LEASE",
        "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
    ]
    places = ["--tmpfs=/run", "--tmpfs=/run/lock", f"--volume={data / 'meshes' / 'ict'}:/meshes:ro"]
    docker("run", "-d", "--name", found.name, "--cgroupns=private", *rights, *places, IMAGE)
    try:
        boot(found)
        yield found
    finally:
        docker("rm", "-f", found.name)


def boot(machine: Machine) -> None:
    """Afterwards systemd is up and the unit is installed and started."""
    until = time.monotonic() + 30
    while machine("systemctl is-system-running", check=False) not in {"running", "degraded"}:
        if time.monotonic() > until:
            pytest.skip("systemd cannot be the first process of a container here")
        time.sleep(0.2)
    docker("exec", "-i", machine.name, "sh", "-c", "cat > /srv/visaged/config.toml", given=CONFIG)
    machine("cd /srv/visaged && chown visaged: config.toml && runuser -u visaged -- /opt/venv/bin/visaged init")
    machine("visaged --config /srv/visaged/config.toml install-service && systemctl daemon-reload")
    machine("systemctl start visaged")


@pytest.fixture
def running(machine) -> Machine:
    machine("systemctl is-active visaged || systemctl restart visaged")
    return machine


def drop(machine: Machine, item: str) -> None:
    made = f"/srv/visaged/.{item}"
    machine(f"mkdir {made} && cp /meshes/identity00*.obj {made} && chown -R visaged: {made}")
    machine(f"mv {made} /srv/visaged/inbox/morph/{item}")


def test_systemd_hears_that_the_inboxes_are_watched(running):
    assert running.shows("StatusText") == "Inboxes are watched."


def test_the_daemon_is_locked_in(running):
    status = running(f"cat /proc/{running.shows('MainPID')}/status")
    assert {"NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000010000000"} <= set(status.splitlines())


def test_a_stage_that_runs_goes_on_while_the_service_is_restarted_and_is_adopted(running):
    drop(running, "heads")
    stage = running.wait_for(f"pgrep -of '^[^ ]*{STAGE}'")
    before = running.shows("MainPID")
    running("systemctl restart visaged")
    assert running.shows("MainPID") != before
    assert running(f"pgrep -of '^[^ ]*{STAGE}'") == stage
    running.wait_for("ls /srv/visaged/results/morph/heads/receipt.json", 120)
    assert not running("ls /srv/visaged/work/*/.runner/ | grep 'morph[.]2'", check=False)


def test_a_reload_is_told_to_systemd(running):
    running("systemctl reload visaged")
    assert running.shows("ActiveState") == "active"
    assert "read again" in running.journal()


def test_a_daemon_that_works_is_left_alone_by_the_watchdog_and_one_that_hangs_is_started_again(running):
    short = "[Service]\\nWatchdogSec=9s\\nTimeoutAbortSec=1s\\nRestartSec=0\\n"
    folder = "/run/systemd/system/visaged.service.d"
    running(f"mkdir -p {folder} && printf '{short}' > {folder}/short.conf && systemctl daemon-reload")
    running("systemctl restart visaged")
    works = running.shows("MainPID")
    time.sleep(15)
    assert running.shows("MainPID") == works
    running(f"kill -STOP {works}")
    running.wait_for(f'test "$(systemctl show --property=MainPID --value visaged)" -gt {works}', 60)
    running(f"rm -r {folder} && systemctl daemon-reload && systemctl restart visaged")


def test_a_mistake_in_the_configuration_is_not_tried_again_and_again(running):
    running("echo 'broken =' >> /srv/visaged/config.toml")
    running("systemctl restart visaged", check=False)
    time.sleep(6)  # longer than RestartSec
    assert (running.shows("ActiveState"), running.shows("ExecMainStatus")) == ("failed", "2")
    running("sed -i '/^broken/d' /srv/visaged/config.toml")
