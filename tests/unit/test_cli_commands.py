"""The command line as a person meets it: real processes, their output and their exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemon.cli.entry import hoisted
from daemon.cli.exits import DaemonError, Exit, of
from daemon.errors import CannotDo, ConfigError, StoreError, VisagedError
from daemon.model import Kind, Status, Take
from tests.unit.view_world import World, a_job

COMMANDS = (
    "init", "run", "status", "explain", "submit", "retry", "cancel", "pause", "resume", "restore-inputs",
    "check-config", "backup", "restore", "doctor", "demo",
)  # fmt: skip


def visaged(here, *arguments):
    """Run a command in a folder; its output is text in which bytes that are not UTF-8 are surrogates."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        check=False,
    )


@pytest.fixture
def place(tmp_path):
    """A folder that was set up by ``visaged init``, hasty."""
    assert visaged(tmp_path, "init").returncode == 0
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("#settle_seconds = 5.0", "settle_seconds = 0.2"))
    return tmp_path


@pytest.fixture
def daemon(place):
    """A daemon that runs in the place."""
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "run"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "visaged runs" in line:
            break
    yield process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0, "a service that is told to end ends well"


# ---------------------------------------------------------------- help, options, errors


def test_help_names_every_command_and_the_exit_codes(tmp_path):
    said = visaged(tmp_path, "--help").stdout
    assert [command for command in COMMANDS if f" {command} " not in said] == []
    assert "130 interrupted" in " ".join(said.split())


