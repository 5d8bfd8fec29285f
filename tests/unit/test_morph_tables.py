"""Displacements, their figures, and the CSV files."""

import csv
import io
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.morph.blend import normals
from pipelines.morph.outputs.decimals import faces, places, rows
from pipelines.morph.outputs.displacement import Displacements, displacements
from pipelines.morph.outputs.statistics import statistics
from pipelines.morph.outputs.tables import statistics_csv, texture_csv, vertex_csv
from pipelines.morph.outputs.texture import TextureDifferences, texture_differences

TETRAHEDRON = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]])
OUTWARDS = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32)
numbers = st.floats(-1e4, 1e4)
points = arrays(np.float64, (9, 3), elements=numbers)


def slow(a, b, normal):
    """One vertex after another, in words of one syllable."""
    found = []
    for start, end, n in zip(a.tolist(), b.tolist(), normal.tolist(), strict=True):
        d = [end[k] - start[k] for k in range(3)]
        along = sum(d[k] * n[k] for k in range(3))
        rest = [d[k] - along * n[k] for k in range(3)]
        found.append((along, math.sqrt(sum(x * x for x in rest)), math.sqrt(sum(x * x for x in d))))
    return np.array(found)


def table(data: bytes):
    return list(csv.reader(io.StringIO(data.decode("ascii"))))


def differing(height=8, width=12):
    one = np.full((height, width, 3), 100, dtype=np.uint8)
    two = one.copy()
    two[4, 8] = 200
    two[5, 9] = 200  # between the rows and columns of the table
    return texture_differences(one, two)


@given(points, points, points)
def test_displacements_agree_with_the_slow_obvious_way(a, b, directions):
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    normal = np.divide(directions, length, out=np.zeros_like(directions), where=length > 1e-6)
    found = displacements(a, b, normal)
    fast = np.stack([found.normal, found.tangent, found.total], axis=1)
    assert np.abs(fast - slow(a, b, normal)).max() <= 1e-6


def test_displacements_of_a_real_surface_agree_with_the_slow_obvious_way():
    rng = np.random.default_rng(2)
    b = TETRAHEDRON + rng.normal(size=TETRAHEDRON.shape)
    normal = normals(TETRAHEDRON, b, OUTWARDS).at(0.0)
    found = displacements(TETRAHEDRON, b, normal)
    fast = np.stack([found.normal, found.tangent, found.total], axis=1)
    assert np.abs(fast - slow(TETRAHEDRON, b, normal)).max() < 1e-12


def test_a_vertex_that_moves_outwards_is_positive_and_one_that_moves_inwards_negative():
    up = np.array([[0.0, 0, 1]] * 2)
    found = displacements(np.zeros((2, 3)), np.array([[3.0, 4, 12], [0, 0, -2]]), up)
    assert found.normal.tolist() == [12, -2]
    assert found.tangent.tolist() == [5, 0]
    assert found.total.tolist() == [13, 2]


def test_where_there_is_no_normal_all_movement_counts_as_tangent():
    found = displacements(np.zeros((1, 3)), np.array([[0.0, 3, 4]]), np.zeros((1, 3)))
    assert (found.normal[0], found.tangent[0], found.total[0]) == (0, 5, 5)


def test_the_figures_are_those_that_a_person_computes():
    found = statistics("shape", "total_displacement", np.arange(101.0))
    assert (found.mean, found.min, found.max) == (50, 0, 100)
    assert (found.p25, found.p50, found.p75, found.p95, found.p99) == (25, 50, 75, 95, 99)
    assert found.std == pytest.approx(math.sqrt((101**2 - 1) / 12))


def test_statistics_csv_has_the_columns_and_names_that_scripts_for_face_morph_read():
    moved = displacements(TETRAHEDRON, TETRAHEDRON + 1.0, normals(TETRAHEDRON, TETRAHEDRON, OUTWARDS).at(0.0))
    head, *lines = table(statistics_csv([*moved.figures(), *differing().figures()]))
    assert ",".join(head) == "metric,component,mean,std,min,max,p25,p50,p75,p95,p99"
    assert [line[:2] for line in lines] == [
        ["shape", "normal_displacement"],
        ["shape", "tangent_displacement"],
        ["shape", "total_displacement"],
        ["texture", "luminance_difference"],
        ["texture", "chrominance_difference"],
        ["texture", "perceptual_difference"],
    ]
    assert float(lines[2][2]) == pytest.approx(math.sqrt(3))


def test_statistics_csv_loses_no_digit():
    value = 0.1 + 0.2
    lines = table(statistics_csv([statistics("m", "c", np.array([value, value]))]))
    assert float(lines[1][2]) == value


def test_vertex_displacements_csv_has_a_line_for_each_vertex_in_order():
    moved = Displacements(normal=np.array([1.0, -2.5]), tangent=np.array([3.0, 4.0]), total=np.array([5.0, 6.0]))
    a, b = np.array([[1.0, 2, 3], [0, 10, -4.25]]), np.array([[7.0, 8, 9], [-0.5, 0, 1]])
    assert vertex_csv(a, b, moved).decode() == (
        "vertex_id,x_a,y_a,z_a,x_b,y_b,z_b,normal_disp,tangent_disp,total_disp\n"
        "0,1.000000,2.000000,3.000000,7.000000,8.000000,9.000000,1.000000,3.000000,5.000000\n"
        "1,0.000000,10.000000,-4.250000,-0.500000,0.000000,1.000000,-2.500000,4.000000,6.000000\n"
    )


