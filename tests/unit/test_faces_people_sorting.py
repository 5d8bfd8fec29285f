"""Who stands where after drops, nights and what users said, by the real stage over drawn faces."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.contract import BadInput
from pipelines.faces import Options
from pipelines.faces.gallery.records import padded
from pipelines.faces.people.words import NOBODY, Standing, Verb
from pipelines.faces.registry import PACKS
from pipelines.faces.sorting.round import Round, sorted_anew
from pipelines.faces.sorting.settings import settled
from tests.unit.faces_collection import Collection, Shot, many

LIMITS = {"threshold": 0.3, "join": 0.3, "review": 0.24}


@pytest.fixture
def family(tmp_path) -> Collection:
    """Five of Anna, four of Bob, one of Cara, and Anna with Bob."""
    collection = Collection(tmp_path, options=dict(LIMITS))
    collection.drop([*many("anna", 5), *many("bob", 4)], [*many("cara", 1), Shot("both.jpg", ["anna", "bob"])])
    return collection


def names(*who: str) -> set[str]:
    return set(who)


FAR = Shot("far.jpg", ["anna"], spread=2.8, alike=6)
"""Like Anna's, but less than a face must be to join."""
ANNA = names(*(f"anna{n}" for n in range(5)), "both")
BOB = names(*(f"bob{n}" for n in range(4)), "both#1")


def test_faces_of_one_person_are_together_the_largest_first_and_single_ones_stay_unsorted(family):
    assert family.folders() == {"person-0001": ANNA, "person-0002": BOB}
    assert family.standing()["cara0"] == "-"


def test_new_faces_join_at_once_and_nobody_is_numbered_anew(family):
    result = family.drop([*many("bob", 3, 4), *many("cara", 2, 1)])
    assert family.folders() == {
        "person-0001": ANNA,
        "person-0002": BOB | names("bob4", "bob5", "bob6"),
        "person-0003": names("cara0", "cara1", "cara2"),
    }
    assert (result.figures["new_faces"], result.figures["new_people"]) == (5, 1)


def test_by_itself_a_collection_of_tens_of_thousands_is_sorted_by_infomap():
    pack = PACKS["buffalo_sc"]
    assert [settled(Options(), pack, faces).method for faces in (2, 29_999, 30_000)] == ["average"] * 2 + ["infomap"]
    assert settled(Options(method="average"), pack, 10**6).method == "average"


def test_a_second_look_without_news_changes_nothing_and_writes_no_revision(family):
    assert family.ask("recluster").state is None
    assert family.drop(many("anna", 2)).state is None


def test_sorting_all_anew_finds_the_same_people_with_the_same_numbers(family):
    family.ask("people rename", person="person-0002", name="Bob")
    before = family.folders()
    family.ask("recluster", full=True)
    assert family.folders() == before


def test_a_name_stays_where_it_was_given_when_the_person_grows(family):
    family.edit(("people/person-0001", "people/Anna"))
    family.drop(many("anna", 20, 5))
    assert len(family.folders()["Anna"]) == 26


def test_a_name_moves_nothing_else(family):
    family.edit(("people/person-0001", "people/Anna"))
    assert set(family.standing().values()) == {"Anna", "person-0002", "-"}


def test_a_face_that_was_moved_is_pinned_and_nothing_moves_with_it(family):
    family.edit(("people/person-0001/anna1.jpg", "people/person-0002/anna1.jpg"))
    moved = {"person-0001": ANNA - {"anna1"}, "person-0002": BOB | {"anna1"}}
    assert family.folders() == moved
    assert family.standing()["anna1"] == "person-0002!"
    family.drop(many("anna", 4, 5))
    family.ask("recluster", full=True)
    moved["person-0001"] |= names(*(f"anna{n}" for n in range(5, 9)))
    assert family.folders() == moved


def test_a_face_out_of_unsorted_draws_those_like_it(family):
    family.edit(("people/person-0001", "people/Anna"))
    family.edit(("unsorted/cara0.jpg", "people/Cara/cara0.jpg"))
    assert family.folders()["Cara"] == {"cara0"}
    family.drop(many("cara", 2, 1))
    assert family.folders()["Cara"] == names("cara0", "cara1", "cara2")


