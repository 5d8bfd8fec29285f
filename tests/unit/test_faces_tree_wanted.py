"""What stands where in the tree, and under which name."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.contract import Place
from pipelines.faces.people.words import Decision, Verb
from pipelines.faces.tree.arranging import arranged
from pipelines.faces.tree.attributes import NAMES, UNKNOWN, Attributes
from pipelines.faces.tree.leaves import leaves
from pipelines.faces.tree.places import Kind, Tag, read_tag, where
from pipelines.faces.tree.views import chosen, mirrored, values
from tests.unit.faces_tree_world import World, sha


def paths(world: World, **more) -> list[str]:
    return sorted(one.path for one in arranged(world.holdings(), world.shown(), **more).placed)


@pytest.mark.parametrize(("path", "kind", "folder", "rest"), [
    ("people/Anna/x.jpg", Kind.PEOPLE, "Anna", "x.jpg"),
    ("People/Anna/2019/x.jpg", Kind.PEOPLE, "Anna", "2019/x.jpg"),
    ("review/Anna/x.jpg", Kind.REVIEW, "Anna", "x.jpg"),
    ("unsorted/a/x.jpg", Kind.UNSORTED, "", "a/x.jpg"),
    ("not-people/x.jpg", Kind.NOT_PEOPLE, "", "x.jpg"),
    ("no-face/x.jpg", Kind.NO_FACE, "", "x.jpg"),
    ("by-age/20-29/Anna/x.jpg", Kind.VIEW, "", "by-age/20-29/Anna/x.jpg"),
    ("people/x.jpg", Kind.ELSEWHERE, "", "people/x.jpg"),
    ("x.jpg", Kind.ELSEWHERE, "", "x.jpg"),
    ("best of/x.jpg", Kind.ELSEWHERE, "", "best of/x.jpg"),
])  # fmt: skip
def test_a_path_is_in_a_part_of_the_tree(path: str, kind: Kind, folder: str, rest: str):
    found = where(path)
    assert (found.kind, found.folder, found.rest) == (kind, folder, rest)


@pytest.mark.parametrize("tag", [Tag(), Tag(faces=(3,)), Tag(faces=(3, 14), person=7), Tag(faces=(1,), crop=True)])
def test_a_tag_is_read_as_it_was_written(tag: Tag):
    assert read_tag(str(tag)) == tag


def test_what_we_made_has_no_tag_of_a_picture():
    assert read_tag("ours sheet:0123") is None
    assert read_tag("") is None


def test_two_files_of_one_name_from_two_folders_stand_side_by_side_and_stay_so():
    world = World({"x/img.jpg": [1], "y/img.jpg": [1], "z/IMG.jpg": [1]}, names={1: "Anna"})
    assert world.files == ["people/Anna/IMG (3).jpg", "people/Anna/img (2).jpg", "people/Anna/img.jpg"]
    world.delete("people/Anna/img.jpg")
    world.look()
    assert world.files == ["people/Anna/IMG (3).jpg", "people/Anna/img (2).jpg"]


def test_a_number_that_a_clash_gave_is_dropped_where_there_is_none_and_a_users_name_is_kept():
    world = World({"x/img.jpg": [1], "y/img.jpg": [1], "z/c.jpg": [1], "d.jpg": [2]}, names={1: "Anna"})
    world.move("people/Anna/c.jpg", "people/Anna/At the sea.jpg")
    world.look()
    world.hear(
        [replace(NOBODY_SAID, verb=Verb.PLACE, person=2, faces=(world.face("y/img.jpg"), world.face("z/c.jpg")))]
    )
    world.leave()
    assert "people/person-0002/img.jpg" in world.files
    assert "people/person-0002/At the sea.jpg" in world.files


def test_a_picture_called_like_a_sheet_makes_room_for_it():
    assert World({"contact-sheet.jpg": [1]}, names={1: "Anna"}).files == ["people/Anna/contact-sheet (2).jpg"]


def test_a_name_that_a_users_file_has_is_left_to_it():
    world = World({"a.jpg": [1], "b.jpg": [2]}, names={1: "Anna", 2: "Bob"})
    world.put("people/Anna/b.jpg", "a letter")
    world.hear([replace(NOBODY_SAID, verb=Verb.PLACE, person=1, faces=(world.face("b.jpg"),))])
    world.leave()
    assert "people/Anna/b (2).jpg" in world.files
    assert world.tree["people/Anna/b.jpg"].content == "a letter"


def test_a_picture_that_could_not_be_looked_at_stands_nowhere():
    world = World({"a.jpg": [], "b.jpg": []})
    holdings = world.holdings()
    broken = replace(holdings, pictures=[replace(p, problem="It is broken.") for p in holdings.pictures])
    assert arranged(broken, ()).placed == ()


def test_a_picture_is_unsorted_only_if_none_of_its_faces_is_somebody():
    assert World({"a.jpg": [1, None], "b.jpg": [None, "1?"], "c.jpg": [None]}, names={1: "Anna"}).files == [
        "people/Anna/a.jpg",
        "review/Anna/b.jpg",
        "unsorted/c.jpg",
    ]


def test_crops_stand_for_each_face_on_its_own():
    world = World({"a.jpg": [1, None], "b.png": [1, 1], "wall.jpg": []}, names={1: "Anna"}, crops=True)
    assert world.files == [
        "no-face/wall.jpg",
        "people/Anna/a.jpg",
        "people/Anna/b (2).jpg",
        "people/Anna/b.jpg",
        "unsorted/a.jpg",
    ]


def test_a_deleted_crop_hides_its_own_face_alone():
    world = World({"a.jpg": [1, 1], "b.jpg": [1]}, names={1: "Anna"}, crops=True)
    world.delete("people/Anna/a (2).jpg")
    world.look()
    assert world.files == ["people/Anna/a.jpg", "people/Anna/b.jpg"]


def test_crops_of_a_video_are_called_by_their_time():
    world = World({"film.mp4": [1, 1]}, names={1: "Anna"})
    holdings = world.holdings()
    holdings.faces["time"] = (3.0, 3725.25)
    found = sorted(one.path for one in arranged(holdings, (), crops=True).placed)
    assert found == ["people/Anna/film 00-00-03.0.jpg", "people/Anna/film 01-02-05.2.jpg"]


def test_a_tree_that_was_lost_is_wanted_again_as_it_was_without_the_users_own_names():
    world = World({"a.jpg": [1], "b.jpg": [1]}, names={1: "Anna"})
    world.move("people/Anna/a.jpg", "people/Anna/mine.jpg")
    world.look()
    world.tree, world.record = {}, {}
    assert paths(world) == ["people/Anna/a.jpg", "people/Anna/b.jpg"]


def test_a_picture_deleted_here_is_shown_in_no_other_folder_for_the_same_face():
    world = World({"a.jpg": [3]})
    world.delete("people/person-0003/a.jpg")
    world.look()
    world.pictures = {"a.jpg": [4]}  # somebody else by another night
    world.leave()
    assert world.files == []


def test_a_bystander_does_not_bring_a_deleted_picture_back_into_unsorted():
    world = World({"a.jpg": [1, None], "b.jpg": [1]}, names={1: "Anna"})
    world.delete("people/Anna/a.jpg")
    world.look()
    assert world.files == ["people/Anna/b.jpg"]


def test_what_was_hidden_from_somebody_is_hidden_from_who_that_became():
    world = World({"a.jpg": [1], "b.jpg": [1], "c.jpg": [2]}, names={2: "Bob"})
    world.delete("people/person-0001/a.jpg")
    world.look()
    world.hear([replace(NOBODY_SAID, verb=Verb.MERGE, person=2, others=(1,))])
    world.leave()
    assert world.files == ["people/Bob/b.jpg", "people/Bob/c.jpg"]


@pytest.fixture
def seen() -> World:
    return World({"a.jpg": [1], "b.jpg": [1], "c.jpg": [1], "d.jpg": [None], "e.jpg": []}, names={1: "Anna"})


def estimated(**kinds) -> Attributes:
    """Of five faces or fewer; by names, None: unknown."""
    count = 4
    words = {name: kinds.get(name, [None] * count) for name in NAMES}
    return Attributes(
        age=np.asarray(kinds.get("age", [np.nan] * count), dtype=np.float32),
        kind={n: np.asarray([NAMES[n].index(w) if w else UNKNOWN for w in each]) for n, each in words.items()},
        score={n: np.asarray(kinds.get("score", [1.0] * count), dtype=np.float32) for n in NAMES},
    )


def test_a_filter_shows_only_faces_as_wished_and_nothing_without_a_face(seen: World):
    may = chosen(seen.holdings(), estimated(age=[19, 25, 40.9, 30]), {"age": "20-40"})
    assert paths(seen, chosen=may) == ["people/Anna/b.jpg", "people/Anna/c.jpg", "unsorted/d.jpg"]


def test_of_gender_the_faces_of_a_person_agree_and_of_emotion_each_has_its_own(seen: World):
    attributes = estimated(gender=["female", "male", "female", "male"], emotion=["happy", "sad", None, "happy"])
    holdings = seen.holdings()
    assert values(holdings, attributes, "gender") == ["female", "female", "female", "male"]
    assert values(holdings, attributes, "emotion") == ["happy", "sad", "", "happy"]
    may = chosen(holdings, attributes, {"gender": "female", "emotion": "happy"})
    assert paths(seen, chosen=may) == ["people/Anna/a.jpg"]


def test_a_surer_estimate_weighs_more(seen: World):
    attributes = estimated(gender=["female", "male", "female", None], score=[0.5, 1.0, 0.4, 0.0])
    assert values(seen.holdings(), attributes, "gender") == ["male", "male", "male", ""]


def test_a_view_mirrors_people_and_unsorted(seen: World):
    holdings = seen.holdings()
    found = arranged(holdings, ())
    each = list(leaves(holdings, found.placed, Place.AUTO, lambda _: (None, None)))
    of = values(holdings, estimated(age=[19, 25, np.nan, 3]), "age")
    assert [leaf.path for leaf in mirrored("age", of, zip(found.placed, each, strict=True))] == [
        "by-age/10-19/Anna/a.jpg",
        "by-age/20-29/Anna/b.jpg",
        "by-age/0-9/unsorted/d.jpg",
    ]


def test_what_is_changed_in_a_view_says_nothing_but_what_is_moved_out_of_it_does(seen: World):
    for name in ("a", "b"):
        seen.tree[f"by-age/20-29/Anna/{name}.jpg"] = seen.tree[f"people/Anna/{name}.jpg"]
        seen.record[f"by-age/20-29/Anna/{name}.jpg"] = seen.record[f"people/Anna/{name}.jpg"]
    assert seen.read().decisions == ()
    seen.delete("by-age/20-29/Anna/a.jpg")
    assert seen.read().decisions == ()
    seen.move("by-age/20-29/Anna/b.jpg", "not-people/b.jpg")
    assert [(d.verb, d.faces) for d in seen.read().decisions] == [(Verb.NOT_PEOPLE, (seen.face("b.jpg"),))]


def test_sources_are_known_by_their_content(seen: World):
    holdings = seen.holdings()
    found = arranged(holdings, ())
    leaf = next(leaves(holdings, found.placed, Place.COPY, lambda _: (None, None)))
    assert (leaf.path, leaf.sha256, leaf.place) == ("people/Anna/a.jpg", sha("a.jpg"), Place.COPY)


NOBODY_SAID = Decision(number=0, batch=0, at=0.0, by="command", verb=Verb.NAME)
