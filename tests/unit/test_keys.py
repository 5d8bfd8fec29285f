"""Which key a drop adds to."""

from dataclasses import replace

import pytest

from daemon.dispatch.keys import key_of
from daemon.model import Arrival
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