def test_some_files_in_a_new_folder_are_somebody_new_and_the_rest_stays(family):
    family.edit(
        ("people/person-0001/anna1.jpg", "people/Annette/anna1.jpg"),
        ("people/person-0001/anna2.jpg", "people/Annette/anna2.jpg"),
    )
    assert family.folders()["Annette"] == names("anna1", "anna2")
    assert family.folders()["person-0001"] == ANNA - names("anna1", "anna2")


def test_new_pictures_that_gather_by_themselves_go_to_whom_the_user_put_together(tmp_path):
    mixed = Collection(tmp_path, options={"threshold": 0.28})
    mixed.drop([*many("mother+look", 8), *many("sister+look", 3)])
    (person,) = mixed.folders()
    assert person == "person-0001"
    mixed.edit(*((f"people/{person}/sister+look{n}.jpg", f"people/Sister/sister+look{n}.jpg") for n in range(3)))
    mixed.options["threshold"] = 0.5
    mixed.drop(many("sister+look", 4, 3))
    assert mixed.folders()["Sister"] == names(*(f"sister+look{n}" for n in range(7)))


def test_a_folder_renamed_to_a_name_that_exists_makes_one_person_of_two_for_good(family):
    family.edit(("people/person-0001", "people/Anna"))
    family.edit(("people/person-0002", "people/Anna"))
    family.drop(many("bob", 3, 4))
    family.ask("recluster", full=True)
    assert family.folders() == {"Anna": ANNA | BOB | names("bob4", "bob5", "bob6")}
    assert "?Anna" not in family.standing().values()


def test_a_merge_taken_back_gives_everybody_their_number_back(family):
    before = family.folders()
    family.ask("people merge", people=["person-0002", "person-0001"])
    assert family.folders() == {"person-0002": ANNA | BOB}
    family.ask("people undo")
    assert family.folders() == before


def test_two_people_with_names_are_never_made_one_however_alike_they_are(tmp_path):
    twins = Collection(tmp_path, options={"threshold": 0.5})
    twins.drop([*many("twin+left", 6), *many("twin+right", 6)])
    assert len(twins.folders()) == 2
    for number, name in ((1, "Lea"), (2, "Ria")):
        twins.ask("people rename", person=f"person-000{number}", name=name)
    apart = twins.folders()
    twins.options["threshold"] = 0.2
    twins.ask("recluster", full=True)
    assert twins.folders() == apart


def test_of_two_without_names_that_become_one_the_older_remains(tmp_path):
    twins = Collection(tmp_path, options={"threshold": 0.5})
    twins.drop(many("twin+left", 4))
    twins.drop(many("twin+right", 9))
    twins.ask("recluster", full=True)
    twins.options["threshold"] = 0.2
    twins.ask("recluster")
    assert {name: len(files) for name, files in twins.folders().items()} == {"person-0001": 13}


def test_of_somebody_who_falls_apart_the_part_with_what_the_user_named_keeps_the_name(tmp_path):
    twins = Collection(tmp_path, options={"threshold": 0.2})
    twins.drop([*many("twin+left", 9), *many("twin+right", 4)])
    twins.ask("people rename", person="person-0001", name="Twins")
    stands = twins.gallery().decisions[0].faces[0]
    twins.options["threshold"] = 0.5
    twins.ask("recluster")
    with_it = twins.gallery()
    row = int(np.flatnonzero(with_it.ids == stands)[0])
    assert with_it.census.people[int(with_it.census.person[row])].name == "Twins"
    assert sorted(twins.folders()) == ["Twins", "person-0002"]


def test_a_doubtful_face_is_shown_in_review_and_stays_once_it_was_confirmed(family):
    family.ask("people rename", person="person-0001", name="Anna")
    family.drop([FAR])
    assert family.standing()["far"] == "?Anna"
    family.edit(("review/Anna/far.jpg", "people/Anna/far.jpg"))
    assert family.standing()["far"] == "Anna!"


