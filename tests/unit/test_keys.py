"""Which key a drop adds to."""

import json
from dataclasses import replace

import pytest

from daemon.config import checked_options
from daemon.dispatch.keys import KEY, key_of, said_too
from daemon.dispatch.site import FIRST_INBOX
from daemon.model import Arrival
from daemon.route import Routing
from pipelines.registry import ours

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
