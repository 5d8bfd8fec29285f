"""Which picture goes on which mesh."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pipelines.morph import mtl
from pipelines.morph.mesh import Mesh
from pipelines.morph.read import read
from pipelines.morph.textures import Item

FACES = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 1\nvt 0 0\nvt 1 0\nvt 1 1\n"
HEAD = FACES + "f 1/1 2/2 3/3\nf 1/1 3/2 4/3\n"


def png(color: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2), color).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def drop(tmp_path: Path) -> Callable[..., Mesh]:
    """Writes the files below an item's folder and reads one of them: the first mesh, or the one that is named."""

    def dropped(files: dict[str, str | bytes], mesh: str = "") -> Mesh:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        paths = [tmp_path / name for name in files]
        meshes = tuple(path for path in paths if path.suffix == ".obj")
        images = tuple(path for path in paths if path.suffix.lower() in {".png", ".jpg"})
        materials = tuple(path for path in paths if path.suffix == ".mtl")
        item = Item(meshes=meshes, images=images, materials=materials)
        return read(tmp_path / mesh if mesh else meshes[0], item)

    return dropped


def origin(mesh: Mesh) -> str | None:
    return mesh.texture.origin if mesh.texture else None


MTL = "newmtl skin\nmap_Kd {}\n"
USES = "mtllib head.mtl\nusemtl skin\n" + HEAD


@pytest.mark.parametrize(
    "asked",
    [
        "skin.png",
        "SKIN.PNG",
        "./skin.png",
        "-s 1 1 1 -o 0 0 -clamp on skin.png",
        "-mm 0 1 -bm 0.5 skin.png",
        '"skin.png"',
        "C:\\Users\\me\\textures\\skin.png",
        "/home/me/skin.png",
        "..\\..\\skin.png",
        "textures/skin.png",
    ],
)
def test_the_picture_that_the_material_asks_for_is_found_among_the_files(drop: Callable[..., Mesh], asked: str) -> None:
    mesh = drop({"head.obj": USES, "head.mtl": MTL.format(asked), "skin.png": png(), "other.png": png()})
    assert origin(mesh) == "skin.png"
    assert mesh.warnings == ()


def test_a_material_s_path_with_blanks_and_folders_is_followed_below_the_item(drop: Callable[..., Mesh]) -> None:
    mtl_text = "NEWMTL skin\n  MAP_KD ..\\my textures\\a skin.png\n"
    files = {"m/head.obj": USES, "m/head.mtl": mtl_text, "my textures/a skin.png": png(), "m/other/a skin.png": png()}
    mesh = drop(files)
    assert mesh.texture is not None
    assert mesh.texture.source == Path(str(mesh.texture.source)).parent.parent / "my textures" / "a skin.png"


def test_a_material_cannot_reach_outside_of_the_item(drop: Callable[..., Mesh], tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.png"
    outside.write_bytes(png())
    for asked in (str(outside), f"../{outside.name}"):
        mesh = drop({"head.obj": USES, "head.mtl": MTL.format(asked)})
        assert mesh.texture is None
        assert "which is not there" in mesh.warnings[0]


def test_a_link_is_no_picture(drop: Callable[..., Mesh], tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.png"
    outside.write_bytes(png())
    (tmp_path / "skin.png").symlink_to(outside)
    (tmp_path / "head.obj").write_text(USES)
    (tmp_path / "head.mtl").write_text(MTL.format("skin.png"))
    item = Item(images=(tmp_path / "skin.png",), materials=(tmp_path / "head.mtl",))
    assert read(tmp_path / "head.obj", item).texture is None


def test_a_library_name_with_blanks_is_found(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"h.obj": USES.replace("head.mtl", "my head.mtl"), "my head.mtl": MTL.format("a.png"), "a.png": png()})
    assert origin(mesh) == "a.png"


def test_several_libraries_on_one_line_are_all_read(drop: Callable[..., Mesh]) -> None:
    files = {"h.obj": USES.replace("head.mtl", "eye.mtl head.mtl"), "eye.mtl": "newmtl eye\n", "head.mtl": MTL}
    mesh = drop({**files, "head.mtl": MTL.format("a.png"), "a.png": png(), "b.png": png()})
    assert origin(mesh) == "a.png"


def test_a_file_without_usemtl_takes_the_only_picture_of_its_library(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"h.obj": "mtllib h.mtl\n" + HEAD, "h.mtl": MTL.format("a.png"), "a.png": png(), "b.png": png()})
    assert origin(mesh) == "a.png"


def test_of_several_pictures_the_one_on_most_faces_is_used_and_it_is_said(drop: Callable[..., Mesh]) -> None:
    text = FACES + "mtllib h.mtl\nusemtl eye\nf 1/1 2/2 3/3\nusemtl skin\nf 1/1 3/2 4/3\nf 2/1 3/2 4/3\n"
    library = MTL.format("skin.png") + "newmtl eye\nmap_Kd eye.png\n"
    mesh = drop({"h.obj": text, "h.mtl": library, "eye.png": png(), "skin.png": png()})
    assert origin(mesh) == "skin.png"
    assert "2 pictures; only skin.png is shown, which is on most faces (66 %)" in mesh.warnings[0]