def test_who_comes_to_somebody_with_a_name_but_is_less_alike_than_asked_for_is_shown_in_review(family):
    family.ask("people rename", person="person-0001", name="Anna")
    family.options["join"] = 0.9
    family.drop(many("anna", 2, 5))
    stands = family.standing()
    assert {name for name, where in stands.items() if where == "?Anna"} == {"anna5", "anna6"}


@pytest.mark.parametrize("full", [False, True])
def test_nobody_who_stood_with_somebody_leaves_them_for_review_when_they_are_named(family, full):
    family.options["join"] = 0.9
    family.ask("people rename", person="person-0001", name="Anna")
    family.ask("recluster", full=full)
    assert family.folders() == {"Anna": ANNA, "person-0002": BOB}


def test_a_person_who_was_no_people_comes_back_with_the_same_number(family):
    family.edit(("people/person-0001", "not-people/person-0001"), ("people/person-0002/bob1.jpg", "not-people/b.jpg"))
    assert set(family.folders()) == {"person-0002"}
    assert "that 6 faces of person-0001 are no people; that 1 face is no people" in family.ask("people undo").answer
    assert family.folders() == {"person-0001": ANNA, "person-0002": BOB}


def test_a_doubtful_face_that_was_rejected_is_not_asked_for_again(family):
    family.ask("people rename", person="person-0001", name="Anna")
    family.drop([FAR])
    family.edit(("review/Anna/far.jpg", "unsorted/far.jpg"))
    family.drop(many("anna", 3, 5))
    family.ask("recluster", full=True)
    assert family.standing()["far"] == "-"


def test_a_face_rejected_where_it_had_gathered_goes_to_nobody_and_takes_nobody_along(family):
    family.edit(("people/person-0001/anna1.jpg", "unsorted/anna1.jpg"))
    assert family.folders() == {"person-0001": ANNA - {"anna1"}, "person-0002": BOB}
    assert family.standing()["anna1"] == "-"


def test_nobody_is_asked_about_people_without_names(family):
    family.drop([FAR])
    assert family.standing()["far"] == "-"


def test_no_people_take_no_part_and_can_come_back(family):
    family.edit(("people/person-0001/anna1.jpg", "not-people/anna1.jpg"))
    assert family.standing()["anna1"] == "x"
    family.drop(many("anna", 2, 5))
    assert family.standing()["anna1"] == "x"
    family.edit(("not-people/anna1.jpg", "people/person-0001/anna1.jpg"))
    assert family.standing()["anna1"] == "person-0001!"


def test_two_faces_of_one_picture_are_two_people_unless_one_is_a_mirror_of_the_other(tmp_path):
    collection = Collection(tmp_path)
    shots = [*many("anna", 4), Shot("sisters.jpg", ["anna", "anna"]), Shot("mirror.jpg", ["anna", "anna"], spread=0.1)]
    collection.drop(shots)
    stands = collection.standing()
    assert sorted((stands["sisters"], stands["sisters#1"])) == ["-", "person-0001"]
    assert (stands["mirror"], stands["mirror#1"]) == ("person-0001", "person-0001")


