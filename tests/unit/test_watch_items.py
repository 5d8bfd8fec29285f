"""What belongs together: lanes, keys, folders, archives, loose files, manifests."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.model import Listed, Manifest, Seen
from daemon.watch.items import Candidate, group
from pipelines.contract import Loose, Pipeline, Publish, Wanting


def pipeline(
    name: str, kinds: dict[str, str], principal: tuple[str, ...], loose: Loose, *, keyed: bool = False
) -> Pipeline:
    return Pipeline(
        name=name,
        version="1",
        stages=(),
        options=object,
        kinds=kinds,
        principal=principal,
        claim=lambda _: Wanting("nothing"),
        loose=loose,
        publish=Publish.FOLDER,
        keyed=keyed,
    )


MESHES = {".obj": "mesh", ".glb": "mesh", ".mtl": "material", ".png": "texture", ".jpg": "texture"}
LANES = {
    "morph": pipeline("morph", MESHES, ("mesh",), Loose.PAIR),
    "faces": pipeline("faces", {".png": "picture", ".jpg": "picture"}, ("picture",), Loose.TOGETHER, keyed=True),
    "talk": pipeline("talk", {".mp4": "video", ".wav": "audio"}, ("video", "audio"), Loose.BY_STEM, keyed=True),
}


def seen(path: str, kind: str = "file") -> Seen:
    return Seen(path=path, size=1, mtime_ns=1, ctime_ns=1, inode=1, kind=kind)


def grouped(
    *paths: str, manifests: dict[str, Manifest] | None = None, apart: frozenset[str] = frozenset()
) -> list[Candidate]:
    def read(one: Seen) -> Manifest:
        return (manifests or {}).get(one.path, Manifest(path=one.path))

    return sorted(group(map(seen, paths), LANES, read, apart), key=lambda c: c.tops)


def one(*paths: str, **kwargs: object) -> Candidate:
    (candidate,) = grouped(*paths, **kwargs)  # type: ignore[arg-type]
    return candidate


def test_a_folder_in_a_lane_is_an_item_with_all_below_it() -> None:
    found = one("morph/set/a.obj", "morph/set/tex/a.png", "morph/set/notes.txt")
    assert (found.lane, found.key, found.name, found.tops, found.folder) == ("morph", None, "set", ("morph/set",), True)
    assert [each.path for each in found.files] == ["morph/set/a.obj", "morph/set/notes.txt", "morph/set/tex/a.png"]


def test_a_folder_in_the_root_that_is_no_lane_is_an_item() -> None:
    found = one("set/a.obj", "set/morph/b.obj")
    assert (found.lane, found.name, found.tops) == (None, "set", ("set",))


def test_a_file_with_the_name_of_a_lane_is_a_file() -> None:
    assert one("morph").lane is None


def test_archives_are_items_named_without_their_suffix() -> None:
    found = grouped("morph/a.zip", "b.TAR.GZ", "morph/c.tgz")
    assert [(c.name, c.archive, c.folder, c.lane) for c in found] == [
        ("b", True, True, None),
        ("a", True, True, "morph"),
        ("c", True, True, "morph"),
    ]


def test_an_archive_beside_other_files_is_a_file_of_the_folder() -> None:
    assert not one("morph/set/a.zip", "morph/set/b.obj").archive


def test_a_folder_that_holds_nothing_but_an_archive_is_that_archive() -> None:
    found = one("morph/set/a.zip", "morph/set/WHY.txt")
    assert (found.archive, found.folder, found.tops) == (True, True, ("morph/set",))


def test_two_loose_meshes_and_their_companions_are_one_item() -> None:
    found = one("morph/b.obj", "morph/a.obj", "morph/skin.png", "morph/a.mtl")
    assert (found.name, found.folder) == ("a__b", False)
    assert found.tops == ("morph/a.mtl", "morph/a.obj", "morph/b.obj", "morph/skin.png")


def test_one_loose_mesh_is_an_item_with_its_stem() -> None:
    assert one("morph/a.obj", "morph/a.png").name == "a"


def test_many_loose_meshes_are_still_one_item() -> None:
    assert one("morph/a.obj", "morph/b.obj", "morph/c.glb").name == "a__and_2_more"


def test_loose_files_of_unknown_kind_are_items_of_their_own() -> None:
    assert [c.name for c in grouped("morph/a.obj", "morph/b.xyz", "morph/c")] == ["a", "b", "c"]


def test_loose_links_are_items_of_their_own() -> None:
    found = group([seen("morph/a.obj"), seen("morph/b.obj", "link")], LANES, lambda s: Manifest(path=s.path))
    assert sorted(c.tops for c in found) == [("morph/a.obj",), ("morph/b.obj",)]


def test_a_mesh_on_its_way_belongs_to_the_loose_meshes() -> None:
    assert one("morph/a.obj", "morph/b.obj.part").name == "a__b"


def test_a_stale_mesh_on_its_way_is_put_apart() -> None:
    assert len(grouped("morph/a.obj", "morph/b.obj.part", apart=frozenset({"morph/b.obj.part"}))) == 2


def test_the_first_folder_of_a_keyed_lane_is_the_key_and_stays() -> None:
    found = grouped("faces/family/2026/a.jpg", "faces/family/b.jpg", "faces/family/c.jpg", "faces/family/d.zip")
    assert [(c.key, c.name, c.tops) for c in found] == [
        ("family", "2026", ("faces/family/2026",)),
        ("family", "b__c", ("faces/family/b.jpg", "faces/family/c.jpg")),
        ("family", "d", ("faces/family/d.zip",)),
    ]


def test_loose_pictures_in_a_keyed_lane_have_the_default_key() -> None:
    assert {c.key for c in grouped("faces/a.jpg", "faces/b.jpg", "faces/c.zip", "faces/d.xyz")} == {"default"}


def test_loose_clips_in_a_keyed_lane_have_their_stem_as_key() -> None:
    found = grouped("talk/alice.mp4", "talk/alice.wav", "talk/bob.mp4", "talk/eve.zip")
    assert [(c.key, c.name, len(c.files)) for c in found] == [
        ("alice", "alice", 2),
        ("bob", "bob", 1),
        ("eve", "eve", 1),
    ]


def test_clips_below_a_key_belong_together_by_stem() -> None:
    found = grouped("talk/alice/take1.mp4", "talk/alice/take1.wav", "talk/alice/take2.wav")
    assert [(c.key, c.name) for c in found] == [("alice", "take1"), ("alice", "take2")]


def test_stems_that_macos_writes_decomposed_are_the_same() -> None:
    assert len(one("talk/x/caf\u00e9.mp4", "talk/x/cafe\u0301.wav").files) == 2


def test_names_that_differ_in_case_only_are_two_files() -> None:
    assert len(grouped("talk/x/a.mp4", "talk/x/A.mp4")) == 2
    assert one("morph/a.obj", "morph/A.obj").name == "A__a"


def test_in_the_root_files_are_grouped_by_whose_they_are() -> None:
    found = grouped("a.obj", "b.obj", "a.mtl", "p.jpg", "q.jpg", "v.mp4", "v.wav", "what.xyz")
    assert [(c.lane, c.key, c.tops) for c in found] == [
        (None, None, ("a.mtl", "a.obj", "b.obj")),
        (None, None, ("p.jpg", "q.jpg")),
        (None, None, ("v.mp4", "v.wav")),
        (None, None, ("what.xyz",)),
    ]


def test_in_the_root_a_picture_follows_the_mesh_whose_name_begins_its_own() -> None:
    found = grouped("head.obj", "head.png", "head_skin.jpg", "header.jpg")
    assert [c.tops for c in found] == [("head.obj", "head.png", "head_skin.jpg"), ("header.jpg",)]


def test_a_manifest_in_a_folder_is_its_sidecar_and_deeper_ones_are_files() -> None:
    assert [s.path for s in one("x/Manifest.toml", "x/y/manifest.toml").sidecars] == ["x/Manifest.toml"]


def test_a_loose_manifest_takes_the_file_of_its_name_and_what_has_its_stem() -> None:
    found = grouped("talk/x/a.mp4", "talk/x/a.wav", "talk/x/a.manifest.toml", "talk/x/b.mp4")
    assert [(c.name, len(c.files), len(c.sidecars)) for c in found] == [("a", 3, 1), ("b", 1, 0)]


def test_a_loose_manifest_can_carry_the_full_name_of_its_file() -> None:
    found = grouped("morph/a.obj", "morph/a.obj.manifest.json", "morph/b.obj")
    assert [c.name for c in found] == ["a", "b"]


def test_a_loose_manifest_takes_the_files_that_its_roles_and_its_list_name() -> None:
    manifest = Manifest(path="", roles={"a": ("x.obj",), "t": ("skin*.png",)}, files=(Listed(path="y.obj"),))
    found = grouped(
        *(f"morph/{n}" for n in ("x.obj", "y.obj", "y.mtl", "skin1.png", "z.obj", "go.manifest.toml")),
        manifests={"morph/go.manifest.toml": manifest},
    )
    assert [(c.name, len(c.files)) for c in found] == [("x__y", 5), ("z", 1)]


def test_textures_that_nobody_names_follow_the_only_manifest_when_all_meshes_are_its() -> None:
    manifest = Manifest(path="", roles={"a": ("x.obj",), "b": ("y.obj",)})
    found = one(
        "morph/x.obj",
        "morph/y.obj",
        "morph/skin.png",
        "morph/manifest.toml",
        manifests={"morph/manifest.toml": manifest},
    )
    assert (found.name, len(found.files), found.ident) == ("x__y", 4, "morph/manifest.toml")


def test_of_two_manifests_that_want_a_file_the_first_gets_it() -> None:
    both = Manifest(path="", roles={"a": ("x.obj",)})
    sidecars = ("morph/p.manifest.toml", "morph/q.manifest.toml")
    found = grouped("morph/x.obj", *sidecars, manifests=dict.fromkeys(sidecars, both))
    assert [c.tops for c in found] == [("morph/p.manifest.toml", "morph/x.obj"), ("morph/q.manifest.toml",)]


def test_a_manifest_beside_an_archive_belongs_to_it() -> None:
    found = one("morph/a.tar.gz", "morph/a.manifest.toml")
    assert (found.archive, found.folder, found.name, len(found.sidecars)) == (True, True, "a", 1)


def test_a_manifest_without_files_is_a_candidate_of_its_own() -> None:
    assert one("morph/a.manifest.toml").name == "a"


def test_a_group_keeps_its_identity_while_it_grows() -> None:
    assert one("morph/a.obj").ident == one("morph/a.obj", "morph/0.obj").ident


NAMES = st.sampled_from([
    "a", "b", "A", "a b", "a.obj", "b.obj", "a.png", "b.jpg", "c.jpg", "a.mp4", "a.wav", "a.mtl", "x.zip", "x.tar.gz",
    "a.obj.part", "manifest.toml", "a.manifest.toml", "b.obj.manifest.json", "x.manifest.toml", ".a.obj.Ab12Cd", "~",
    "~$", ".part", "\udcff.obj", "a\nb.jpg", "🙂.mp4", "morph", "faces", "talk",
])  # fmt: skip
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
GLOBS = st.lists(st.sampled_from(["*", "a*", "b.obj", "*.jpg", "[", "x/*"]), max_size=2).map(tuple)


@given(
    st.lists(PATHS, unique=True, max_size=25),
    st.dictionaries(PATHS, st.sampled_from(["file", "link", "other", "blocked"])),
    GLOBS,
    st.frozensets(PATHS),
)
def test_every_file_is_in_exactly_one_item(
    paths: list[str], kinds: dict[str, str], globs: tuple[str, ...], apart: frozenset[str]
) -> None:
    paths = [p for p in paths if not any(other.startswith(p + "/") for other in paths)]
    files = [seen(p, kinds.get(p, "file")) for p in paths]
    found = group(files, LANES, lambda s: Manifest(path=s.path, roles={"r": globs}), apart)
    assert sorted(f.path for c in found for f in c.files) == sorted(paths)
    assert len({c.ident for c in found}) == len(found)
    tops = [top for c in found for top in c.tops]
    assert len(set(tops)) == len(tops)
    for c in found:
        assert c.name
        assert all(any(f.path == top or f.path.startswith(top + "/") for top in c.tops) for f in c.files)
