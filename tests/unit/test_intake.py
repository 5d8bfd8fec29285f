"""What waits in an inbox for something that has to come before it, and for how long."""

from dataclasses import replace

import pytest

from daemon.config import checked_options
from daemon.dispatch.intake import Intake
from daemon.dispatch.site import InboxSite
from daemon.model import Arrival, Inventory, Manifest, Seen, Status, Take, Unsettled
from daemon.route import Routing
from daemon.store import Store, connect
from daemon.watch.scan import ignores
from pipelines.registry import ours
from tests.unit.test_schedule import site

LIMIT = 100.0
"""Seconds that what waits for something may wait."""


def dropped(name, options=None):
    path = f"talking_head/anna/{name}"
    sidecar = Manifest(path=f"{path}.manifest.toml", options=options or {})
    seen = Seen(path=path, size=9, mtime_ns=1, ctime_ns=1, inode=1)
    return Arrival(
        inbox="inbox",
        lane="talking_head",
        key="anna",
        name=name.partition(".")[0],
        tops=(path,),
        files=(seen,),
        folder=False,
        manifest=sidecar,
    )


@pytest.fixture
def intake(tmp_path):
    inbox = InboxSite(
        name="inbox",
        path=tmp_path / "inbox",
        results=tmp_path / "results",
        take=Take.MOVE,
        routing=Routing(pipelines=ours(), check=checked_options),
        ignored=ignores(),
    )
    here = site(tmp_path)
    limits = replace(here.limits, partner_timeout=LIMIT)
    store = Store(connect(tmp_path / "visaged.db"))
    yield Intake(store, replace(here, pipelines=ours(), inboxes={"inbox": inbox}, limits=limits))
    store.close()


def scanned(*arrivals, unsettled=()):
    return Inventory(inbox="inbox", mode="notified", settled=arrivals, unsettled=unsettled)


def test_a_sound_whose_subject_gets_no_video_fails_in_time_and_says_what_to_drop_first(intake):
    assert intake.take_stock(scanned(dropped("hello.wav")), now=1.0) == ()
    assert intake.give_up_waiting(LIMIT) == ()
    (late,) = intake.give_up_waiting(LIMIT + 1)
    assert late.reason == (
        "It waited 100 seconds for a video of the person talking, in the same folder, which did not come. "
        "Drop that first, then this again."
    )


@pytest.mark.parametrize("tops", [("talking_head/anna/long.mp4",), ("talking_head/anna.mp4",)])
def test_a_sound_never_fails_in_time_while_a_video_of_its_subject_is_being_copied_or_learned(intake, tops):
    hello, video = dropped("hello.wav"), dropped("long.mp4")
    copied = Unsettled(inbox="inbox", lane="talking_head", tops=tops, name="long", why="still being written")
    assert intake.take_stock(scanned(hello, unsettled=(copied,)), now=1.0) == ()
    assert intake.give_up_waiting(2 * LIMIT) == ()
    jobs = intake.take_stock(scanned(hello, video), now=3 * LIMIT)
    assert [job.name for job in jobs] == ["long", "hello"]
    assert intake.give_up_waiting(1000 * LIMIT) == ()
    assert {job.status for job in jobs} == {Status.ACCEPTING}
    assert not any(job.refused for job in jobs)


LIPS = {"engine": "ernerf", "stage": "lips"}


def test_a_part_of_a_head_waits_for_its_video_as_a_whole_and_comes_behind_it_whatever_their_names(intake):
    lips, video = dropped("again.mp4", LIPS), dropped("take.mp4", {"engine": "ernerf"})
    assert intake.take_stock(scanned(lips), now=1.0) == ()
    jobs = intake.take_stock(scanned(lips, video), now=2.0)
    assert [job.name for job in jobs] == ["take", "again"]


def test_a_part_of_a_head_is_a_job_while_its_video_is_still_being_learned(intake):
    assert [job.name for job in intake.take_stock(scanned(dropped("take.mp4", {"engine": "ernerf"})), now=1.0)]
    assert [job.name for job in intake.take_stock(scanned(dropped("again.mp4", LIPS)), now=2.0)] == ["again"]
