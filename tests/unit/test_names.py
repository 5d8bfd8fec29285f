"""What a name may be, tried with names that nobody would think of."""

import os
import string
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.names import FILE_LIMIT, LIMIT, folded, numbered, numbered_file, safe, shown, unused

ANY = st.text(st.characters(exclude_categories=()), max_size=400)
RESERVED = ("CON", "nul", "Com1", "LPT9", "aux.txt", "CON .obj", "COM¹", "conin$", "prn.tar.gz")


@given(ANY)
@example("..")
@example(".visaged-inbox")
@example("\udcfa\u0300")
@example("a" * 149 + ".b")
@example("é" * 80)
@example("\u00a0. ")
def test_a_safe_name_is_safe_everywhere_and_stays_as_it_is(name):
    result = safe(name)
    assert 0 < len(result.encode("utf-8")) <= LIMIT
    assert not set(result) & set('<>:"/\\|?*\u202e\u2066')
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in result)
    assert not result.startswith((".", " "))
    assert not result.endswith((".", " "))
    assert unicodedata.is_normalized("NFC", result)
    assert safe(result) == result


@pytest.mark.parametrize("name", RESERVED)
def test_the_name_of_a_device_is_not_used(name):
    assert safe(name) == "_" + name


@pytest.mark.parametrize("name", ["smile", "Jürgen", "a__b", "笑顔", "👩‍👩‍👧 family", "v1.2", "console", "COM10"])
def test_a_good_name_is_kept(name):
    assert safe(name) == name


def test_a_byte_that_is_not_utf8_stays_readable():
    assert safe(os.fsdecode(b"caf\xe9")) == "caf%E9"


def test_long_names_that_differ_only_at_the_end_stay_apart():
    one, two = safe("x" * 200 + "1"), safe("x" * 200 + "2")
    assert one != two
    assert one.startswith("x" * 100)


def test_a_name_in_two_unicode_forms_is_one():
    assert safe("Ju\u0308rgen") == safe("J\u00fcrgen")


@given(ANY)
def test_a_safe_name_can_be_a_file_here(tmp_path_factory, name):
    Path(tmp_path_factory.getbasetemp(), safe(name)).touch()


@given(ANY, st.integers(1, 10**6))
def test_a_numbered_safe_name_is_safe(name, n):
    assert safe(numbered(safe(name), n)) == numbered(safe(name), n)


def test_names_are_counted_from_two():
    assert [numbered("v1.2", n) for n in (1, 2, 3)] == ["v1.2", "v1.2-2", "v1.2-3"]


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=300), st.integers(2, 999))
def test_a_numbered_file_name_fits_and_differs(name, n):
    result = numbered_file(name, n)
    assert len(os.fsencode(result) if result.isascii() else result.encode("utf-8", "surrogatepass")) <= FILE_LIMIT
    assert result != name


@pytest.mark.parametrize(
    ("name", "second"), [("a.obj", "a-2.obj"), ("a", "a-2"), (".hidden", ".hidden-2"), ("x.tar.gz", "x.tar-2.gz")]
)
def test_a_file_is_counted_before_its_suffix(name, second):
    assert numbered_file(name, 2) == second


def test_a_used_name_is_found_in_any_case():
    assert unused("Smile", ["smile", "SMILE-2", "other"]) == "Smile-3"


def test_a_name_is_used_when_one_of_its_files_is():
    assert unused("talk", ["talk.receipt.json"], (".mp4", ".receipt.json")) == "talk-2"


@given(ANY, st.lists(ANY, max_size=5))
def test_an_unused_name_is_unused(name, others):
    taken = [safe(o) for o in others] + [safe(name)]
    assert folded(unused(safe(name), taken)) not in {folded(t) for t in taken}


@given(ANY)
def test_what_is_shown_is_one_line_that_prints(text):
    result = shown(text)
    assert len(result.splitlines()) <= 1
    result.encode("utf-8")  # holds no surrogate
    assert not set(result) & {"\x1b", "\u202e", "\u2066", "\x9b", "\u200f"}
    assert shown(result) == result


def test_ordinary_text_is_shown_as_it_is():
    assert shown("Jürgen 笑顔 👩‍👧.obj") == "Jürgen 笑顔 👩‍👧.obj"


def test_what_is_hidden_is_shown_as_an_escape():
    assert shown("a\nb\x1b[31m\u202egpj" + os.fsdecode(b"\xff")) == "a\\nb\\x1b[31m\\u202egpj\\xff"


def test_letters_and_digits_are_never_touched():
    assert safe(string.ascii_letters + string.digits) == string.ascii_letters + string.digits