def test_a_missing_library_is_told_and_the_only_picture_beside_the_mesh_is_used(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": USES, "colour.jpg": png()})
    assert origin(mesh) == "colour.jpg"
    assert "head.mtl is not there" in mesh.warnings[0]
    assert "colour.jpg is used" in mesh.warnings[1]


def test_a_missing_picture_is_told_and_the_only_one_beside_the_mesh_is_used(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": USES, "head.mtl": MTL.format("skin.png"), "colour.png": png()})
    assert origin(mesh) == "colour.png"
    assert "asks for skin.png, which is not there" in mesh.warnings[0]


def test_a_picture_with_the_mesh_s_name_wins_over_others(drop: Callable[..., Mesh]) -> None:
    files = {"a.obj": HEAD, "b.obj": HEAD, "A.png": png(), "b_skin.png": png(), "africa.png": png()}
    assert origin(drop(files)) == "A.png"
    assert origin(drop(files, "b.obj")) == "b_skin.png"


def test_a_picture_goes_to_the_mesh_whose_name_fits_longer(drop: Callable[..., Mesh]) -> None:
    files = {"face.obj": HEAD, "face_old.obj": HEAD, "face_skin.png": png(), "face_old_skin.png": png()}
    assert origin(drop(files)) == "face_skin.png"
    assert origin(drop(files, "face_old.obj")) == "face_old_skin.png"


def test_the_only_picture_of_a_folder_serves_all_meshes_in_it(drop: Callable[..., Mesh]) -> None:
    files = {"a.obj": HEAD, "b.obj": HEAD, "skin.png": png()}
    assert origin(drop(files)) == origin(drop(files, "b.obj")) == "skin.png"


def test_a_picture_in_the_mesh_s_own_folder_comes_before_those_elsewhere(drop: Callable[..., Mesh]) -> None:
    files = {"a/head.obj": HEAD, "a/skin.png": png(), "b/head.obj": HEAD, "b/other.png": png()}
    assert origin(drop(files)) == "skin.png"
    assert origin(drop(files, "b/head.obj")) == "other.png"


def test_the_only_picture_of_an_item_serves_a_mesh_in_another_folder(drop: Callable[..., Mesh]) -> None:
    assert origin(drop({"meshes/head.obj": HEAD, "textures/skin.png": png()})) == "skin.png"


def test_of_pictures_that_nothing_tells_apart_none_is_used_and_all_are_named(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": HEAD, "one.png": png(), "two.png": png()})
    assert mesh.texture is None
    assert "2 pictures could be its texture (one.png and two.png)" in mesh.warnings[0]


def test_a_mesh_without_texture_coordinates_stays_untextured_and_says_so(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 1\nf 1 2 3 4\n", "skin.png": png()})
    assert mesh.texture is None
    assert mesh.warnings == ("head.obj: it has no texture coordinates, so skin.png is not used",)


def test_a_picture_that_cannot_be_read_leaves_the_mesh_untextured_with_a_warning(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": HEAD, "skin.png": b"no picture"})
    assert mesh.texture is None
    assert "skin.png cannot be read as a picture" in mesh.warnings[0]


def test_a_mesh_alone_has_no_texture_and_no_warning(drop: Callable[..., Mesh]) -> None:
    mesh = drop({"head.obj": HEAD})
    assert (mesh.texture, mesh.warnings) == (None, ())


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("map_Kd -s 1 1 1 2.png", "2.png"),
        ("map_Kd -blendu on -cc off a b.png", "a b.png"),
        ("map_Kd -o 0.5 skin.png", "skin.png"),
        ("map_kd\tskin.png  ", "skin.png"),
    ],
)
def test_options_before_a_picture_s_name_are_passed_over(line: str, path: str) -> None:
    assert mtl.parse(f"newmtl m\r\n{line}\r\n".encode())["m"].path == path


def test_a_library_of_endless_options_is_read_in_its_share_of_time() -> None:
    start = time.perf_counter()
    assert mtl.parse(b"newmtl a\nmap_Kd " + b"-s 1 " * 200_000 + b" " * 500_000 + b"x.png\n")["a"].path == "x.png"
    assert time.perf_counter() - start < 5.0


@pytest.mark.data
def test_real_heads_find_their_textures(data: Path) -> None:
    folder = data / "meshes/leeperrysmith"
    head = read(folder / "LeePerrySmith.obj", Item(images=(folder / "Map-COL.jpg",)))
    assert origin(head) == "Map-COL.jpg"
    folder = data / "meshes/flame_deca"
    images = (folder / "mean_texture.jpg", folder / "uv_face_mask.png")
    flame = read(folder / "head_template.obj", Item(images=images))
    assert flame.texture is None
    assert "mean_texture.jpg and uv_face_mask.png" in flame.warnings[1]
