"""How a mesh with one of its blend shapes travels through the roles of a claim and a request."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Request
from pipelines.contract.exchange import Input
from pipelines.morph.picks import Pick, picks_of, roles_of


def request(roles: dict[str, tuple[str, ...]]) -> Request:
    """As the daemon makes it of a claim: each file has one role."""
    inputs = [Input(path=f"in/{path}", role=role, size=1, sha256="") for role, paths in roles.items() for path in paths]
    return Request(job="j", pipeline="morph", name="n", inputs=tuple(inputs), options={})


def test_without_blend_shapes_the_roles_are_plain() -> None:
    picked = {"a": [Pick(path="x.obj")], "b": [Pick(path="y.obj")]}
    assert roles_of(picked) == {"a": ("x.obj",), "b": ("y.obj",)}


def test_a_pair_of_one_file_and_its_blend_shape_is_one_role_that_tells_both() -> None:
    roles = roles_of({"a": [Pick(path="face.fbx")], "b": [Pick(path="face.fbx", shape="smile")]})
    assert roles == {"a + b#smile": ("face.fbx",)}
    assert picks_of(request(roles), "a") == (Pick(path="in/face.fbx"),)
    assert picks_of(request(roles), "b") == (Pick(path="in/face.fbx", shape="smile"),)
    assert picks_of(request(roles), "mesh") == ()


hostile = st.text(st.sampled_from("a+#% 4/") | st.characters(), min_size=1, max_size=6)
shapes = st.none() | st.just("a + mesh#%41") | hostile
picks = st.builds(Pick, path=st.sampled_from(["a.glb", "b#1.fbx", "c + d.glb"]), shape=shapes)


@given(st.dictionaries(st.sampled_from(["a", "b", "mesh"]), st.lists(picks, unique=True, min_size=1), max_size=3))
def test_whatever_is_picked_arrives_as_it_was(picked: dict[str, list[Pick]]) -> None:
    roles = roles_of(picked)
    files = [path for paths in roles.values() for path in paths]
    assert len(files) == len(set(files))
    for role in ("a", "b", "mesh"):
        wanted = {Pick(path=f"in/{pick.path}", shape=pick.shape) for pick in picked.get(role, ())}
        assert set(picks_of(request(roles), role)) == wanted


def test_a_pick_is_called_as_if_the_blend_shape_were_a_file_of_its_own() -> None:
    assert Pick(path="in/x/face.fbx").called == "in/x/face.fbx"
    assert Pick(path="in/x/face.fbx", shape="Mund/auf.links").called == "in/x/face_Mund_auf.links.fbx"


@given(picks)
def test_every_pick_has_a_name_in_its_own_folder(pick: Pick) -> None:
    assert "/" not in pick.called
    assert pick.called.endswith(pick.path[-4:])
