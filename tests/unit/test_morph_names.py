"""What pairs are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.morph.names import labels, safe


def test_a_mesh_is_called_by_its_stem():
    assert labels(["neutral.obj", "deep/in/smile.fbx"]) == ("neutral", "smile")


def test_equal_stems_in_different_folders_are_told_apart_by_their_folder():
    assert labels(["anna/head.obj", "ben/head.obj"]) == ("anna_head", "ben_head")


def test_equal_stems_of_different_formats_are_told_apart_by_the_suffix():
    assert labels(["head.obj", "head.fbx"]) == ("head_obj", "head_fbx")


def test_names_that_differ_in_case_alone_are_told_apart():
    first, second = labels(["Head.obj", "head.obj"])
    assert first.casefold() != second.casefold()


@pytest.mark.parametrize(
    ("name", "safely"),
    [
        ("con", "_con"),
        ("a/b\\c:d", "a_b_c_d"),
        ("..", "_"),
        ("line\nbreak", "line_break"),
        ("\udcff", "_"),
        ("end. ", "end"),
        ("Lee Perry", "Lee Perry"),
        ("", "_"),
    ],
)
def test_a_name_is_made_safe_for_every_file_system(name, safely):
    assert safe(name) == safely


@given(st.lists(st.text(st.characters(codec=None), min_size=1, max_size=200), min_size=1, max_size=6))
def test_labels_are_different_short_and_printable_whatever_the_names(names):
    found = labels([f"{name}.obj" for name in names])
    assert len({label.casefold() for label in found}) == len(found)
    assert all(label and label.isprintable() and len(label.encode()) <= 110 and "/" not in label for label in found)
