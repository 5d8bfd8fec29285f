"""What morph makes of what was dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Claim, Drop, Entry, Refused, Wanting
from pipelines.morph.claim import KINDS, claim


def drop(*paths: str, folder: bool = True, name: str = "heads", **roles: str) -> Drop:
    entries = tuple(Entry(path=path, size=1) for path in paths)
    return Drop(name=name, entries=entries, folder=folder, roles={role: (glob,) for role, glob in roles.items()})


def test_a_folder_of_meshes_is_claimed_in_natural_order_with_its_companions() -> None:
    claimed = claim(drop("f10.obj", "f2.OBJ", "x/f1.ply", "skin.PNG", "f.mtl", "readme.txt"))
    assert claimed == Claim(
        name="heads",
        roles={"mesh": ("f2.OBJ", "f10.obj", "x/f1.ply"), "texture": ("skin.PNG",), "material": ("f.mtl",)},
    )


def test_a_folder_with_one_mesh_waits_for_the_second() -> None:
    answer = claim(drop("neutral.obj", "neutral.mtl", "skin.png", "manifest.toml"))
    assert answer == Wanting("a second mesh to go with neutral.obj: put it into the same folder")


def test_one_mesh_beside_a_file_of_unknown_type_is_refused_by_name() -> None:
    answer = claim(drop("neutral.obj", "x.3ds"))
    assert isinstance(answer, Refused)
    assert answer.reason.startswith(
        "x.3ds is not a mesh that visaged reads (OBJ, PLY, GLB, STL, FBX), which leaves neutral.obj alone"
    )


def test_a_folder_without_a_mesh_is_refused_with_what_it_holds() -> None:
    answer = claim(drop("a.png", "b.txt"))
    assert isinstance(answer, Refused)
    assert "heads holds no mesh" in answer.reason
    assert "a.png and b.txt" in answer.reason


def test_an_empty_folder_is_refused() -> None:
    assert claim(drop()) == Refused(
        "heads holds no mesh that visaged reads (OBJ, PLY, GLB, STL, FBX); it is empty. Put two meshes into it."
    )


def test_an_empty_file_counts_as_the_mesh_that_it_says_it_is() -> None:
    entries = (Entry(path="a.obj", size=10), Entry(path="b.obj", size=0))
    assert isinstance(claim(Drop(name="x", entries=entries, folder=True)), Claim)


def test_two_loose_meshes_are_a_pair_of_the_item_s_name() -> None:
    answer = claim(drop("a.obj", "b.glb", "a.mtl", folder=False, name="a__b"))
    assert answer == Claim(name="a__b", roles={"mesh": ("a.obj", "b.glb"), "material": ("a.mtl",)})


def test_a_loose_mesh_waits_for_a_partner_and_strangers_are_named() -> None:
    assert claim(drop("a.obj", folder=False)) == Wanting("a second mesh to go with a.obj")
    answer = claim(drop("a.obj", "b.3ds", folder=False))
    assert isinstance(answer, Wanting)
    assert "b.3ds is not a mesh" in answer.what


def test_loose_pictures_wait_for_their_mesh() -> None:
    assert claim(drop("a.png", "a.mtl", folder=False)) == Wanting("the mesh that a.png and a.mtl belong to")
    assert claim(drop("a.png", folder=False)) == Wanting("the mesh that a.png belongs to")


def test_three_loose_meshes_wait_for_a_folder_or_a_manifest() -> None:
    answer = claim(drop("a.obj", "b.obj", "c.obj", folder=False))
    assert isinstance(answer, Wanting)
    assert "a.obj, b.obj and c.obj" in answer.what
    assert "folder" in answer.what
    assert "manifest" in answer.what


def test_a_manifest_s_a_and_b_are_the_pair_in_that_order() -> None:
    answer = claim(drop("x.obj", "y.obj", "z.obj", "s.png", a="z.obj", b="x*"))
    assert answer == Claim(name="heads", roles={"a": ("z.obj",), "b": ("x.obj",), "texture": ("s.png",)})


def test_a_manifest_s_meshes_and_texture_leave_out_all_others() -> None:
    answer = claim(drop("h/1.obj", "h/2.obj", "old.obj", "s.png", "t.png", meshes="h/*", texture="t.png"))
    assert answer == Claim(name="heads", roles={"mesh": ("h/1.obj", "h/2.obj"), "texture": ("t.png",)})


def test_a_manifest_that_gives_only_the_texture_leaves_the_meshes_to_their_types() -> None:
    answer = claim(drop("1.obj", "2.obj", "s.png", "t.png", texture="t.png"))
    assert answer == Claim(name="heads", roles={"mesh": ("1.obj", "2.obj"), "texture": ("t.png",)})


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        ({"a": "neutrl.obj", "b": "b.obj"}, "a = “neutrl.obj” matches none of the files (did you mean neutral.obj?)"),
        ({"a": "*.obj", "b": "b.obj"}, "role a needs exactly one mesh; b.obj and neutral.obj are 2"),
        ({"a": "b.obj"}, "role b needs exactly one mesh; there is none"),
        ({"b": "b.obj"}, "role a needs exactly one mesh; there is none"),
        ({"a": "b.obj", "b": "b.obj"}, "the same mesh"),
        ({"a": "b.obj", "b": "s.png"}, "b names no mesh that visaged reads: s.png"),
        ({"a": "b.obj", "b": "neutral.obj", "meshes": "*"}, "either the pair or the set"),
        ({"texture": "b.obj"}, "texture names no picture that visaged reads: b.obj"),
        ({"meshs": "*.obj"}, "the role “meshs” (did you mean meshes?); morph knows a, b, meshes and texture"),
    ],
)
def test_a_manifest_that_does_not_fit_the_files_is_refused_with_what_does(roles: dict[str, str], why: str) -> None:
    answer = claim(drop("neutral.obj", "b.obj", "s.png", **roles))
    assert isinstance(answer, Refused)
    assert why in answer.reason


def test_hostile_names_print_on_one_line() -> None:
    answer = claim(drop('a\n"\udcff😀.obj'))
    assert answer == Wanting('a second mesh to go with a\\n"\\xff😀.obj: put it into the same folder')


names = st.lists(st.text(max_size=8).map(lambda stem: f"{stem}.obj") | st.text(max_size=8), max_size=8, unique=True)


@given(names, st.booleans())
def test_any_names_get_an_answer_that_prints(paths: list[str], folder: bool) -> None:
    match claim(drop(*paths, folder=folder)):
        case Refused(sentence) | Wanting(sentence):
            assert sentence.isprintable() or "\u200d" in sentence
        case Claim(roles=roles):
            assert set(roles["mesh"]) <= set(paths)


def test_a_file_and_its_blend_shape_are_a_pair() -> None:
    answer = claim(drop("face.fbx", "skin.png", folder=False, a="face.fbx", b="face.fbx#smile"))
    assert answer == Claim(name="heads", roles={"a + b#smile": ("face.fbx",), "texture": ("skin.png",)})


def test_blend_shapes_of_several_files_are_a_set() -> None:
    found = Drop(
        name="x",
        entries=(Entry(path="a.glb", size=1), Entry(path="b.glb", size=1), Entry(path="old.obj", size=1)),
        folder=True,
        roles={"meshes": ("*.glb", "*.glb#Mund auf", "b.glb#wink")},
    )
    assert claim(found) == Claim(
        name="x", roles={"mesh + mesh#Mund auf": ("a.glb",), "mesh + mesh#Mund auf + mesh#wink": ("b.glb",)}
    )


def test_one_blend_shape_alone_waits_for_a_second_mesh() -> None:
    answer = claim(drop("face.fbx", meshes="face.fbx#smile"))
    assert answer == Wanting("a second mesh to go with face.fbx#smile: put it into the same folder")


def test_the_same_blend_shape_twice_is_no_pair() -> None:
    answer = claim(drop("face.fbx", a="face.fbx#smile", b="*.fbx#smile"))
    assert isinstance(answer, Refused)
    assert "Name two different ones, or a blend shape (face.fbx#smile)." in answer.reason


def test_a_name_with_a_number_sign_is_a_file_where_there_is_such_a_file() -> None:
    answer = claim(drop("take#1.fbx", "take#2.fbx", a="take#1.fbx", b="take#2.fbx#smile#2"))
    assert answer == Claim(name="heads", roles={"a": ("take#1.fbx",), "b#smile%232": ("take#2.fbx",)})
    answer = claim(drop("face.fbx", "face.fbx#2.fbx", a="face.fbx", b="face.fbx#2.fbx"))
    assert answer == Claim(name="heads", roles={"a": ("face.fbx",), "b": ("face.fbx#2.fbx",)})


def test_a_blend_shape_of_a_file_that_is_not_there_is_refused_with_a_suggestion() -> None:
    answer = claim(drop("face.fbx", "other.fbx", a="fase.fbx#smile", b="other.fbx"))
    assert isinstance(answer, Refused)
    assert "a = “fase.fbx#smile” matches none of the files" in answer.reason


def test_every_kind_is_known_by_a_small_suffix() -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in KINDS)


def shaped(shape: str, *files: str, **roles: tuple[str, ...]) -> object:
    entries = tuple(Entry(path=file, size=9) for file in files)
    return claim(Drop(name="set", entries=entries, folder=True, roles=roles, options={"shape": shape}))


def test_a_file_alone_becomes_a_pair_with_the_shape_that_is_asked_for() -> None:
    assert shaped("smile", "face.glb") == Claim(name="set", roles={"a + b#smile": ("face.glb",)})


def test_of_several_files_each_that_can_have_shapes_is_shown_with_it() -> None:
    found = shaped("smile", "x.fbx", "y.glb", "z.obj")
    assert found == Claim(name="set", roles={"mesh#smile": ("x.fbx", "y.glb"), "mesh": ("z.obj",)})


def test_a_manifests_own_picks_go_before_the_shape() -> None:
    found = shaped("smile", "x.fbx", "y.fbx", a=("x.fbx",), b=("y.fbx#blink",))
    assert found == Claim(name="set", roles={"a": ("x.fbx",), "b#blink": ("y.fbx",)})
