"""A job waits for the weights that it cannot do without, and goes on without the others where they cannot be had."""

from dataclasses import replace

import pytest

from daemon.cli.making import make
from daemon.cli.placing import site_of
from daemon.cli.settings import Settings
from daemon.config import configured
from daemon.dispatch.events import Prepared
from daemon.dispatch.preparing import prepare
from daemon.model import Failed, Kind
from pipelines.contract import Command
from pipelines.registry import ours
from tests.unit.view_world import a_job
from tests.unit.weights_world import EYES, MIND, pipeline, serving, weights

OPTIONS = {"pack": "sharp"}


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def site(tmp_path, server):
    config, _ = make(Settings(), tmp_path)
    each = weights("eyes.onnx", EYES, server.url("eyes.onnx")), weights("mind.onnx", MIND, server.url("mind.onnx"))
    again = Command(name="again", about="Once more.", stages=(), weighs=True)
    look = replace(pipeline(*each), commands=(again,), spares=lambda _options: ("mind.onnx",))
    site = site_of(config, configured(config, ours()))
    return replace(site, pipelines={"look": look}, models=tmp_path / "weights", fetches=True)


def prepared(site, command=None):
    return prepare(a_job("one", pipeline="look", options=OPTIONS, command=command), site)


def test_what_can_be_spared_is_fetched_where_it_can_be_had(site, server):
    server.files = {"eyes.onnx": EYES, "mind.onnx": MIND}
    assert isinstance(prepared(site), Prepared)
    assert (site.models / "mind.onnx").read_bytes() == MIND


def test_a_job_is_told_the_licences_of_what_it_works_with(site, server):
    server.files = {"eyes.onnx": EYES}
    assert prepared(site).licences == {"sharp": "Only on Sundays"}
    assert prepared(replace(site, pipelines={"look": pipeline()})).licences == {}


def test_what_can_be_spared_and_cannot_be_had_stops_no_job(site, server):
    server.files = {"eyes.onnx": EYES}
    assert isinstance(prepared(site), Prepared)
    assert not (site.models / "mind.onnx").exists()


def test_what_cannot_be_spared_stops_the_job(site, server):
    server.files = {"mind.onnx": MIND}
    failed = prepared(site)
    assert isinstance(failed, Failed)
    assert "eyes.onnx" in failed.reason
    failed = prepared(replace(site, fetches=False))
    assert (failed.kind, "mind.onnx" in failed.reason) == (Kind.SETUP, False)


def test_a_command_does_not_wait_for_what_can_be_spared(site, server):
    server.files = {"eyes.onnx": EYES}
    assert isinstance(prepared(site), Prepared)
    server.files["mind.onnx"] = MIND
    assert isinstance(prepared(site, command="again"), Prepared)
    assert not (site.models / "mind.onnx").exists()
