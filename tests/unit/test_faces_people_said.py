"""What follows from what users said, decision by decision."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.faces.people.hearing import Journal, Scene, heard, taken_back
from pipelines.faces.people.said import replayed
from pipelines.faces.people.words import Census, Decision, Person, Standing, Verb


def say(verb: Verb, person: int | None = None, *faces: int, **more) -> Decision:
    return Decision(
        number=0, batch=more.pop("batch", 1), at=0.0, by="tree", verb=verb, person=person, faces=faces, **more
    )


def test_the_last_name_holds_and_none_takes_it_away():
    named = [say(Verb.NAME, 1, name="Ann"), say(Verb.NAME, 1, name="Anna")]
    assert replayed(named).names == {1: "Anna"}
    assert replayed([*named, say(Verb.NAME, 1)]).names == {}


def test_a_face_is_where_it_was_placed_last():
    assert replayed([say(Verb.PLACE, 1, 7), say(Verb.PLACE, 2, 7)]).placed == {7: 2}


def test_a_face_that_is_rejected_where_it_was_placed_is_placed_no_more():
    said = replayed([say(Verb.PLACE, 1, 7), say(Verb.REJECT, 1, 7)])
    assert (said.placed, said.rejected) == ({}, {7: frozenset({1})})


def test_placing_a_face_takes_back_that_it_is_not_that_person_or_nobody():
    said = replayed([say(Verb.REJECT, 1, 7), say(Verb.NOT_PEOPLE, None, 7), say(Verb.PLACE, 1, 7)])
    assert (said.rejected, said.nobody, said.placed) == ({}, frozenset(), {7: 1})


def test_a_face_out_of_not_people_is_a_face_again():
    assert replayed([say(Verb.NOT_PEOPLE, None, 7), say(Verb.REJECT, None, 7)]).nobody == frozenset()


def test_who_went_into_somebody_brings_faces_rejections_and_a_name_along():
    said = replayed([
        say(Verb.NAME, 2, 20, name="Bea"),
        say(Verb.PLACE, 2, 7),
        say(Verb.REJECT, 2, 8),
        say(Verb.MERGE, 1, 10, 20, others=(2,)),
    ])  # fmt: skip
    assert (said.names, said.placed, said.rejected) == ({1: "Bea"}, {7: 1}, {8: frozenset({1})})
    assert (said.now(2), set(said.anchors[1])) == (1, {10, 20})


def test_somebody_with_a_name_keeps_it_when_others_join():
    said = replayed([say(Verb.NAME, 1, name="Anna"), say(Verb.NAME, 2, name="Bea"), say(Verb.MERGE, 1, others=(2,))])
    assert said.names == {1: "Anna"}


def test_merges_in_a_chain_end_at_the_last():
    said = replayed([say(Verb.MERGE, 2, others=(3,)), say(Verb.MERGE, 1, others=(2,)), say(Verb.PLACE, 3, 7)])
    assert (said.now(3), said.placed) == (1, {7: 1})


def test_two_who_are_merged_both_ways_are_one():
    said = replayed([say(Verb.MERGE, 2, others=(1,)), say(Verb.MERGE, 1, others=(2,))])
    assert said.now(1) == said.now(2) == 2


def test_what_was_taken_back_says_nothing():
    assert replayed([say(Verb.NAME, 1, name="Anna", undone=True), say(Verb.PLACE, 1, 7, undone=True)]).names == {}


def test_a_merge_that_was_taken_back_remembers_a_face_of_each():
    said = replayed([say(Verb.MERGE, 1, 10, -1, 30, others=(2, 3), undone=True)])
    assert said.returning == {1: 10, 3: 30}


def test_an_anchor_that_was_put_elsewhere_stands_for_nobody():
    named = say(Verb.NAME, 1, 10, name="Anna")
    for moved in (say(Verb.PLACE, 2, 10), say(Verb.REJECT, 1, 10), say(Verb.NOT_PEOPLE, None, 10)):
        assert replayed([named, moved]).anchors == {}


def test_deleted_pictures_are_remembered_by_folder():
    assert replayed([say(Verb.HIDE, 1, 7), say(Verb.HIDE, None, 8)]).hidden == {(7, 1), (8, None)}


# ---------------------------------------------------------------- entering the journal


@pytest.fixture
def scene() -> Scene:
    """Person 1 has faces 10, 11, 12, of which 11 is in the middle; person 2 has 20 and 21."""
    vectors = np.array([[1, 0.3, 0], [1, 0, 0], [1, -0.3, 0], [0, 0, 1], [0, 0.1, 1]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    census = Census(
        people={1: Person(number=1, born=1), 2: Person(number=2, born=1)},
        person=np.array([1, 1, 1, 2, 2], dtype=np.int32),
        standing=np.full(5, Standing.JOINED, dtype=np.int8),
        cluster=np.array([0, 0, 0, 1, 1], dtype=np.int32),
        similarity=np.ones(5, dtype=np.float32),
    )
    ids = np.array([10, 11, 12, 20, 21])
    return Scene(ids=ids, census=census, embeddings=lambda rows: vectors[rows].astype(np.float16))


def empty() -> Journal:
    return Journal(decisions=(), next_person=3)


def test_a_name_is_held_by_the_face_most_alike_to_the_others(scene):
    journal = heard(empty(), [say(Verb.NAME, 1, name="Anna")], scene)
    assert [(d.number, d.batch, d.faces) for d in journal.decisions] == [(1, 1, (11,))]


def test_a_second_name_needs_no_second_face(scene):
    journal = heard(empty(), [say(Verb.NAME, 1, name="Ann")], scene)
    journal = heard(journal, [say(Verb.NAME, 1, name="Anna")], scene)
    assert journal.decisions[-1].faces == ()


def test_who_lost_the_face_that_stood_for_them_gets_another_in_the_same_batch(scene):
    journal = heard(empty(), [say(Verb.NAME, 1, name="Anna")], scene)
    journal = heard(journal, [say(Verb.PLACE, 2, 11)], scene)
    (anew,) = [d for d in journal.decisions if d.batch == 2 and d.verb is Verb.NAME and d.person == 1]
    assert anew.name == "Anna"
    assert set(anew.faces) < {10, 12}
    back, _ = taken_back(journal)
    assert replayed(back.decisions).anchors == {1: (11,)}


def test_a_face_that_was_put_with_somebody_is_not_whose_it_was(scene):
    journal = heard(empty(), [say(Verb.PLACE, 2, 10)], scene)
    assert [(d.verb, d.person, d.faces) for d in journal.decisions[:2]] == [
        (Verb.REJECT, 1, (10,)),
        (Verb.PLACE, 2, (10,)),
    ]


def test_nobody_is_rejected_whose_faces_are_all_put_elsewhere(scene):
    journal = heard(empty(), [say(Verb.PLACE, 2, 10, 11, 12)], scene)
    assert Verb.REJECT not in {d.verb for d in journal.decisions}


def test_who_is_new_gets_the_next_number_and_no_number_is_given_twice(scene):
    journal = heard(empty(), [say(Verb.SPLIT, None, 10), say(Verb.SPLIT, None, 20)], scene)
    assert [d.person for d in journal.decisions if d.verb is Verb.SPLIT] == [3, 4]
    back, _ = taken_back(journal)
    again = heard(back, [say(Verb.SPLIT, None, 12)], scene)
    assert again.decisions[-1].person == 5 or again.decisions[-2].person == 5


def test_a_merge_keeps_a_face_of_each(scene):
    (merge,) = heard(empty(), [say(Verb.MERGE, 1, others=(2, 9))], scene).decisions
    assert merge.faces[0] == 11
    assert merge.faces[1] in {20, 21}
    assert merge.faces[2] == -1


def test_undo_does_not_go_behind_a_forgetting(scene):
    journal = heard(empty(), [say(Verb.NAME, 1, name="Anna")], scene)
    journal = heard(journal, [say(Verb.FORGET, 9)], scene)
    later = heard(journal, [say(Verb.NAME, 2, name="Bob")], scene)
    back, batch = taken_back(later)
    assert {d.batch for d in batch} == {3}
    same, forgetting = taken_back(back)
    assert (same, [d.verb for d in forgetting]) == (back, [Verb.FORGET])


def test_of_one_name_a_moment_makes_but_one_person(scene):
    journal = heard(empty(), [say(Verb.SPLIT, None, 10, name="Eve"), say(Verb.SPLIT, None, 20, name="eve ")], scene)
    assert [d.person for d in journal.decisions if d.verb is Verb.SPLIT] == [3, 3]
    assert journal.next_person == 4


def test_undo_goes_back_moment_by_moment(scene):
    journal = heard(empty(), [say(Verb.NAME, 1, name="Anna")], scene)
    journal = heard(journal, [say(Verb.NAME, 2, name="Bob"), say(Verb.PLACE, 2, 10)], scene)
    journal, first = taken_back(journal)
    assert {d.batch for d in first} == {2}
    assert replayed(journal.decisions).names == {1: "Anna"}
    journal, second = taken_back(journal)
    assert {d.batch for d in second} == {1}
    assert taken_back(journal) == (journal, ())


faces, people = st.integers(0, 8), st.integers(1, 5)
decision = st.builds(
    say,
    st.sampled_from([Verb.NAME, Verb.PLACE, Verb.REJECT, Verb.NOT_PEOPLE, Verb.MERGE, Verb.SPLIT, Verb.HIDE]),
    people,
    faces,
    name=st.sampled_from(["Anna", "Bob", None]),
    others=st.tuples(people),
    undone=st.booleans(),
)


@given(st.lists(decision, max_size=30))
def test_whatever_is_said_no_face_is_in_two_places_and_nobody_merged_is_mentioned(decisions):
    said = replayed(decisions)
    assert not set(said.placed) & said.nobody
    for face, others in said.rejected.items():
        assert said.placed.get(face) not in others
    mentioned = {*said.names, *said.placed.values(), *said.anchors, *(p for who in said.rejected.values() for p in who)}
    assert not mentioned & set(said.merged)


@given(st.lists(decision, max_size=15), st.lists(decision, max_size=5))
def test_taking_back_what_was_said_last_is_as_if_it_was_never_said(before, batch):
    first = [replace(d, number=n, batch=1, undone=False) for n, d in enumerate(before)]
    last = [replace(d, number=100 + n, batch=2, undone=False) for n, d in enumerate(batch)]
    journal, _ = taken_back(Journal(decisions=(*first, *last), next_person=9))
    assert replace(replayed(journal.decisions), returning={}) == replace(replayed(first if last else ()), returning={})
