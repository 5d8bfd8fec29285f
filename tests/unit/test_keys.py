"""Which key a drop adds to."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config import checked_options
from daemon.dispatch.committing import Committing
from daemon.dispatch.keys import KEY, key_of, options_of, said_too
from daemon.dispatch.site import FIRST_INBOX, InboxSite
from daemon.folders import Ownership
from daemon.model import Arrival, Take
from daemon.route import Routing
from daemon.watch.scan import ignores
from pipelines.contract import Request, dump
from pipelines.registry import ours
from tests.unit.test_schedule import site
from tests.unit.test_store import job

LOOSE = Arrival(inbox="inbox", lane=None, key=None, name="anna", tops=("anna.jpg",), files=(), folder=False)
FOLDER = replace(LOOSE, name="family", tops=("family",), folder=True)
ARCHIVE = replace(LOOSE, name="family", tops=("family.zip",), folder=True)


@pytest.mark.parametrize(
    ("pipeline", "drop", "key"),
    [
        ("morph", LOOSE, None),
        ("morph", FOLDER, None),
        ("faces", LOOSE, "default"),
        ("faces", ARCHIVE, "default"),
        ("faces", FOLDER, "family"),
        ("talking_head", replace(LOOSE, tops=("anna.mp4",)), "anna"),
    ],
)
def test_what_lies_in_the_inbox_itself_adds_to_the_key_that_it_would_in_its_lane(pipeline, drop, key):
    assert key_of(drop, ours()[pipeline]) == key


def test_a_key_is_the_folder_that_it_was_dropped_into():
    assert key_of(replace(LOOSE, lane="faces", key="family"), ours()["faces"]) == "family"
    assert key_of(replace(LOOSE, lane="faces", key="family"), None) == "family"


def test_two_names_that_no_folder_can_have_are_two_keys():
    one, two = (key_of(replace(LOOSE, lane="faces", key=name), ours()["faces"]) for name in ("a:b", "a?b"))
    assert one != two
    assert one.startswith("a")


@pytest.mark.parametrize(
    ("before", "given", "both"),
    [
        (
            {"engine": "ernerf", "consent": "yes"},
            {"stage": "lips"},
            {"engine": "ernerf", "stage": "lips", "consent": "yes"},
        ),
        (
            {"engine": "ernerf", "with_torso": False, "consent": "yes"},
            {"engine": "egstalker"},
            {"engine": "egstalker", "with_torso": True, "consent": "yes"},
        ),
        ({"consent": "yes"}, {"consent": "no"}, {"consent": "no"}),
    ],
)
def test_what_was_said_for_a_key_holds_beside_what_a_drop_says_unless_both_cannot_be(tmp_path, before, given, both):
    root = tmp_path / "talking_head" / "anna"
    root.mkdir(parents=True)
    (root / KEY).write_text(json.dumps({"options": before}))
    routing = Routing(pipelines=ours(), check=checked_options)
    arrival = replace(LOOSE, inbox=FIRST_INBOX, lane="talking_head", key="anna")
    found = said_too(routing, arrival, tmp_path).check(ours()["talking_head"], given)
    assert not isinstance(found, str)
    assert {name: found[name] for name in both} == both


def test_options_that_are_wrong_by_themselves_are_refused_in_their_own_words(tmp_path):
    found = said_too(Routing(pipelines=ours(), check=checked_options), LOOSE, tmp_path).check(
        ours()["talking_head"], {"stage": "lips"}
    )
    assert 'only "ernerf" learns in parts' in str(found)


def told(tmp_path, before, given):
    """What becomes of the options of a drop into anna, for whom those before were said."""
    root = tmp_path / "talking_head" / "anna"
    root.mkdir(parents=True)
    (root / KEY).write_text(json.dumps({"options": before}))
    arrival = replace(LOOSE, inbox=FIRST_INBOX, lane="talking_head", key="anna")
    routing = Routing(pipelines=ours(), check=checked_options)
    return said_too(routing, arrival, tmp_path).check(ours()["talking_head"], given)


def test_what_was_said_for_a_key_and_can_be_had_no_more_is_named_with_what_says_otherwise(tmp_path):
    found = told(tmp_path, {"front_end": "hubert", "consent": "yes"}, {"made_by": "us"})
    assert found.startswith('Front_end_folder is missing: front_end = "hubert" asks for the folder in which you')
    assert 'A manifest of an earlier drop into anna said front_end = "hubert", and that holds until' in found
    assert 'front_end = "speech+mel" is what config.toml has' in found


@pytest.mark.parametrize("given", [{"front_end": "speech+mel"}, {"front_end_folder": "mine"}])
def test_a_manifest_that_says_otherwise_or_what_was_missing_mends_it(tmp_path, given):
    found = told(tmp_path, {"front_end": "hubert", "consent": "yes"}, given)
    assert not isinstance(found, str)
    assert found["consent"] == "yes"


def test_what_was_said_and_is_no_option_of_a_manifest_any_more_is_nothing(tmp_path):
    found = told(tmp_path, {"of_yesterday": 1, "synthetic_mark": False, "consent": "yes"}, {})
    assert not isinstance(found, str)
    assert (found["synthetic_mark"], found["consent"]) == (True, "yes")


def test_of_what_holds_for_a_key_goes_what_a_newer_manifest_rules_out(tmp_path):
    inbox = InboxSite(
        name=FIRST_INBOX,
        path=tmp_path / "inbox",
        results=tmp_path / "results",
        take=Take.MOVE,
        routing=Routing(pipelines=ours(), check=checked_options),
        ignored=ignores(),
    )
    here = replace(site(tmp_path), pipelines=ours(), inboxes={FIRST_INBOX: inbox})
    engine = {"engine": "egstalker"}
    drop = job("j", pipeline="talking_head", inbox=FIRST_INBOX, key="anna", arguments=engine)
    root = here.state_folder(drop)
    root.mkdir(parents=True)
    (root / KEY).write_text(json.dumps({"options": {"engine": "ernerf", "with_torso": False, "consent": "yes"}}))
    here.folder(drop).mkdir(parents=True)
    request = Request(job="j", pipeline="talking_head", name="take", inputs=(), options={}, key="anna")
    Path(here.folder(drop), "request.json").write_bytes(dump(request))
    Committing(job=drop, site=here, attempts=(), ownership=Ownership(umask=0o022, group=None)).finish()
    assert options_of(root, ours()["talking_head"]) == {"engine": "egstalker", "consent": "yes"}