def test_help_imports_nothing_that_takes_long(tmp_path):
    program = "import sys, daemon.cli.app; print(sorted(m for m in sys.modules if m in %r))"
    heavy = ("daemon.config", "daemon.store", "pydantic", "sqlite3", "watchdog", "apscheduler", "docker", "structlog")
    done = subprocess.run(
        [sys.executable, "-c", program % (heavy,)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_options_of_all_commands_may_stand_behind_the_command():
    assert hoisted(["status", "--config", "x", "-f"]) == ["--config", "x", "status", "-f"]
    assert hoisted(["status", "--log-level=debug"]) == ["--log-level=debug", "status"]
    assert hoisted(["explain", "--", "--config"]) == ["explain", "--", "--config"]
    assert hoisted(["status", "--config"]) == ["--config", "status"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), Exit.USAGE),
        (StoreError("x"), Exit.USAGE),
        (CannotDo("x"), Exit.FAILED),
        (DaemonError("x"), Exit.DAEMON),
        (VisagedError("x"), Exit.FAILED),
    ],
)
def test_each_error_ends_with_its_exit_code(error, code):
    assert of(error) is code


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("status",), 2, "There is no config.toml in"),
        (("status", "--config", "gone.toml"), 2, "There is no gone.toml"),
        (("explain", "nothing"), 2, "There is no config.toml in"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_what_cannot_be_used_ends_in_plain_words_and_2(tmp_path, arguments, code, says):
    done = visaged(tmp_path, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_every_problem_of_the_config_is_told(place):
    (place / "config.toml").write_text("[daemon]\nslot = 3\nmemory = 'much'\n")
    done = visaged(place, "check-config")
    assert done.returncode == 2
    assert "config.toml:2: daemon.slot: unknown key; did you mean slots?" in done.stderr
    assert "config.toml:3: daemon.memory" in done.stderr
    assert len(json.loads(visaged(place, "check-config", "--json").stdout)["problems"]) == 2


def test_a_config_that_is_in_order_shows_where_everything_is(place):
    said = visaged(place, "check-config").stdout
    assert str(place / "inbox") in said
    assert json.loads(visaged(place, "check-config", "--json").stdout)["ok"] is True


# ---------------------------------------------------------------- status and explain


def test_status_and_explain_answer_in_text_and_in_json(place):
    world = World(place)
    world.store.add([a_job(status=Status.FAILED, kind=Kind.CRASH, reason="it broke", updated=time.time())])
    world.store.close()
    assert "it broke." in visaged(place, "status").stdout
    assert json.loads(visaged(place, "status", "--json").stdout)["counts"] == {"failed": 1}
    assert "it broke." in visaged(place, "explain", "smile").stdout
    assert json.loads(visaged(place, "explain", "smile", "--json").stdout)["standing"] == "failed"


@pytest.mark.parametrize(("target", "says"), [("nothing", "There is no job"), ("smile", "could be 2 jobs")])
def test_what_cannot_be_explained_is_an_error_in_json_too(place, target, says):
    world = World(place)
    world.store.add([a_job("261120-aaaaaaa"), a_job("261120-bbbbbbb")])
    world.store.close()
    done = visaged(place, "explain", target, "--json")
    assert done.returncode == 1
    assert says in json.loads(done.stdout)["error"]


def test_a_hostile_name_does_not_steer_the_terminal(place):
    world = World(place)
    world.store.add([a_job(item="\x1b[2J\u202e", updated=time.time())])
    world.store.close()
    done = visaged(place, "status")
    assert done.returncode == 0
    assert "\\x1b[2J\\u202e" in done.stdout


def test_following_ends_with_130_when_it_is_interrupted(place, daemon):
    following = subprocess.Popen(
        [sys.executable, "-m", "daemon", "status", "--follow"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout.readline().startswith("Inbox")
    following.send_signal(signal.SIGINT)
    _, complaint = following.communicate(timeout=30)
    assert (following.returncode, complaint) == (130, "")


def test_nothing_can_be_followed_without_a_daemon(place):
    World(place).store.close()
    done = visaged(place, "status", "--follow")
    assert (done.returncode, done.stdout) == (4, "")
    assert "No daemon is running" in done.stderr


# ---------------------------------------------------------------- orders


def test_without_a_daemon_an_order_is_carried_out_at_once(place):
    assert visaged(place, "pause").returncode == 0
    assert "Paused since" in visaged(place, "status").stdout
    assert json.loads(visaged(place, "resume", "--json").stdout) == {"ok": True, "answer": "Resumed."}
    assert "Paused" not in visaged(place, "status").stdout


def test_an_order_for_an_unknown_job_is_refused(place):
    done = visaged(place, "retry", "nothing")
    assert done.returncode == 1
    assert "There is no job nothing" in done.stderr


def test_an_order_that_does_not_fit_is_refused_with_the_reason(place):
    world = World(place)
    world.store.add([a_job(status=Status.DONE)])
    world.store.close()
    done = visaged(place, "cancel", "smile")
    assert done.returncode == 1
    assert "only a queued or running job can be cancelled" in done.stderr


def test_an_order_by_name_is_for_the_newest_job_that_it_fits(place):
    world = World(place)
    world.store.add([
        a_job("261120-aaaaaaa", created=1.0),
        a_job("261120-bbbbbbb", created=2.0),
        a_job("261120-ccccccc", created=3.0, status=Status.DONE),
    ])  # fmt: skip
    assert visaged(place, "cancel", "smile").returncode == 0
    assert [world.store.job(f"261120-{c * 7}").status for c in "abc"] == ["queued", "cancelled", "done"]
    world.store.close()


def test_an_order_by_name_that_fits_no_job_tells_which_there_are(place):
    world = World(place)
    world.store.add([a_job(job, status=Status.DONE) for job in ("261120-aaaaaaa", "261120-bbbbbbb")])
    world.store.close()
    done = visaged(place, "cancel", "smile")
    assert done.returncode == 1
    assert "none of which is queued or running" in done.stderr
    assert "261120-bbbbbbb  smile, done" in done.stderr
    assert json.loads(visaged(place, "cancel", "smile", "--json").stdout)["ok"] is False


def test_an_order_by_a_name_that_two_lanes_share_is_refused(place):
    world = World(place)
    world.store.add([a_job("261120-aaaaaaa"), a_job("261120-bbbbbbb", lane=None)])
    world.store.close()
    assert "say which by its id" in visaged(place, "cancel", "smile").stderr


@pytest.mark.parametrize("take", [Take.COPY, Take.REFERENCE])
def test_an_original_that_never_moved_is_not_given_back_but_named(place, take):
    world = World(place)
    world.store.add([a_job(status=Status.DONE, take=take)])
    world.store.close()
    done = visaged(place, "restore-inputs", "smile")
    assert done.returncode == 1
    assert f"the original never moved, it is at {place / 'inbox/morph/261120-aaaaaaa'}." in done.stderr


@pytest.mark.parametrize("folder", ["inbox", "inbox/morph", "work", "state"])
def test_inputs_are_not_given_back_to_where_they_would_be_taken_or_lost(place, folder):
    world = World(place)
    world.store.add([a_job(status=Status.DONE)])
    world.store.close()
    done = visaged(place, "restore-inputs", "smile", "--to", folder)
    assert done.returncode == 1
    assert "Choose another" in done.stderr


def test_a_running_daemon_answers_orders_and_lets_no_other_in(place, daemon):
    began = time.monotonic()
    assert visaged(place, "pause").stdout.startswith("Paused")
    assert time.monotonic() - began < 5
    second = visaged(place, "run", "--once")
    assert second.returncode == 4
    assert "A daemon already works with" in second.stderr
    restored = visaged(place, "restore", "nowhere.tar.gz")
    assert restored.returncode == 1
    backup = visaged(place, "backup", "kept.tar.gz")
    assert backup.returncode == 0
    assert visaged(place, "restore", "kept.tar.gz", "--force").returncode == 4


def test_what_is_submitted_and_waited_for_ends_with_its_failure(place, daemon):
    (place / "bad").mkdir()
    (place / "bad" / "notes.txt").write_text("no mesh")
    done = visaged(place, "submit", "--wait", "--lane", "morph", "bad")
    assert done.returncode == 1
    assert "failed" in done.stderr
    assert (place / "failed" / "morph" / "bad" / "notes.txt").read_text() == "no mesh"


# ---------------------------------------------------------------- run


def test_run_once_on_an_empty_inbox_is_all_done(place):
    done = visaged(place, "run", "--once")
    assert done.returncode == 0
    assert "nothing waits" in done.stdout


def test_run_once_lists_what_still_waits_and_ends_with_3(place):
    (place / "inbox" / "morph" / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    done = visaged(place, "run", "--once")
    assert done.returncode == 3
    assert "waits for a second mesh" in done.stdout


def test_in_service_every_log_line_is_json(place):
    done = visaged(place, "run", "--once")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)


def test_the_log_level_of_the_command_line_wins(place):
    assert visaged(place, "run", "--once", "--log-level", "error").stderr == ""
