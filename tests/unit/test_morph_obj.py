"""OBJ as it is found in the wild."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.morph import obj
from pipelines.morph.polygons import Damaged, Polygons

CORNERS = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def parsed(text: bytes) -> Polygons:
    return obj.parse(CORNERS + text)


def test_vertices_keep_the_order_of_the_file_whatever_the_faces_say() -> None:
    found = parsed(b"f 4 3 2\nf 2 1 4\n")
    assert found.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert found.corners.tolist() == [3, 2, 1, 1, 0, 3]


def test_quads_and_larger_polygons_keep_their_sizes() -> None:
    assert parsed(b"f 1 2 3 4\nf 1 2 3\nf 1 2 3 4 1\n").sizes.tolist() == [4, 3, 5]


@pytest.mark.parametrize(
    ("face", "uv"),
    [
        (b"f 1 2 3", None),
        (b"f 1/3 2/2 3/1", [2, 1, 0]),
        (b"f 1//1 2//1 3//1", None),
        (b"f 1/3/1 2/2/1 3/1/1", [2, 1, 0]),
        (b"f 1/3 2 3//1", [2, -1, -1]),
        (b"f 1/3/ 2/2/ 3/1/", [2, 1, 0]),
    ],
)
def test_all_forms_of_a_corner_are_read(face: bytes, uv: list[int] | None) -> None:
    found = parsed(b"vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 1\n" + face + b"\n")
    assert found.corners.tolist() == [0, 1, 2]
    assert (None if found.uv_corners is None else found.uv_corners.tolist()) == uv


def test_negative_indices_count_back_from_where_the_face_stands() -> None:
    found = parsed(b"vt 0 0\nvt 1 0\nvt 1 1\nf -4/-3 -3/-2 -2/-1\nv 5 5 5\nf -1 -2 -3\n")
    assert found.corners.tolist() == [0, 1, 2, 4, 3, 2]
    assert found.uv_corners is not None
    assert found.uv_corners.tolist() == [0, 1, 2, -1, -1, -1]


def test_a_face_may_stand_before_its_vertices() -> None:
    assert obj.parse(b"f 1 2 3\n" + CORNERS).corners.tolist() == [0, 1, 2]


def test_a_negative_index_does_not_see_vertices_that_come_later() -> None:
    with pytest.raises(Damaged, match="line 1: the face asks for vertex -1, the file has 4"):
        obj.parse(b"f -1 -2 -3\n" + CORNERS)


def test_windows_and_old_mac_line_ends_are_read_the_same() -> None:
    text = CORNERS + b"f 1 2 3\n"
    for end in (b"\r\n", b"\r"):
        assert obj.parse(text.replace(b"\n", end)).corners.tolist() == [0, 1, 2]


def test_a_backslash_continues_a_line_and_later_lines_keep_their_numbers() -> None:
    assert parsed(b"f 1 2 \\\n 3 \\\n 4\n").sizes.tolist() == [4]
    with pytest.raises(Damaged, match="line 7: "):
        parsed(b"f 1 2 \\\n 3\nf 1 2 x\n")


def test_colors_behind_the_coordinates_are_read_of_0_to_1_and_of_0_to_255() -> None:
    small = obj.parse(b"v 0 0 0 1 0.5 0\nv 1 0 0 0 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n")
    large = obj.parse(b"v 0 0 0 255 127.5 0\nv 1 0 0 0 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n")
    assert small.colors is not None
    assert large.colors is not None
    assert small.colors[0].tolist() == large.colors[0].tolist() == [1.0, 0.5, 0.0]


def test_colors_on_some_vertices_only_are_no_colors() -> None:
    found = obj.parse(b"v 0 0 0 1 1 1\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert found.colors is None
    assert found.vertices.shape == (3, 3)


def test_groups_and_objects_are_one_mesh_and_materials_go_with_faces() -> None:
    found = parsed(b"f 1 2 3\no one\nusemtl Skin #2\nf 1 2 3\ng two\nusemtl Eye\nf 1 2 4\nusemtl Skin #2\nf 2 3 4\n")
    assert [material.name for material in found.materials] == ["Skin #2", "Eye"]
    assert found.face_materials is not None
    assert found.face_materials.tolist() == [-1, 0, 1, 0]


def test_a_library_name_may_hold_blanks() -> None:
    assert parsed(b"mtllib my head.mtl\nf 1 2 3\n").libraries == ("my head.mtl",)


def test_comments_tabs_blanks_and_a_byte_order_mark_are_passed_over() -> None:
    found = obj.parse(b"\xef\xbb\xbf# head\n \tv\t0 0 0 # nose_tip\nv 1 0 0\nv 0 1 0\n\nf 1  2\t3 # \xff\n")
    assert found.corners.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"v 1 2", "line 5: a vertex has three coordinates, here are 2"),
        (b"v 1 2 zwei", "line 5: “zwei” is not a number"),
        (b"v 1 2 1_0", "line 5: “1_0” is not a number"),
        (b"vt 0 \x1b[2J", r"line 5: “\\x1b\[2J” is not a number"),
        (b"f 1 2", "line 5: a face has at least three corners, this one has 2"),
        (b"f", "line 5: a face has at least three corners, this one has 0"),
        (b"f 1 2 9", "line 5: the face asks for vertex 9, the file has 4"),
        (b"f 1 2 0", "line 5: the face asks for vertex 0, the file has 4"),
        (b"f 1/1 2/1 3/1", "line 5: the face asks for texture coordinate 1, the file has 0"),
        (b"f 1 2 3.5", "line 5: “3.5” is not a corner"),
        (b"f 1 2 /3", "line 5: “/3” is not a corner"),
        (b"f 1 2 3/1/1/1", "line 5: “3/1/1/1” is not a corner"),
        (b"f 1 2 1_0", "line 5: “1_0” is not a corner"),
        (b"f 1 2 " + b"9" * 5000, "line 5: “9{40}” is not a corner"),
    ],
)
def test_garbage_is_refused_with_the_number_of_its_line(line: bytes, why: str) -> None:
    with pytest.raises(Damaged, match=why):
        parsed(line + b"\nf 1 2 3\n")


def test_lines_that_obj_does_not_know_are_passed_over_with_a_warning() -> None:
    assert "line 5: “xyz”" in parsed(b"xyz 1 2 3\nf 1 2 3\n").warnings[0]


def slowly(text: str) -> tuple[list[list[float]], list[list[int]], list[list[int]]]:
    """The obvious reader: line by line, of files without errors."""
    vertices: list[list[float]] = []
    faces, uvs, count = [], [], 0
    for line in text.splitlines():
        match line.split():
            case ["v", *words]:
                vertices.append([float(word) for word in words])
            case ["vt", *_]:
                count += 1
            case ["f", *words]:
                fields = [(*word.split("/"), "", "")[:2] for word in words]
                faces.append([int(v) - 1 if int(v) > 0 else len(vertices) + int(v) for v, _ in fields])
                uvs.append([-1 if not t else int(t) - 1 if int(t) > 0 else count + int(t) for _, t in fields])
    return vertices, faces, uvs


@st.composite
def files(draw: st.DrawFn) -> str:
    number = st.floats(-1e6, 1e6, allow_subnormal=False)
    lines = [f"v {draw(number)!r} {draw(number)!r} {draw(number)!r}" for _ in range(3)] + ["vt 0.5 0.5"]
    vertices, uvs = 3, 1
    for kind in draw(st.lists(st.sampled_from(["v", "vt", "f", "#"]), max_size=20)):
        match kind:
            case "v":
                lines.append(f"v {draw(number)!r} {draw(number)!r} {draw(number)!r}")
                vertices += 1
            case "vt":
                lines.append("vt 0 1")
                uvs += 1
            case "f":
                vertex = st.integers(-vertices, vertices).filter(bool).map(str)
                uv = st.one_of(st.just(""), st.integers(-uvs, uvs).filter(bool).map("/{}".format), st.just("//1"))
                lines.append(
                    "f " + " ".join(draw(st.lists(st.builds(str.__add__, vertex, uv), min_size=3, max_size=6)))
                )
            case _:
                lines.append("# f 1 2 3")
    return "\n".join(lines) + "\n"


@given(files())
def test_the_fast_reader_finds_what_the_obvious_one_finds(text: str) -> None:
    vertices, faces, uvs = slowly(text)
    found = obj.parse(text.encode())
    assert np.array_equal(found.vertices, vertices)
    assert found.sizes.tolist() == [len(face) for face in faces]
    assert found.corners.tolist() == [corner for face in faces for corner in face]
    expected = [corner for face in uvs for corner in face]
    assert ([-1] * len(expected) if found.uv_corners is None else found.uv_corners.tolist()) == expected


CORNER_WORDS = ["1", "2", "3", "4", "1/1", "2/2", "3/1", "1//1", "2//1", "3//2", "1/1/1", "2/2/1", "3/3/1"]
ODD_WORDS = [
    "0",
    "-1",
    "9",
    "1/",
    "/1",
    "1/2/",
    "1///2",
    "-1/-1",
    "0/1",
    "99999999999",
    "1.5",
    "-2.25e-3",
    "+.5",
    "1e400",
]
WORDS = st.sampled_from([*CORNER_WORDS, *ODD_WORDS, "nan", "x", "1_0", "1.2.3", "#c"])
LINES = st.one_of(
    st.builds(
        lambda keyword, words, space: keyword + "".join(space + word for word in words),
        st.sampled_from(["v", "vt", "vn", "f", "g", "usemtl", "mtllib", "#", "", " v", "v v", "vt t", "s", "huh"]),
        st.lists(WORDS, max_size=5),
        st.sampled_from([" ", "  ", "\t", " \\\n "]),
    ),
    st.sampled_from(
        ["v 0 0 0", "v 1 0.5 -2e-1", "vt 0 1", "vt .25 .75", "f 1 2 3", "f 1/1 2/2 3/1", "usemtl skin", ""]
    ),
)
PLAIN = [
    "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\nvt 0 1\n",
    "v 0 0 0 9 9 9\nv 1 0 0 255 0 0\nv 1 1 0 1 2 3\nv 0 1 0 0 0 0\nvt 0 0 0\nvt 1 1 0\nvt 0 1 0\n",
]


def outcome(read, data: bytes):
    """What the reader makes of it, as something that can be compared."""
    try:
        found = read(data)
    except Damaged as why:
        return str(why)
    values = (getattr(found, name) for name in Polygons.__slots__)
    return [(v.dtype, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for v in values]


@given(st.sampled_from(["", *PLAIN]), st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@example(head=PLAIN[0], lines=["f 1/1/ 2/2/ 3/3/"], newline="\n", ended=True)
@example(head=PLAIN[0], lines=["f 1//1 2/2/ 3///3"], newline="\n", ended=True)
@example(head=PLAIN[0], lines=["f 1 2 3", "f 1/1 2 3"], newline="\n", ended=False)
@example(head=PLAIN[0], lines=["v 1 2", "v 3 4 5 6"], newline="\n", ended=True)
@example(head=PLAIN[0], lines=["v 1 v 2", "f 1 2 3"], newline="\n", ended=True)
@example(head=PLAIN[0], lines=["f 1 2 1000000001", "f 1 2 99999999999999999999"], newline="\n", ended=True)
def test_in_bulk_a_file_is_read_as_line_by_line(head: str, lines: list[str], newline: str, ended: bool) -> None:
    text = head + "\n".join(lines) + ("\n" if ended else "")
    data = text.replace("\n", newline).encode()
    assert outcome(obj.parse, data) == outcome(obj.careful, data)


@given(
    st.lists(st.sampled_from(["1/1", "2/3", "4/2"]), min_size=3, max_size=5), st.sampled_from(PLAIN), st.integers(1, 3)
)
def test_plain_files_of_all_forms_are_read_in_bulk(corners: list[str], head: str, form: int) -> None:
    forms = {1: lambda c: c, 2: lambda c: c.partition("/")[0], 3: lambda c: c.replace("/", "//")}
    faces = (
        "g all\nusemtl skin\n" + "f " + " ".join(map(forms[form], corners)) + "\nusemtl eye\nf 1 2 3\n" * (form == 2)
    )
    data = (head + faces).encode()
    found = obj.plain(data, obj._PASSED_OVER)
    assert found is not None
    assert outcome(lambda _: found, data) == outcome(obj.careful, data)


@pytest.mark.data
@pytest.mark.parametrize("name", ["identity000", "jawOpen"])
def test_real_heads_are_plain_and_read_in_bulk_as_line_by_line(data, name: str) -> None:
    text = (data / "meshes/ict" / f"{name}.obj").read_bytes()
    found = obj.plain(text, obj._PASSED_OVER)
    assert found is not None
    assert outcome(lambda _: found, text) == outcome(obj.careful, text)
