"""What a user means who changes the tree: one sentence each, as docs/faces.md has them in its table."""

from pathlib import Path

import pytest

from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.edits import Reading
from tests.unit.faces_tree_world import OnDisk, World, sha

PICTURES = {
    "a1.jpg": [1],
    "a2.jpg": [1],
    "a3.jpg": [1],
    "both.jpg": [1, 2],
    "b1.jpg": [2],
    "b2.jpg": [2],
    "c1.jpg": [3],
    "c2.jpg": [3],
    "maybe.jpg": ["1?"],
    "two-strangers.jpg": [None, None],
    "lonely.jpg": [None],
    "wall.jpg": [],
}
"""Anna (1) and Bob (2) have names, 3 has none; one picture has two people, one asks for Anna."""
NAMES = {1: "Anna", 2: "Bob"}


@pytest.fixture
def model() -> World:
    return World(PICTURES, names=NAMES)


@pytest.fixture(params=["model", "disk"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """As a model, and with files and the daemon's own tree."""
    return World(PICTURES, names=NAMES) if request.param == "model" else OnDisk(PICTURES, names=NAMES, root=tmp_path)


def test_a_tree_has_a_folder_for_each_person_and_a_place_for_everything_else(world: World):
    assert world.files == [
        "no-face/wall.jpg",
        *(f"people/Anna/{n}.jpg" for n in ("a1", "a2", "a3", "both")),
        *(f"people/Bob/{n}.jpg" for n in ("b1", "b2", "both")),
        "people/person-0003/c1.jpg",
        "people/person-0003/c2.jpg",
        "review/Anna/maybe.jpg",
        "unsorted/lonely.jpg",
        "unsorted/two-strangers.jpg",
    ]


def test_a_tree_that_nobody_touched_says_nothing(world: World):
    assert world.look() == []


def test_renaming_a_folder_names_the_person_and_pins_nothing(world: World):
    world.move("people/person-0003", "people/Carla")
    assert world.look() == ["3 is called Carla"]
    assert world.look() == []


def test_copying_a_folder_over_a_network_and_deleting_it_is_renaming_it(world: World):
    world.copy_and_delete("people/person-0003", "people/Carla")
    assert world.look() == ["3 is called Carla"]


def test_a_name_typed_with_blanks_at_its_end_is_the_name_without_them(world: World):
    world.move("people/person-0003", "people/Carla  ")
    assert world.look() == ["3 is called Carla"]
    assert "people/Carla/c1.jpg" in world.files


def test_a_name_typed_in_another_case_changes_the_case_of_the_name(world: World):
    world.move("people/Anna", "people/ANNA")
    assert world.look() == ["1 is called ANNA"]


def test_renaming_to_a_name_that_exists_merges_also_in_another_case(world: World):
    world.move("people/person-0003", "people/anna ")
    assert world.look() == ["3 is 1"]
    assert "people/Anna/c1.jpg" in world.files


def test_moving_all_files_over_merges(world: World):
    for name in ("b1", "b2"):
        world.move(f"people/Bob/{name}.jpg", f"people/person-0003/{name}.jpg")
    world.delete("people/Bob/both.jpg")
    assert world.look() == ["2 is 3", f"hide {world.face('both.jpg', 1)} 2"]


def test_moving_all_files_onto_those_of_the_same_name_merges_and_hides_nothing(world: World):
    for name in ("b1", "b2", "both"):
        world.move(f"people/Bob/{name}.jpg", f"people/Anna/{name}.jpg")
    assert world.look() == ["2 is 1"]
    assert "people/Anna/both.jpg" in world.files
    assert world.look() == []


def test_a_folder_moved_into_another_persons_folder_merges(world: World):
    world.move("people/person-0003", "people/Anna/old")
    assert world.look() == ["3 is 1"]
    assert "people/Anna/old/c1.jpg" in world.files


def test_two_folders_may_swap_their_names_even_with_a_picture_in_both(world: World):
    world.move("people/Anna", "people/x")
    world.move("people/Bob", "people/Anna")
    world.move("people/x", "people/Bob")
    assert world.look() == ["2 is called Anna", "1 is called Bob"]
    assert "people/Bob/a1.jpg" in world.files
    assert world.look() == []


def test_names_may_be_passed_on_in_a_chain(world: World):
    world.move("people/Anna", "people/Dora")
    world.move("people/Bob", "people/Anna")
    world.move("people/person-0003", "people/Bob")
    assert sorted(world.look()) == ["1 is called Dora", "2 is called Anna", "3 is called Bob"]
    assert world.look() == []


def test_a_folder_may_be_renamed_and_files_be_moved_out_of_it_at_once(world: World):
    world.move("people/Anna", "people/Dora")
    world.move("people/Dora/a1.jpg", "people/Bob/a1.jpg")
    assert world.look() == ["1 is called Dora", f"place {world.face('a1.jpg')} 2"]


def test_renaming_a_folder_back_to_its_number_takes_the_name_away(world: World):
    world.move("people/Anna", "people/person-0001")
    assert world.look() == ["1 is called None"]
    assert "people/person-0001/a1.jpg" in world.files


def test_a_number_of_somebody_else_is_no_name(world: World):
    world.move("people/Anna", "people/person-0077")
    assert world.look() == []
    assert "people/Anna/a1.jpg" in world.files


def test_a_file_moved_into_another_persons_folder_is_placed_there(world: World):
    world.move("people/Anna/a1.jpg", "people/Bob/a1.jpg")
    assert world.look() == [f"place {world.face('a1.jpg')} 2"]
    assert "people/Bob/a1.jpg" in world.files
    assert world.look() == []


def test_a_picture_with_two_people_moves_for_the_one_in_whose_folder_it_was(world: World):
    world.move("people/Bob/both.jpg", "people/person-0003/both.jpg")
    assert world.look() == [f"place {world.face('both.jpg', 1)} 3"]
    assert "people/Anna/both.jpg" in world.files


def test_some_files_moved_into_a_new_folder_are_somebody_new(world: World):
    world.move("people/Anna/a1.jpg", "people/Eve/a1.jpg")
    world.move("people/Anna/a2.jpg", "people/Eve/a2.jpg")
    faces = f"{world.face('a1.jpg')},{world.face('a2.jpg')}"
    assert world.look() == [f"split {faces} as Eve"]
    assert "people/Eve/a1.jpg" in world.files
    assert world.look() == []


def test_a_new_folder_without_a_name_of_its_own_gets_a_number(world: World):
    world.move("people/Anna/a1.jpg", "people/person-0500/a1.jpg")
    assert world.look() == [f"split {world.face('a1.jpg')} as None"]
    assert "people/person-0004/a1.jpg" in world.files


def test_a_file_moved_from_review_to_its_person_is_confirmed(world: World):
    world.move("review/Anna/maybe.jpg", "people/Anna/maybe.jpg")
    assert world.look() == [f"place {world.face('maybe.jpg')} 1"]
    assert world.look() == []


def test_a_whole_folder_of_questions_moved_to_its_person_is_confirmed(world: World):
    world.move("review/Anna", "people/Anna/sure")
    assert world.look() == [f"place {world.face('maybe.jpg')} 1"]
    assert "people/Anna/sure/maybe.jpg" in world.files


def test_a_file_moved_from_review_to_somebody_else_is_rejected_and_placed(world: World):
    world.move("review/Anna/maybe.jpg", "people/Bob/maybe.jpg")
    assert world.look() == [f"reject {world.face('maybe.jpg')} 1", f"place {world.face('maybe.jpg')} 2"]


def test_a_file_moved_from_review_to_unsorted_is_rejected(world: World):
    world.move("review/Anna/maybe.jpg", "unsorted/maybe.jpg")
    assert world.look() == [f"reject {world.face('maybe.jpg')} 1"]
    assert "unsorted/maybe.jpg" in world.files


def test_a_file_deleted_from_review_is_rejected_and_goes_to_unsorted(world: World):
    world.delete("review/Anna/maybe.jpg")
    assert world.look() == [f"reject {world.face('maybe.jpg')} 1"]
    assert "unsorted/maybe.jpg" in world.files


def test_a_folder_of_questions_with_another_name_is_put_back(world: World):
    world.move("review/Anna", "review/Perhaps Anna")
    assert world.look() == []
    assert "review/Anna/maybe.jpg" in world.files


def test_a_question_moved_to_the_questions_of_somebody_else_is_rejected(world: World):
    world.move("review/Anna/maybe.jpg", "review/Bob/maybe.jpg")
    assert world.look() == [f"reject {world.face('maybe.jpg')} 1"]


def test_a_file_moved_from_a_person_to_review_is_rejected(world: World):
    world.move("people/Anna/a1.jpg", "review/Anna/a1.jpg")
    assert world.look() == [f"reject {world.face('a1.jpg')} 1"]


def test_a_file_moved_into_not_people_stays_there(world: World):
    world.move("people/person-0003/c1.jpg", "not-people/c1.jpg")
    assert world.look() == [f"not people {world.face('c1.jpg')}"]
    assert "not-people/c1.jpg" in world.files
    assert world.look() == []


def test_a_whole_folder_moved_into_not_people_stays_as_it_is_there(world: World):
    world.move("people/person-0003", "not-people/posters")
    assert world.look() == [f"not people {world.face('c1.jpg')},{world.face('c2.jpg')}"]
    assert "not-people/posters/c1.jpg" in world.files


def test_a_file_taken_out_of_not_people_is_somebody_again(world: World):
    world.move("people/person-0003/c1.jpg", "not-people/c1.jpg")
    world.look()
    world.move("not-people/c1.jpg", "unsorted/c1.jpg")
    assert world.look() == [f"reject {world.face('c1.jpg')}"]


def test_a_picture_moved_into_no_face_stays_there(world: World):
    world.move("unsorted/lonely.jpg", "no-face/lonely.jpg")
    assert world.look() == [f"not people {world.face('lonely.jpg')}"]
    assert "no-face/lonely.jpg" in world.files
    assert world.look() == []


def test_a_file_moved_from_a_person_to_unsorted_is_rejected(world: World):
    world.move("people/Anna/a1.jpg", "unsorted/a1.jpg")
    assert world.look() == [f"reject {world.face('a1.jpg')} 1"]
    assert "unsorted/a1.jpg" in world.files


def test_a_deleted_picture_says_nothing_of_its_person_and_stays_deleted(world: World):
    world.delete("people/Anna/both.jpg")
    assert world.look() == [f"hide {world.face('both.jpg')} 1"]
    assert "people/Bob/both.jpg" in world.files
    assert world.look() == []
    assert not any("Anna/both" in path for path in world.files)


def test_an_unsorted_picture_that_was_deleted_stays_deleted(world: World):
    world.delete("unsorted/lonely.jpg")
    assert world.look() == [f"hide {world.face('lonely.jpg')}"]
    assert "unsorted/lonely.jpg" not in world.files


def test_a_picture_without_a_face_that_was_deleted_stays_deleted(world: World):
    world.delete("no-face/wall.jpg")
    assert world.look() == [f"hide {sha('wall.jpg')}"]
    assert world.look() == []


def test_a_picture_without_a_face_stays_with_the_person_to_whom_it_was_moved(world: World):
    world.move("no-face/wall.jpg", "people/Anna/wall.jpg")
    assert world.look() == [f"place {sha('wall.jpg')} 1"]
    world.move("people/Anna", "people/Anne")
    assert world.look() == ["1 is called Anne"]
    assert "people/Anne/wall.jpg" in world.files


def test_pictures_without_faces_alone_may_make_somebody_new(world: World):
    world.move("no-face/wall.jpg", "people/Granny/wall.jpg")
    assert world.look() == [f"split {sha('wall.jpg')} as Granny"]
    assert "people/Granny/wall.jpg" in world.files


def test_a_picture_without_a_face_may_be_moved_to_any_other_place(world: World):
    for place in ("unsorted", "not-people", "no-face"):
        at = next(path for path in world.files if path.endswith("wall.jpg"))
        world.move(at, f"{place}/wall.jpg")
        world.look()
        assert f"{place}/wall.jpg" in world.files
        assert world.look() == []


def test_of_a_picture_with_several_strangers_the_face_most_like_the_person_is_meant():
    world = World({"a.jpg": [1], "b.jpg": [2], "x.jpg": [None, "7?"], "old.jpg": [7]}, names={7: "Gus"})
    world.move("review/Gus/x.jpg", "unsorted/x.jpg")
    world.look()
    world.move("unsorted/x.jpg", "people/Gus/x.jpg")
    assert world.look() == [f"place {world.face('x.jpg', 1)} 7"]


def test_a_copy_in_another_persons_folder_moves_the_only_face_there(world: World):
    world.copy("people/Anna/a1.jpg", "people/Bob/a1.jpg")
    assert world.look() == [f"place {world.face('a1.jpg')} 2"]
    assert world.look() == []


def test_a_copy_of_a_group_picture_places_the_face_that_is_nobodys(world: World):
    world.copy("unsorted/two-strangers.jpg", "people/Bob/two-strangers.jpg")
    assert len(world.look()) == 1
    assert "people/Bob/two-strangers.jpg" in world.files


def test_a_copy_beside_itself_says_nothing(world: World):
    world.copy("people/Anna/a1.jpg", "people/Anna/a1 copy.jpg")
    assert world.look() == []
    assert "people/Anna/a1 copy.jpg" in world.files


def test_a_copy_of_a_whole_folder_is_but_a_copy(world: World):
    world.copy("people/Anna", "people/Anna backup")
    assert world.look() == []
    assert "people/Anna backup/a1.jpg" in world.files
    assert "people/Anna/a1.jpg" in world.files


@pytest.mark.parametrize("looks_between", [False, True])
@pytest.mark.parametrize("deleted", [["a1"], ["a1", "both"], ["a1", "a2", "both"]])
def test_a_picture_deleted_after_its_folder_was_copied_is_but_deleted(world: World, looks_between: bool, deleted):
    world.copy("people/Anna", "people/Anna backup")
    if looks_between:
        assert world.look() == []
    for name in deleted:
        world.delete(f"people/Anna/{name}.jpg")
    faces = ",".join(str(world.face(f"{name}.jpg")) for name in deleted)
    assert world.look() == [f"hide {faces} 1"]
    assert world.look() == []
    everything = {"a1", "a2", "a3", "both"}
    assert {path for path in world.files if path.startswith("people/Anna")} == {
        *(f"people/Anna backup/{name}.jpg" for name in everything),
        *(f"people/Anna/{name}.jpg" for name in everything - set(deleted)),
    }


def test_what_is_done_to_a_copy_of_a_folder_after_a_deletion_says_nothing(world: World):
    world.copy("people/Anna", "people/Anna backup")
    world.delete("people/Anna/a1.jpg")
    world.look()
    world.delete("people/Anna/a2.jpg")
    assert world.look() == [f"hide {world.face('a2.jpg')} 1"]
    world.delete("people/Anna backup/a1.jpg")
    assert world.look() == []
    world.move("people/Anna", "people/Anne")
    assert world.look() == ["1 is called Anne"]
    assert "people/Anna backup/a2.jpg" in world.files
    assert "people/Anna backup/a1.jpg" not in world.files


def test_a_picture_of_a_copied_folder_stays_there_when_its_deletion_is_taken_back(world: World):
    world.copy("people/Anna", "people/Anna backup")
    world.delete("people/Anna/a1.jpg")
    world.look()
    world.undo()
    assert {"people/Anna/a1.jpg", "people/Anna backup/a1.jpg"} <= set(world.files)


def test_a_copy_of_a_folder_into_which_somebody_elses_picture_is_moved_is_somebody_new(world: World):
    world.copy("people/Bob/b1.jpg", "people/Eve/b1.jpg")
    world.move("people/Anna/a1.jpg", "people/Eve/a1.jpg")
    faces = sorted([world.face("a1.jpg"), world.face("b1.jpg")])
    assert world.look() == [f"split {faces[0]},{faces[1]} as Eve"]
    assert [person.name for person in world.holdings().census.people.values()].count("Eve") == 1
    assert world.look() == []


def test_a_copied_group_picture_alone_in_a_new_folder_is_somebody_new(world: World):
    world.copy("unsorted/lonely.jpg", "people/Lou/lonely.jpg")
    assert world.look() == [f"split {world.face('lonely.jpg')} as Lou"]
    assert world.look() == []


def test_a_copy_in_not_people_says_that_a_face_that_is_nobodys_is_none(world: World):
    world.copy("unsorted/lonely.jpg", "not-people/lonely.jpg")
    assert world.look() == [f"not people {world.face('lonely.jpg')}"]
    assert world.look() == []


def test_a_deleted_picture_that_is_brought_back_is_shown_again(world: World):
    world.delete("people/Anna/a1.jpg")
    world.look()
    world.put("people/Anna/a1.jpg", sha("a1.jpg"))
    assert world.look() == [f"place {world.face('a1.jpg')} 1"]
    assert world.look() == []


def test_a_file_of_which_nothing_is_known_is_left_alone_and_told(world: World):
    world.put("people/Anna/notes.txt", "something else")
    reading = world.read()
    assert reading.decisions == ()
    assert reading.strangers == ("people/Anna/notes.txt",)


def test_a_copy_of_a_contact_sheet_is_neither_a_picture_nor_a_stranger(model: World):
    sheet = "people/Anna/contact-sheet.jpg"
    model.put(sheet, sha("wall.jpg"))  # even where somebody has dropped just such a sheet
    model.record[sheet] = (model.tree[sheet], "ours sheet:0123")
    model.copy("people/Anna/contact-sheet.jpg", "people/Bob/contact-sheet.jpg")
    assert model.read() == Reading()


def test_a_file_renamed_within_its_folder_keeps_that_name(world: World):
    world.move("people/Anna/a1.jpg", "people/Anna/Anna at the sea.jpg")
    assert world.look() == []
    assert "people/Anna/Anna at the sea.jpg" in world.files


def test_a_folder_within_a_persons_folder_is_still_that_person(world: World):
    world.move("people/Anna/a1.jpg", "people/Anna/2019/summer/a1.jpg")
    assert world.look() == []
    world.move("people/Anna", "people/Anne")
    assert world.look() == ["1 is called Anne"]
    assert "people/Anne/2019/summer/a1.jpg" in world.files


def test_a_picture_taken_to_a_place_of_the_users_own_stays_there_and_is_hidden_here(world: World):
    world.move("people/Anna/a1.jpg", "best/a1.jpg")
    assert world.look() == [f"hide {world.face('a1.jpg')} 1"]
    assert "best/a1.jpg" in world.files
    assert world.look() == []
    world.move("best/a1.jpg", "people/Anna/a1.jpg")
    assert world.look() == [f"place {world.face('a1.jpg')} 1"]
    assert "people/Anna/a1.jpg" in world.files


def test_a_persons_deleted_folder_hides_its_pictures_and_keeps_the_person(world: World):
    world.delete("people/Anna")
    faces = ",".join(str(world.face(f"{n}.jpg")) for n in ("a1", "a2", "a3", "both"))
    assert world.look() == [f"hide {faces} 1"]
    assert world.holdings().census.people[1].name == "Anna"
    assert world.look() == []


def test_a_folder_renamed_to_a_person_of_whom_nothing_is_shown_merges(world: World):
    world.delete("people/Anna")
    world.look()
    world.move("people/person-0003", "people/Anna")
    assert world.look() == ["3 is 1"]


def test_what_the_daemon_does_not_say_is_gone_is_not_deleted(model: World):
    model.record = {}
    model.tree = {}
    assert model.read().decisions == ()


def test_edits_in_many_folders_at_once_are_told_apart(world: World):
    world.move("people/person-0003", "people/Carla")
    world.move("people/Anna/a1.jpg", "people/Bob/a1.jpg")
    world.move("review/Anna/maybe.jpg", "people/Carla/maybe.jpg")
    world.delete("unsorted/lonely.jpg")
    assert world.look() == [
        "3 is called Carla",
        f"hide {world.face('lonely.jpg')}",
        f"reject {world.face('maybe.jpg')} 1",
        f"place {world.face('a1.jpg')} 2",
        f"place {world.face('maybe.jpg')} 3",
    ]
    assert world.look() == []


def test_what_was_taken_back_stands_again_where_it_stood(world: World):
    before = world.files
    world.move("people/person-0003", "people/Carla")
    world.move("people/Anna/a1.jpg", "people/Bob/a1.jpg")
    world.look()
    world.undo()
    assert world.files == before
    assert world.look() == []


def test_crops_are_edited_as_pictures_are():
    world = World({"a.jpg": [1], "b.jpg": [1, 2], "c.jpg": [2], "d.jpg": [None, None]}, names={1: "Anna"}, crops=True)
    assert "unsorted/d (2).jpg" in world.files
    world.move("people/person-0002/b.jpg", "people/Anna/b from 2.jpg")
    world.move("unsorted/d (2).jpg", "people/Dan/d.jpg")
    world.delete("people/Anna/a.jpg")
    assert world.look() == [
        f"hide {world.face('a.jpg')} 1",
        f"place {world.face('b.jpg', 1)} 1",
        f"split {world.face('d.jpg', 1)} as Dan",
    ]
    assert world.look() == []


# ---------------------------------------------------------------- mishaps


def everybody(world):
    return [path for path in world.files if path.startswith("people/")]


@pytest.mark.parametrize("to", ["", "Leute", "old/people"])
def test_people_deleted_or_renamed_whole_says_nothing_and_is_put_back(world, to):
    before = everybody(world)
    world.move("people", to) if to else world.delete("people")
    assert [one.what for one in arranged(world.holdings(), world.shown()).now.mishaps] == ["people"]
    assert world.look() == []
    assert everybody(world) == before
    assert not [path for path in world.files if to and path.startswith(f"{to}/")]
    assert arranged(world.holdings(), world.shown()).now.mishaps == ()


def test_a_name_that_the_user_gave_a_file_outlives_the_mishap(world):
    world.move("people/Anna/a1.jpg", "people/Anna/at the sea.jpg")
    world.look()
    world.delete("people")
    world.look()
    assert "people/Anna/at the sea.jpg" in world.files


def test_all_folders_but_one_can_be_deleted_and_that_is_heard(world):
    world.delete("people/Anna")
    world.delete("people/Bob")
    assert world.look()
    assert "people/Anna/a1.jpg" not in world.files


def test_the_only_folder_of_people_can_be_deleted(tmp_path):
    world = World({"a1.jpg": [1], "a2.jpg": [1]}, {1: "Anna"})
    world.delete("people")
    assert world.look()
    assert world.files == []


def test_everybody_moved_where_it_says_something_is_heard(world):
    for name in ("Anna", "Bob", "person-0003"):
        world.move(f"people/{name}", f"not-people/{name}")
    assert world.look()
    assert "people/Anna/a2.jpg" not in world.files


def test_a_file_in_place_of_a_folder_is_named_and_hides_nobody():
    world = World({"a1.jpg": [1], "a2.jpg": [1], "u1.jpg": [None], "u2.jpg": [None]})
    world.delete("unsorted")
    world.put("unsorted", "a list")
    reading = world.read()
    assert reading.decisions == ()
    (mishap,) = arranged(world.holdings(), world.shown()).now.mishaps
    assert (mishap.what, "move the file away" in mishap.why) == ("unsorted", True)


def test_what_a_file_keeps_from_its_folder_stands_beside_it_until_the_file_is_gone(tmp_path: Path):
    pictures = {"a1.jpg": [1], "a2.jpg": [1], "u1.jpg": [None], "u2.jpg": [None]}
    world = OnDisk(pictures, root=tmp_path)
    world.delete("unsorted")
    world.put("unsorted", "a list")
    for _ in range(2):
        assert world.look() == []
        beside = ["unsorted (2)/u1.jpg", "unsorted (2)/u2.jpg"]
        assert [path for path in world.files if "unsorted" in path] == ["unsorted", *beside]
    world.delete("unsorted (2)/u2.jpg")
    assert world.look() == [f"hide {world.face('u2.jpg')}"]
    world.delete("unsorted")
    assert world.look() == []
    assert [path for path in world.files if "unsorted" in path] == ["unsorted/u1.jpg"]
