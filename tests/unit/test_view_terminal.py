"""What stands on the terminal, and that a pipe gets no colours."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from daemon.model import Kind, Status
from daemon.view import as_json, explain, snapshot
from daemon.view.snapshot import SHOWN
from daemon.view.terminal import Screen, console, explanation_view, live_view, show, status_view, summary
from daemon.view.wording import amount, count, percent, sentence, span
from tests.unit.view_world import NOW, World, a_job, an_attempt, fill, waiting


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def seen(view):
    target = Console(file=io.StringIO(), width=200, color_system=None)
    target.print(view)
    return target.file.getvalue()


def test_status_shows_what_waits_runs_failed_and_is_done(world):
    fill(world)
    screen = seen(status_view(snapshot(world.store, world.work, NOW)))
    for part in (
        "ada_bruno",
        "56 %",
        "23/41 frames",
        "tried again in 20 s",
        "waits for a second mesh",
        "results/morph/a__b",
    ):
        assert part in screen


def test_a_name_that_looks_like_markup_stands_as_it_is(world):
    fill(world)
    assert "[red]silent[/]" in seen(status_view(snapshot(world.store, world.work, NOW)))


def test_status_says_where_no_daemon_runs(world):
    assert "No daemon is running here" in seen(status_view(snapshot(world.store, world.work, NOW, running=False)))


def test_a_pipe_gets_no_colours_no_padding_and_whole_lines(world, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    reason = "word " * 200
    world.store.add([a_job(status=Status.FAILED, kind=Kind.CRASH, reason=reason)])
    show(status_view(snapshot(world.store, world.work, NOW)))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert reason.strip() in out
    assert not [line for line in out.splitlines() if line.endswith(" ")]


def test_a_terminal_gets_colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert console(Terminal()).color_system


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_do_nothing_gets_plain_text(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    assert not console(Terminal()).is_terminal


def test_the_live_screen_tells_of_each_end_once_and_not_of_what_ended_before(world):
    out = io.StringIO()
    world.store.add([a_job("261120-before2", item="before", status=Status.DONE, result="b", updated=NOW - 10)])
    with Screen(Console(file=out, width=120, color_system=None), since=NOW) as screen:
        world.store.add([a_job(item="smile", status=Status.DONE, result="smile", updated=NOW + 1)])
        for _ in range(3):
            screen.show(snapshot(world.store, world.work, NOW + 2))
    told = [line for line in out.getvalue().splitlines() if line.startswith("done ")]
    assert len(told) == 1
    assert "smile" in told[0]


def test_the_live_screen_is_bounded_however_much_there_is(world):
    world.store.add([a_job(f"261120-{n:07}", tops=(f"{n}",), status=Status.RUNNING) for n in range(300)])
    world.store.set_waiting("inbox", [waiting(f"h{n}") for n in range(300)])
    assert len(seen(live_view(snapshot(world.store, world.work, NOW))).splitlines()) < 30


def test_a_snapshot_is_bounded_and_counts_everything(world):
    world.store.add([a_job(f"261120-{n:07}", tops=(f"{n}",)) for n in range(300)])
    world.store.set_waiting("inbox", [waiting(f"h{n}") for n in range(300)])
    shot = snapshot(world.store, world.work, NOW)
    assert (len(shot.active), len(shot.waiting)) == (SHOWN, SHOWN)
    assert summary(shot) == "300 items wait · 300 queued · 0 running · 0 done · 0 failed"


def test_what_runs_comes_before_what_is_queued(world):
    world.store.add([a_job("261120-queued2", priority=9)])
    world.run(a_job("261120-running", status=Status.RUNNING), an_attempt("261120-running"))
    assert [one.job.id for one in snapshot(world.store, world.work, NOW).active] == ["261120-running", "261120-queued2"]


def test_a_job_whose_files_were_given_back_shows_where_they_are(world):
    back = a_job(status=Status.RETURNED, result="smile", restore_to="/back/smile", inputs_at="/back/smile")
    world.store.add([back])
    assert "/back/smile" in seen(status_view(snapshot(world.store, world.work, NOW)))


def test_a_snapshot_is_json_with_fractions_and_names_in_any_bytes(world):
    fill(world)
    world.store.set_waiting("inbox", [waiting("x", tops=("morph/caf\udce9",))])
    told = json.loads(json.dumps(as_json(snapshot(world.store, world.work, NOW))))
    assert told["active"][0]["pace"]["fraction"] == pytest.approx(23 / 41)
    assert told["waiting"][0]["tops"] == ["morph/caf\udce9"]
    assert told["counts"]["queued"] == 2


def test_a_long_explanation_keeps_its_indent(world):
    world.store.add([a_job(status=Status.FAILED, kind=Kind.CRASH, reason="word " * 100)])
    found = explain("261120-aaaaaaa", world.scene())
    lines = seen(explanation_view(replace(found, sentences=found.sentences[:2]))).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("  ") for line in lines[1:])


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (61, "1 min"), (3599, "60 min"), (3600, "1 h"), (7800, "2 h 10 min"),
     (86400 * 3, "3 days")],
)  # fmt: skip
def test_lengths_of_time_are_said_as_people_do(seconds, text):
    assert span(seconds) == text


def test_a_hundred_percent_is_only_said_when_all_is_done():
    assert (percent(0.9999), percent(1.0), percent(0.29)) == ("99 %", "100 %", "29 %")


def test_numbers_have_no_needless_digits():
    assert (amount(41.0), amount(3.217), amount(0.05), amount(20000.0)) == ("41", "3.2", "0.05", "20,000")
    assert (count(1, "job"), count(20000, "job")) == ("1 job", "20,000 jobs")


def test_a_sentence_is_one_line_that_ends():
    assert sentence("a.obj\n is   empty") == "a.obj is empty."
    assert sentence("really?") == "really?"
    assert sentence("") == ""
