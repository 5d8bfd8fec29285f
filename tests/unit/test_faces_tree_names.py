"""Names that every file system takes, and what a folder's name says."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.tree.spelling import safe_name
from pipelines.faces.people.words import Person
from pipelines.faces.tree.names import LIMIT, fold, folders, free, meant, number_of, parted, safe

anything = st.text(min_size=1, max_size=60).filter(lambda name: "/" not in name and "\0" not in name)


@given(st.one_of(anything, st.binary(min_size=1, max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape"))))
@example("CON.jpg")
@example("x" * 300 + ".jpeg")
@example("e\u0301" * 100)
@example("ends in dots...")
@example(".hidden.jpg")
def test_a_safe_name_is_taken_by_every_file_system_and_by_the_daemon_as_it_is(name: str):
    found = safe(name)
    assert safe(found) == found
    assert safe_name(found) == found
    assert 0 < len(found.encode()) <= LIMIT
    assert not set('<>:"/\\|?*') & set(found)


def test_a_name_that_is_too_long_keeps_its_suffix_and_stays_apart_from_others():
    one, other = safe("a" * 200 + ".jpg"), safe("a" * 199 + "b.jpg")
    assert one.endswith(".jpg")
    assert one != other


def test_bytes_that_are_no_text_are_spelled_out():
    assert safe(b"caf\xe9.jpg".decode("utf-8", "surrogateescape")) == "caf%E9.jpg"


@pytest.mark.parametrize(("name", "stem", "suffix"), [
    ("a.jpg", "a", ".jpg"),
    ("a.tar.gz", "a.tar", ".gz"),
    ("none", "none", ""),
    (".hidden", ".hidden", ""),
    ("Dr. Somebody with a long name", "Dr. Somebody with a long name", ""),
])  # fmt: skip
def test_a_suffix_is_what_comes_after_the_last_dot_if_it_is_short(name: str, stem: str, suffix: str):
    assert parted(name) == (stem, suffix)


def test_a_name_that_is_taken_gets_a_number_before_its_suffix():
    assert free("a/b.jpg", {"a/b.jpg", "a/b (2).jpg"}) == "a/b (3).jpg"


def test_people_of_one_name_have_folders_of_their_own_the_elder_the_plain_one():
    people = [Person(number=9, born=2, name="anna"), Person(number=3, born=1, name="Anna"), Person(number=4, born=1)]
    assert folders(people) == {3: "Anna", 9: "anna (2)", 4: "person-0004"}


def test_a_name_that_is_no_file_name_makes_a_folder_nevertheless():
    names = {1: "CON", 2: "A/B", 3: "A:B", 4: "...", 5: "unsorted"}
    found = folders(Person(number=number, born=1, name=name) for number, name in names.items())
    assert found == {1: "_CON", 2: "A_B", 3: "A_B (2)", 4: "_", 5: "unsorted (2)"}


@given(st.lists(st.text(max_size=8), max_size=20))
def test_no_two_folders_are_the_same_for_a_file_system_that_ignores_case(names: list[str]):
    found = folders(Person(number=number, born=1, name=name or None) for number, name in enumerate(names))
    assert len({fold(folder) for folder in found.values()}) == len(names)


@pytest.mark.parametrize(("folder", "name"), [
    ("Anna", "Anna"),
    ("  Anna  Karenina ", "Anna Karenina"),
    ("Anna.", "Anna"),
    ("Jr. ", "Jr"),
    (unicodedata.normalize("NFD", "Zoë"), "Zoë"),
    (" ", ""),
    (b"Ren\xe9".decode("utf-8", "surrogateescape"), "Ren%E9"),
    ("a\nb", "a b"),
])  # fmt: skip
def test_a_folder_means_its_name_without_blanks_and_dots_at_the_ends(folder: str, name: str):
    assert meant(folder) == name


def test_a_number_that_we_give_is_known_in_any_spelling():
    assert [number_of(n) for n in ("person-0012", "Person-12", "person-12a", "Anna")] == [12, 12, None, None]