def test_one_person_may_be_in_many_moments_of_a_video_but_once_in_each(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([Shot("film.mp4", ["anna"] * 4, times=(0.0, 1.0, 2.0, 2.0))])
    stands = list(collection.standing().values())
    assert stands.count("person-0001") == 3
    assert stands.count("-") == 1


def test_where_the_user_put_a_face_the_other_one_of_that_picture_makes_room(family):
    family.edit(("people/person-0001", "people/Anna"))
    family.edit(("people/person-0002/both.jpg", "people/Anna/both (2).jpg"))
    assert (family.standing()["both"], family.standing()["both#1"]) == ("-", "Anna!")


def test_faces_of_little_quality_stay_unsorted_unless_they_were_placed(tmp_path):
    collection = Collection(tmp_path, options={"min_quality": 0.5})
    blurred = Shot("blurred.jpg", ["anna"], quality=0.1)
    collection.drop([*many("anna", 4), blurred])
    assert collection.standing()["blurred"] == "-"
    collection.edit(("unsorted/blurred.jpg", "people/person-0001/blurred.jpg"))
    assert collection.standing()["blurred"] == "person-0001!"


def test_fewer_faces_than_asked_for_make_nobody(tmp_path):
    collection = Collection(tmp_path, options={"min_faces": 5})
    collection.drop([*many("anna", 5), *many("bob", 4)])
    assert {name: len(files) for name, files in collection.folders().items()} == {"person-0001": 5}


def test_somebody_with_a_name_keeps_it_even_without_a_face(family):
    family.ask("people rename", person="person-0002", name="Bob")
    family.edit(*((f"people/Bob/{file}.jpg", f"not-people/{file}.jpg") for file in ("bob0", "bob1", "bob2", "bob3")))
    family.edit(("people/Bob/both.jpg", "unsorted/both.jpg"))
    assert [p.name for p in family.gallery().census.people.values()] == [None, "Bob"]


def test_a_drop_in_which_nothing_could_be_looked_at_is_refused_with_the_reasons(tmp_path):
    bad = [Shot(f"{n}.jpg", problem="It is empty.") for n in range(5)]
    with pytest.raises(BadInput, match=r"None of the pictures could be looked at\.\n0\.jpg: It is empty\.") as why:
        Collection(tmp_path).drop(bad)
    assert "and 2 more" in str(why.value)


def test_some_bad_pictures_are_faults_of_a_drop_that_is_done(tmp_path):
    result = Collection(tmp_path).drop([*many("anna", 2), Shot("bad.jpg", problem="It is empty.")])
    assert [(f.what, f.why) for f in result.faults] == [("bad.jpg", "It is empty.")]


def test_commands_about_people_say_that_there_is_nobody_yet_and_nights_do_nothing(tmp_path):
    collection = Collection(tmp_path)
    assert collection.ask("recluster").state is None
    with pytest.raises(BadInput, match="nobody in this collection"):
        collection.ask("people rename", person="x", name="y")


def test_infomap_finds_the_same_people_and_keeps_to_what_was_said(family):
    before = family.folders()
    family.options["method"] = "infomap"
    family.ask("recluster")
    assert family.folders() == before
    family.edit(("people/person-0001/anna1.jpg", "people/person-0002/anna1.jpg"))
    assert family.standing()["anna1"] == "person-0002!"


def test_kmeans_makes_as_many_people_as_it_is_told(tmp_path):
    collection = Collection(tmp_path, options={"method": "kmeans", "clusters": 3})
    collection.drop([*many("anna", 5), *many("bob", 4), *many("cara", 3)])
    assert sorted(len(files) for files in collection.folders().values()) == [3, 4, 5]


def test_a_user_may_change_the_method_and_people_keep_their_numbers(tmp_path):
    collection = Collection(tmp_path)
    collection.drop([*many("anna", 5), *many("bob", 4)])
    before = collection.folders()
    collection.options.update(method="kmeans", clusters=2)
    collection.ask("recluster")
    assert collection.folders() == before


# ---------------------------------------------------------------- by command


def test_a_person_is_found_by_name_in_any_case_and_by_id(family):
    family.ask("people rename", person="PERSON-0001", name="Anna Ångström")
    family.ask("people rename", person=" anna ångström ", name="Anna")
    assert "Anna" in family.folders()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"person": "Anna", "name": "x"}, 'nobody called "Anna".*visaged people list'),
        ({"person": "person-0003", "name": "x"}, "person-0001 or|person-0002 or|Did you mean"),
        ({"person": "person-0001", "name": "a/b"}, "cannot be the name of a folder"),
        ({"person": "person-0001", "name": ""}, "cannot be the name"),
        ({"person": "person-0001", "name": "person-0009"}, "is an id"),
        ({"person": "person-0001", "name": "BOB"}, "already somebody called Bob.*visaged people merge"),
    ],
)
def test_a_rename_that_cannot_be_is_refused_in_plain_words(family, arguments, why):
    family.ask("people rename", person="person-0002", name="Bob")
    with pytest.raises(BadInput, match=why):
        family.ask("people rename", **arguments)


