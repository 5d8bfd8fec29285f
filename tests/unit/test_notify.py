"""What a service manager hears: real datagrams on a real socket."""

import contextlib
import math
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from daemon.cli.making import make
from daemon.cli.settings import Settings
from daemon.notify import Pulse, ServiceManager
from daemon.watch import MARKER, Mode, Reconciler, ignore_lease_signals
from daemon.watch import Settings as Watched

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def heard(tmp_path):
    """A service manager's socket at tmp_path/notify."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(20)
        yield channel


def test_without_a_service_manager_nothing_is_told():
    ServiceManager.found_in({}).ready()


def test_readiness_is_one_datagram(heard, tmp_path):
    ServiceManager(str(tmp_path / "notify")).ready()
    assert b"READY=1" in heard.recv(4096).splitlines()


def test_an_abstract_socket_is_reached_too():
    name = f"visaged-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0{name}")
        ServiceManager(f"@{name}").alive()
        assert channel.recv(4096) == b"WATCHDOG=1"


def test_reading_the_configuration_again_is_told_with_its_time(heard, tmp_path):
    ServiceManager(str(tmp_path / "notify")).reloading()
    first, second = heard.recv(4096).decode().splitlines()
    assert first == "RELOADING=1"
    assert abs(int(second.removeprefix("MONOTONIC_USEC=")) / 1e6 - time.monotonic()) < 5


def test_a_service_manager_that_is_gone_stops_nothing(tmp_path):
    ServiceManager(str(tmp_path / "nobody")).alive()


def test_a_service_manager_that_does_not_listen_stops_nothing(heard, tmp_path):
    manager = ServiceManager(str(tmp_path / "notify"))
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stuffing:
        stuffing.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while stuffing.sendto(b"x" * 1000, str(tmp_path / "notify")):
                pass
    manager.alive()
    assert time.monotonic() - began < 5


def test_stages_do_not_learn_the_address(tmp_path):
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    ServiceManager.found_in(environment)
    assert environment == {"HOME": "/"}


def test_the_patience_of_the_watchdog_is_known():
    assert ServiceManager.found_in({"WATCHDOG_USEC": "45000000"}).patience == 45.0
    assert ServiceManager.found_in({"WATCHDOG_USEC": "nonsense"}).patience == math.inf


# ---------------------------------------------------------------- the pulse


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def said():
    return []


@pytest.fixture
def pulse(clock, said):
    return Pulse(lambda: said.append(clock.now), 10.0, clock)


def test_a_beat_counts_when_the_dispatcher_has_turned(pulse, said):
    pulse.turned()
    pulse.beat()
    assert said == [100.0]


def test_reconcilers_alone_do_not_keep_a_stuck_dispatcher_alive(pulse, clock, said):
    pulse.turned()
    for clock.now in (100.0, 120.0, 140.0):
        pulse.beat()
    assert said == [100.0]


def test_the_dispatcher_alone_does_not_keep_a_stuck_reconciler_alive(pulse, clock, said):
    for clock.now in (100.0, 120.0, 140.0):
        pulse.turned()
    assert said == []


def test_beats_in_quick_succession_are_told_once(pulse, clock, said):
    for clock.now in (100.0, 101.0, 102.0, 110.0):
        pulse.turned()
        pulse.beat()
    assert said == [100.0, 110.0]


# ---------------------------------------------------------------- what a reconciler's thread says


@pytest.mark.parametrize("marked", [True, False])
def test_a_reconciler_beats_when_nothing_happens_and_when_its_share_is_away(tmp_path, marked):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    if marked:
        (inbox / MARKER).write_text("id-1\n")
    beats = queue.SimpleQueue()
    watched = Watched(name="main", path=inbox, lanes={}, mode=Mode.EVENTS, marker="id-1", rescan=1000.0)
    reconciler = Reconciler(watched, lambda _: None, lambda: beats.put(threading.current_thread().name))
    ignore_lease_signals()
    reconciler.start()
    try:
        assert {beats.get(timeout=10) for _ in range(3)} == {"watch-main"}
    finally:
        reconciler.stop()


# ---------------------------------------------------------------- a daemon under a service manager


@pytest.fixture
def daemon(heard, tmp_path):
    config, _ = make(Settings(), tmp_path / "place")
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "--config", str(config.path), "run"],
        cwd=ROOT,
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def words(heard, first: bytes) -> bytes:
    """The next datagram that begins so."""
    while not (told := heard.recv(4096)).startswith(first):
        pass
    return told


def test_a_daemon_says_that_it_is_ready_then_alive_then_that_it_ends(daemon, heard):
    words(heard, b"READY=1")
    words(heard, b"WATCHDOG=1")
    daemon.send_signal(signal.SIGTERM)
    words(heard, b"STOPPING=1")
    assert daemon.wait(20) == 0


def test_a_daemon_that_reads_its_configuration_again_says_so_and_is_ready_again(daemon, heard):
    words(heard, b"READY=1")
    daemon.send_signal(signal.SIGHUP)
    words(heard, b"RELOADING=1")
    words(heard, b"READY=1")


def test_health_is_good_while_a_daemon_works_and_bad_without_one(daemon, heard, tmp_path):
    ask = [sys.executable, "-m", "daemon", "--config", str(tmp_path / "place/config.toml"), "health"]
    words(heard, b"READY=1")
    good = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.startswith("The daemon works")) == (0, True)
    daemon.terminate()
    daemon.wait(20)
    bad = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (bad.returncode, "No daemon works" in bad.stderr) == (4, True)


def test_health_is_bad_when_the_daemon_has_not_come_round_for_long(daemon, heard, tmp_path):
    words(heard, b"WATCHDOG=1")
    daemon.send_signal(signal.SIGSTOP)
    os.utime(tmp_path / "place/state/daemon.lock", (0, time.time() - 7200))
    ask = [sys.executable, "-m", "daemon", "--config", str(tmp_path / "place/config.toml"), "health"]
    told = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, "120 minutes" in told.stderr) == (4, True)
