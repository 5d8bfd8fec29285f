"""Where log lines go, and in which form."""

import io
import json
import logging
import sys

import pytest
import structlog

from daemon.cli.logs import configure
from daemon.cli.settings import Level


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


def test_in_service_a_line_is_json_with_the_job_that_is_bound(capsys):
    configure(Level.INFO, bars=False)
    with structlog.contextvars.bound_contextvars(job="261120-aaaaaaa"):
        structlog.get_logger().info("stage runs", stage="blend")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["job"], line["stage"], line["level"]) == (
        "stage runs",
        "261120-aaaaaaa",
        "blend",
        "info",
    )


def test_a_name_in_any_bytes_can_be_logged(capsys):
    configure(Level.INFO, bars=False)
    structlog.get_logger().info("item taken", item="caf\udce9")
    assert json.loads(capsys.readouterr().err)["item"] == "caf\udce9"


def test_on_a_terminal_a_line_is_text(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    configure(Level.INFO, bars=False)
    structlog.get_logger().info("stage runs", job="261120-aaaaaaa")
    assert "stage runs" in stream.getvalue()
    assert "261120-aaaaaaa" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_less_important_than_the_level_is_left_out(capsys):
    configure(Level.WARNING, bars=False)
    structlog.get_logger().info("chatter")
    assert capsys.readouterr().err == ""


def test_above_live_bars_only_warnings_are_written(capsys):
    configure(Level.DEBUG, bars=True)
    structlog.get_logger().info("chatter")
    structlog.get_logger().warning("trouble")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["trouble"]


def test_live_bars_may_take_the_place_of_stderr_later(capsys, monkeypatch):
    configure(Level.INFO, bars=False)
    structlog.get_logger().info("before")
    later = io.StringIO()
    monkeypatch.setattr(sys, "stderr", later)
    structlog.get_logger().info("after")
    assert "before" in capsys.readouterr().err
    assert "after" in later.getvalue()


def test_warnings_of_other_packages_come_in_our_form(capsys):
    configure(Level.INFO, bars=False)
    logging.getLogger("apscheduler").warning("late by %s", "3 h")
    logging.getLogger("apscheduler").info("chatter")
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["logger"]) == ("late by 3 h", "apscheduler")