@pytest.mark.parametrize("size", [1e-4, 0.3, 20.0, 1800.0, 4e7, 1e11])
def test_the_table_of_vertices_is_exact_to_a_millionth_of_the_size_whatever_the_unit(size):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 200, 3)) * size
    normal = normals(a, b, np.arange(198, dtype=np.int32).reshape(66, 3)).at(0.0)
    moved = displacements(a, b, normal)
    read = np.loadtxt(io.BytesIO(vertex_csv(a, b, moved)), delimiter=",", skiprows=1)
    wanted = np.column_stack([np.arange(200), a, b, moved.normal, moved.tangent, moved.total])
    assert np.abs(read - wanted).max() <= 1e-6 * np.ptp(a, axis=0).max()


def test_texture_differences_csv_has_every_fourth_pixel_that_differs():
    head, *lines = table(texture_csv(differing()))
    assert ",".join(head) == "pixel_x,pixel_y,luminance_diff,chroma_diff,delta_e"
    assert [line[:2] for line in lines] == [["8", "4"]]
    assert float(lines[0][2]) == pytest.approx(80.60 - 42.37, abs=0.01)  # CIE L of greys 200 and 100


def test_a_pixel_that_differs_in_one_value_alone_is_in_the_table():
    nothing = np.zeros((4, 4), dtype=np.float32)
    chroma = nothing.copy()
    chroma[0, 0] = 2
    face = np.ones((4, 4), dtype=bool)
    found = TextureDifferences(lightness=nothing, chroma=chroma, delta_e=nothing, face=face)
    assert texture_csv(found).splitlines()[1:] == [b"0,0,0.000000,2.000000,0.000000"]


def test_textures_that_are_the_same_give_a_head_line_alone():
    same = np.full((8, 8, 3), 90, dtype=np.uint8)
    assert texture_csv(texture_differences(same, same)).count(b"\n") == 1


@given(arrays(np.float64, (7,), elements=st.floats(-9.9e6, 9.9e6)), st.sampled_from([3, 6, 10]))
def test_numbers_are_written_as_python_writes_them(values, decimals):
    scale = 10.0**decimals
    read = [float(line) for line in rows([values], decimals).split()]
    assert read == pytest.approx(values.tolist(), abs=0.51 / scale + 1e-15 * abs(values).max())


@given(arrays(np.int64, (7,), elements=st.integers(-(10**16), 10**16)))
def test_integers_of_any_size_are_written_whole(values):
    assert rows([values], 6).decode().split() == [str(v) for v in values.tolist()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000000"),
        (-0.0, "0.000000"),
        (-1e-9, "0.000000"),
        (-0.5, "-0.500000"),
        (0.0000005001, "0.000001"),
        (999.9999999, "1000.000000"),
        (-999.9999999, "-1000.000000"),
        (9999.5, "9999.500000"),
        (-10000.25, "-10000.250000"),
        (1234567.000001, "1234567.000001"),
        (1e12, "1000000000000.0"),
    ],
)
def test_a_number_at_an_edge_of_the_tables_is_written_right(value, text):
    assert rows([np.array([value])], 6).decode() == text + "\n"


def test_columns_of_different_length_of_digits_stay_in_their_row():
    text = rows([np.array([1, 20, 3000]), np.array([-1.5, 0.25, 5000.0])], 3, lead=b"v ", between=b" ")
    assert text == b"v 1 -1.500\nv 20 0.250\nv 3000 5000.000\n"


def test_no_rows_are_no_text():
    assert rows([np.zeros(0), np.zeros(0, dtype=int)], 6) == b""


def test_faces_begin_where_they_are_said_to_begin():
    corners = np.array([1, 2, 3, 10, 11, 12, 99999])
    begins = np.array([1, 0, 0, 1, 0, 0, 0], dtype=bool)
    assert faces([corners, corners], begins, b"//") == b"f 1//1 2//2 3//3\nf 10//10 11//11 12//12 99999//99999\n"


@pytest.mark.parametrize(("finest", "count"), [(1.0, 3), (1e-3, 3), (1e-4, 6), (2e-6, 6), (1e-7, 10), (1e-20, 10)])
def test_as_many_decimals_are_taken_as_the_size_needs(finest, count):
    assert places(finest) == count


def test_the_table_of_a_head_takes_a_fraction_of_what_a_format_string_takes():
    rng = np.random.default_rng(4)
    columns = [np.arange(26_719), *rng.normal(size=(9, 26_719)) * 20]
    pattern = "%d," + ",".join(["%.6f"] * 9) + "\n"
    fast, slow_way, text = [], [], b""
    for _ in range(3):
        began = time.process_time()
        text = rows(columns, 6)
        between = time.process_time()
        plain = pattern * len(columns[0]) % tuple(np.stack(columns, axis=1).ravel())
        fast.append(between - began)
        slow_way.append(time.process_time() - between)
        assert text.decode() == plain
    assert min(fast) < min(slow_way) / 2
