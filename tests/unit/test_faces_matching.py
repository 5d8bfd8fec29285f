"""Whose number a cluster carries on."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.faces.people.matching import Before, Overlap, matched


def test_a_cluster_that_did_not_change_keeps_its_number():
    assert matched([Overlap(0, 7, 5), Overlap(1, 3, 2)], Before(faces={7: 5, 3: 2})) == {0: 7, 1: 3}


def test_of_somebody_split_the_largest_part_remains_that_one():
    assert matched([Overlap(0, 7, 3), Overlap(1, 7, 5)], Before(faces={7: 8})) == {1: 7}


def test_of_several_who_became_one_the_oldest_remains():
    assert matched([Overlap(0, 7, 9), Overlap(0, 3, 4)], Before(faces={7: 9, 3: 4})) == {0: 3}


def test_of_several_who_became_one_a_name_remains_before_age():
    assert matched([Overlap(0, 7, 4), Overlap(0, 3, 9)], Before(faces={7: 4, 3: 9}, named=frozenset({7}))) == {0: 7}


def test_a_few_faces_that_change_sides_rename_nobody():
    overlaps = [Overlap(0, 7, 100), Overlap(0, 3, 10), Overlap(1, 3, 8)]
    assert matched(overlaps, Before(faces={7: 100, 3: 18})) == {0: 7, 1: 3}


def test_who_comes_back_takes_their_faces_back():
    before = Before(faces={1: 105}, returning={2: 0, 1: 1})
    assert matched([Overlap(0, 1, 100), Overlap(1, 1, 5)], before) == {0: 2, 1: 1}


def test_who_is_still_there_does_not_come_back():
    assert matched([Overlap(0, 1, 5)], Before(faces={1: 5, 2: 3}, returning={2: 0})) == {0: 1}


overlaps = st.lists(
    st.builds(Overlap, st.integers(0, 5), st.integers(1, 6), st.integers(1, 50)),
    unique_by=lambda o: (o.cluster, o.person),
)


@given(overlaps, st.frozensets(st.integers(1, 6)), st.randoms())
def test_it_is_one_to_one_leaves_nobody_out_for_whom_there_is_room_and_knows_no_order(each, named, chance):
    faces = {person: sum(o.faces for o in each if o.person == person) for person in {o.person for o in each}}
    before = Before(faces=faces, named=named)
    found = matched(each, before)
    assert len(set(found.values())) == len(found)
    assert all(o.cluster in found or o.person in found.values() for o in each)
    shuffled = each.copy()
    chance.shuffle(shuffled)
    assert matched(shuffled, before) == found