def test_a_name_is_taken_away_by_the_id(family):
    family.ask("people rename", person="person-0001", name="Anna")
    result = family.ask("people rename", person="Anna", name="person-0001")
    assert "has no name any more" in result.answer
    assert "person-0001" in family.folders()


def test_a_split_by_command_takes_files_as_they_are_called_in_the_folder(family):
    tree = family.tree(("people/person-0001/anna1.jpg", "people/person-0001/Holiday.jpg"))
    family.ask("people split", tree, person="person-0001", files=["holiday.jpg", "anna2.jpg"], name="Annette")
    assert family.folders()["Annette"] == names("anna1", "anna2")


def test_a_split_of_a_file_that_is_not_there_names_some_that_are(family):
    with pytest.raises(BadInput, match=r'no file "nope\.jpg".*anna0\.jpg'):
        family.ask("people split", family.tree(), person="person-0001", files=["nope.jpg"])


def test_a_split_of_all_files_is_refused(family):
    files = [f"{name.split('#')[0]}.jpg" for name in BOB]
    with pytest.raises(BadInput, match="all files"):
        family.ask("people split", person="person-0002", files=files)


def test_undo_says_what_was_taken_back_and_that_there_is_nothing_more(family):
    family.ask("people rename", person="person-0001", name="Anna")
    assert "person-0001 is called Anna" in family.ask("people undo").answer
    with pytest.raises(BadInput, match="Nothing was said"):
        family.ask("people undo")


def test_what_the_tree_says_is_heard_before_a_command(family):
    tree = family.tree(("people/person-0001", "people/Anna"))
    family.ask("people merge", tree, people=["anna", "person-0002"])
    assert family.folders() == {"Anna": ANNA | BOB}
    assert [d.verb for d in family.gallery().decisions] == [Verb.NAME, Verb.MERGE]


def test_files_of_nobodys_in_the_tree_are_named_and_left_alone(family):
    tree = family.tree()
    stranger = type(tree[0])(path="people/person-0001/letter.doc", inode=9, size=1, sha256="other")
    (warning,) = family.ask("edits", [*tree, stranger]).warnings
    assert "people/person-0001/letter.doc" in warning


def test_the_census_says_how_alike_each_face_is_to_the_others_of_its_person(family):
    gallery = family.gallery()
    embeddings = gallery.embeddings().astype(np.float32)
    census = gallery.census
    for row in np.flatnonzero(census.standing == Standing.JOINED).tolist():
        others = np.flatnonzero(census.person == census.person[row])
        mean = (embeddings[others[others != row]] @ embeddings[row]).mean()
        assert census.similarity[row] == pytest.approx(mean, abs=1e-4)
    assert np.isnan(census.similarity[census.standing == Standing.UNSORTED]).all()


# ---------------------------------------------------------------- more than a drop has patience for


def test_faces_for_which_there_is_no_patience_join_by_likeness_until_the_night(family):
    first = family.gallery()
    family.drop([*many("anna", 3, 5), Shot("new-both.jpg", ["anna", "bob"]), *many("cara", 3, 1)])
    after = family.gallery()
    settings = settled(Options(**LIMITS), PACKS["buffalo_sc"], len(after))
    about = replace(after.about, next_person=first.about.next_person, sorted=first.about.sorted)
    unsorted = replace(after, about=about, census=padded(first.census, len(after)))
    hasty = sorted_anew(Round(gallery=unsorted, settings=settings, revision=2, before=first, patience=0))
    assert (hasty.late, hasty.graphed, hasty.graph) == (8, len(first), None)
    people = hasty.census.person[len(first) :].tolist()
    assert people == [1, 1, 1, 1, 2, NOBODY, NOBODY, NOBODY]
    late = replace(unsorted, census=hasty.census, about=replace(about, next_person=hasty.next_person))
    night = sorted_anew(Round(gallery=late, settings=settings, revision=3, before=first))
    assert (night.census.person == after.census.person).all()
    assert (night.census.cluster == after.census.cluster).all()
