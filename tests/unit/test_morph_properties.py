"""The stage morph on random meshes of any topology: a result that is right or a plain refusal, never anything else."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.contract import EXIT_BAD_INPUT, BadInput, Result, dump, read_refusal, read_result, serve, stage_folder
from pipelines.contract.exchange import Input, Request
from pipelines.morph.mesh import Mesh
from pipelines.morph.pairs import matched
from pipelines.morph.read import read
from pipelines.morph.stage import morph

OPTIONS = {"frames": 2, "resolution": 64, "outputs": ["frames"]}
PIXELS = 51.0
"""How many of the 64 the larger extent of a mesh takes, at least nearly."""


@dataclass(frozen=True, slots=True)
class Soup:
    """Polygons of any kind: with corners on one line or one place, doubled, upside down, apart; vertices unused."""

    vertices: np.ndarray
    faces: tuple[tuple[int, ...], ...]


@st.composite
def soups(draw: st.DrawFn) -> Soup:
    count = draw(st.integers(3, 9))
    grid = st.integers(-3, 3).map(float)  # coordinates that meet: flat, doubled, without area
    free = st.floats(-3, 3, width=32)
    coordinate = draw(st.sampled_from([grid, free]))
    vertices = np.array([[draw(coordinate) for _ in range(3)] for _ in range(count)])
    corners = st.integers(0, count - 1)
    faces = draw(st.lists(st.lists(corners, min_size=3, max_size=5).map(tuple), min_size=1, max_size=8))
    if draw(st.booleans()):
        faces.append(faces[0])
    if draw(st.booleans()):
        faces.append(faces[-1][::-1])
    return Soup(vertices, tuple(faces))


moves = st.sampled_from(["same", "mirror", "squash", "shear", "apart", "noise", "opposite"])
units = st.integers(-6, 6).map(lambda power: 10.0**power)


def moved(soup: Soup, how: str) -> Soup:
    """The same faces with their vertices elsewhere."""
    v = soup.vertices
    there = {
        "same": v,
        "mirror": v * [-1, 1, 1],
        "squash": v * [1, 1, 0.01],
        "shear": v + 0.3 * v[:, ::-1],
        "apart": v + np.array([100.0, 0, 0]),
        "noise": v + 0.1 * np.sin(np.arange(v.size).reshape(v.shape)),
        "opposite": -v,
    }
    return Soup(there[how], soup.faces)


def triangles(soup: Soup) -> np.ndarray:
    return np.array([(face[0], *face[k : k + 2]) for face in soup.faces for k in range(1, len(face) - 1)])


def as_obj(soup: Soup) -> bytes:
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in soup.vertices.tolist()]
    return "\n".join([*lines, *("f " + " ".join(str(v + 1) for v in face) for face in soup.faces), ""]).encode()


def as_ply(soup: Soup) -> bytes:
    head = f"ply\nformat ascii 1.0\nelement vertex {len(soup.vertices)}\nproperty double x\nproperty double y\n"
    head += f"property double z\nelement face {len(soup.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    rows = [" ".join(map(repr, row)) for row in soup.vertices.tolist()]
    rows += [" ".join(map(str, (len(face), *face))) for face in soup.faces]
    return (head + "\n".join(rows) + "\n").encode()


def by_trimesh(kind: str, soup: Soup) -> bytes:
    mesh = trimesh.Trimesh(soup.vertices, triangles(soup), process=False, validate=False)
    return mesh.export(file_type=kind)


WRITERS = {
    "obj": as_obj,
    "ply": as_ply,
    "stl": lambda soup: by_trimesh("stl", soup),
    "glb": lambda soup: by_trimesh("glb", soup),
}


@contextmanager
def job(options: dict[str, object], files: dict[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder, inputs = Path(made), []
        (folder / "in").mkdir()
        for name, data in files.items():
            path = f"in/{name.replace('_', '.')}"
            (folder / path).write_bytes(data)
            inputs.append(Input(path=path, role=name[0], size=len(data), sha256=""))
        request = Request(job="j", pipeline="morph", name="n", inputs=tuple(inputs), options=options)
        (folder / "request.json").write_bytes(dump(request))
        yield folder


def stills(folder: Path, result: Result) -> list[np.ndarray]:
    found = []
    for path in sorted((stage_folder(folder, "morph") / str(result.publish) / "frames").iterdir()):
        with Image.open(path) as opened:
            found.append(np.asarray(opened))
    return found


def ran(**files: bytes) -> tuple[Result, list[np.ndarray]] | str:
    """The result and its frames, or why it was refused."""
    with job(OPTIONS, files) as folder:
        if serve({"morph": morph}, ["morph", str(folder)]) == EXIT_BAD_INPUT:
            refusal = read_refusal(stage_folder(folder, "morph"))
            assert refusal is not None
            return refusal.reason
        result = read_result(stage_folder(folder, "morph"))
        assert result is not None
        return result, stills(folder, result)


def read_back(name: str, data: bytes) -> Mesh | None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        try:
            return read(Path(folder) / name)
        except BadInput:
            return None


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=60, deadline=None)
@given(soup=soups(), unit=units)
def test_what_is_read_is_what_was_written_or_nothing(kind: str, soup: Soup, unit: float) -> None:
    scaled = Soup(soup.vertices * unit, soup.faces)
    mesh = read_back(f"a.{kind}", WRITERS[kind](scaled))
    corners = scaled.vertices[triangles(scaled)]
    exact = kind in {"obj", "ply"}  # the others have single precision
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if mesh is None:
        assert kind == "stl" or len(scaled.vertices) < 4 or not (areas > 1e-6 * unit**2).any()
        return
    assert np.allclose(mesh.vertices[mesh.faces], corners, rtol=0.0 if exact else 1e-6, atol=1e-30)
    if exact:
        assert np.array_equal(mesh.vertices, scaled.vertices)
        assert mesh.face_count == len(scaled.faces)


def clearly_seen(mesh: Mesh, other: Mesh) -> bool:
    """Whether a triangle is so large from the front that it must cover the middle of some pixel, in this company."""
    both = np.concatenate([m.vertices[m.used] for m in (mesh, other)])
    pixel = float(np.ptp(both, axis=0).max()) / PIXELS
    corners = mesh.vertices[mesh.faces][:, :, :2] / pixel
    edges = corners[:, 1:] - corners[:, :1]
    areas = np.abs(np.linalg.det(edges)) / 2
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).sum(axis=1)
    return bool((areas > 1.5 * lengths).any())  # the circle inside is three pixels wide


def shows(picture: np.ndarray) -> bool:
    return bool((picture != picture[0, 0]).any())


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(soup=soups(), how=moves, unit=units, far=st.sampled_from([0.0, 0.0, 1e4]))
def test_any_mesh_gives_right_pictures_or_a_plain_refusal(
    kind: str, soup: Soup, how: str, unit: float, far: float
) -> None:
    scaled = Soup((soup.vertices + far) * unit, soup.faces)
    first, second = (WRITERS[kind](one) for one in (scaled, moved(scaled, how)))
    a, b = read_back(f"a.{kind}", first), read_back(f"b.{kind}", second)
    answer = ran(**{f"a_{kind}": first, f"b_{kind}": second})
    if a is None or b is None or isinstance(matched(a, b), str):
        assert isinstance(answer, str)
        assert answer.startswith((f"a.{kind}", f"b.{kind}"))
        assert all(line.isprintable() for line in answer.splitlines())
        return
    assert not isinstance(answer, str), answer
    result, (start, end) = answer
    json.dumps(result.figures, allow_nan=False)
    for mesh, other, picture in ((a, b, start), (b, a, end)):
        assert shows(picture) or not clearly_seen(mesh, other)
    assert how != "same" or np.array_equal(start, end)
    back = ran(**{f"a_{kind}": second, f"b_{kind}": first})
    assert not isinstance(back, str)
    assert np.array_equal(back[1][0], end)
    assert np.array_equal(back[1][1], start)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    soup=soups(),
    how=moves,
    unit=units,
    align=st.sampled_from(["none", "rigid", "similarity"]),
    form=st.sampled_from(["obj", "glb"]),
)
@example(
    soup=Soup(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), ((0, 1, 2),)),
    how="opposite",
    unit=1.0,
    align="none",
    form="obj",
)
def test_whatever_is_made_of_any_mesh_is_whole_and_finite(
    soup: Soup, how: str, unit: float, align: str, form: str
) -> None:
    scaled = Soup(soup.vertices * unit, soup.faces)
    files = {"a_obj": as_obj(scaled), "b_obj": as_obj(moved(scaled, how))}
    with job({"frames": 3, "resolution": 64, "align": align, "mesh_format": form}, files) as folder:
        if serve({"morph": morph}, ["morph", str(folder)]) == EXIT_BAD_INPUT:
            assert read_refusal(stage_folder(folder, "morph")) is not None
            return
        result = read_result(stage_folder(folder, "morph"))
        assert result is not None
        json.dumps(result.figures, allow_nan=False)
        made = stage_folder(folder, "morph") / str(result.publish)
        for table in made.glob("*.csv"):
            assert not {"nan", "inf", "-inf"} & set(table.read_text().lower().replace("\n", ",").split(","))
        for still in made.rglob("*.png"):
            with Image.open(still) as opened:
                opened.load()
        meshes = [*made.rglob("*.obj"), *made.glob("*.glb")]
        assert meshes
        faults = [fault for fault in map(fault_of, meshes) if fault]
        if how == "opposite":  # half way there a mesh may be one point, which cannot be dropped again
            faults = [fault for fault in faults if "lie at one point" not in fault]
        assert faults == []


def fault_of(path: Path) -> str:
    """Why a mesh cannot be read, or is not finite; empty: it is as it should be."""
    try:
        return "" if np.isfinite(read(path).vertices).all() else "not finite"
    except BadInput as why:
        return str(why)


CUBE = Soup(
    np.array([(x, y, z) for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)]),
    ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)),
)


def test_a_vertex_far_away_that_no_face_uses_changes_no_picture() -> None:
    stray = Soup(np.vstack([CUBE.vertices, [500.0, 20.0, 0.0]]), CUBE.faces)
    known, with_stray = (ran(a_obj=as_obj(one), b_obj=as_obj(moved(one, "shear"))) for one in (CUBE, stray))
    assert not isinstance(known, str)
    assert not isinstance(with_stray, str)
    assert all(np.array_equal(one, other) for one, other in zip(known[1], with_stray[1], strict=True))


def test_a_mesh_that_is_seen_from_its_edge_alone_is_told() -> None:
    edge = as_obj(Soup(CUBE.vertices * [0, 1, 1], CUBE.faces))
    answer = ran(a_obj=edge, b_obj=edge)
    assert not isinstance(answer, str)
    result, (first, _) = answer
    assert not shows(first)
    assert result.warnings
