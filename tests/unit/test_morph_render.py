"""The pictures: where things are, what colour they have, and that form shows."""

import os
import subprocess
import sys

import numpy as np
import pytest

from pipelines.morph.blend import blend, normals
from pipelines.morph.camera import Side, framed, yaw
from pipelines.morph.renderers import Look, Shot, opened
from pipelines.morph.renderers.gl import GlRenderer
from pipelines.morph.renderers.gl_canvas import read
from pipelines.morph.renderers.lighting import Lighting, lamps
from pipelines.morph.renderers.shading import encoded, shaded
from pipelines.morph.surface import Clay, Colours, Paint, Skin, Skins, Subject

BACKGROUND = (236, 238, 241)
SIZE = 128


def globe(radius=1.0):
    """A ball of latitude and longitude with a nose on +Z, outwards."""
    rows, columns = 40, 60
    down, around = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False))
    down, around = down.T, around.T
    ball = np.stack([np.sin(down) * np.sin(around), 1.3 * np.cos(down), np.sin(down) * np.cos(around)], -1)
    ball += (
        0.25 * np.exp(-(((around - np.pi) ** 2 - np.pi**2) ** 2) / 2 - 20 * (down - 1.6) ** 2)[..., None] * [0, 0, 1]
    )
    at = np.arange(rows * columns).reshape(rows, columns)
    after = np.roll(at, -1, axis=1)
    a, b, c, d = at[:-1], at[1:], after[1:], after[:-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return ball.reshape(-1, 3) * radius, faces.astype(np.int32)


def subject(a, b, faces, surface):
    return Subject(a=a, b=b, normals=normals(a, b, faces), faces=faces, surface=surface)


def shot(drawn, camera, *times, size=SIZE, lighting=Lighting.STUDIO, by="auto"):
    with opened(by, Look(size=size, background=BACKGROUND, lighting=lighting)) as renderer:
        renderer.load(drawn, camera)
        pictures = list(renderer.frames([Shot(t, yaw(camera.side, 0.0)) for t in times]))
    return pictures if len(times) > 1 else pictures[0]


def inside(picture):
    return (picture != BACKGROUND).any(axis=2)


SQUARE = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
SQUARE_FACES = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
SQUARE_UVS = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])


def skin(picture, uvs=SQUARE_UVS):
    return Skin(uvs=uvs, corners=SQUARE_FACES, texture=np.asarray(picture, dtype=np.uint8))


def quarters():
    """Red at the top left, green at the top right, blue at the bottom left, white at the bottom right."""
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[:32, :32, 0] = picture[:32, 32:, 1] = picture[32:, :32, 2] = 200
    picture[32:, 32:] = 200
    return picture


def test_the_first_and_the_last_frame_are_the_pure_pictures_of_a_and_b_to_the_last_bit():
    a, faces = globe()
    b = a * [1.2, 0.9, 1.1] + 0.05 * np.sin(3 * a[:, ::-1])
    camera = framed(a, b)
    first, last = shot(subject(a, b, faces, Clay()), camera, 0.0, 1.0)
    assert np.array_equal(first, shot(subject(a, a, faces, Clay()), camera, 0.7 * 0))
    assert np.array_equal(last, shot(subject(b, b, faces, Clay()), camera, 1.0))


def test_a_frame_between_is_the_picture_of_the_blended_mesh():
    a, faces = globe()
    b = a @ [[0.0, 1.2, 0], [-0.8, 0, 0], [0, 0, 1]]  # turned, so that the normals' middle term counts
    camera, middle = framed(a, b), blend(a, b, 0.25)
    found = shot(subject(a, b, faces, Clay()), camera, 0.25).astype(int)
    expected = shot(subject(middle, middle, faces, Clay()), camera, 0.0).astype(int)
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_head_covers_60_to_90_percent_of_the_pictures_height_in_any_unit(unit):
    a, faces = globe(unit)
    rows = np.flatnonzero(inside(shot(subject(a, a, faces, Clay()), framed(a), 0.0)).any(axis=1))
    assert 0.6 <= (rows[-1] - rows[0] + 1) / SIZE <= 0.9


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_the_unit_of_a_mesh_does_not_change_its_picture(unit):
    a, faces = globe()
    one = shot(subject(a, a, faces, Clay()), framed(a), 0.0).astype(int)
    other = shot(subject(a * unit, a * unit, faces, Clay()), framed(a * unit), 0.0).astype(int)
    assert np.mean(np.abs(one - other)) < 0.05


def test_form_shows_without_a_texture():
    a, faces = globe()
    picture = shot(subject(a, a, faces, Clay()), framed(a), 0.0).astype(float)
    grey = picture @ [0.2126, 0.7152, 0.0722]
    face, nose = grey[40:88, 46:82], grey[50:74, 54:76]
    assert np.ptp(face) > 60
    assert np.abs(np.diff(nose, axis=1)).mean() > 1.5
    assert grey[inside(picture)].max() < 250


def test_the_background_is_exactly_the_colour_that_was_asked_for():
    a, faces = globe()
    assert shot(subject(a, a, faces, Clay()), framed(a), 0.0)[0, 0].tolist() == list(BACKGROUND)


def test_edges_are_smooth():
    a, faces = globe()
    dark = Colours(a=np.zeros_like(a), b=np.zeros_like(a))
    picture = shot(subject(a, a, faces, dark), framed(a), 0.0)
    between = (picture[..., 1] > 90) & (picture[..., 1] < 225)
    assert np.count_nonzero(between) > 100


def test_faces_that_are_inside_out_are_lit_all_the_same():
    a, faces = globe()
    right = shot(subject(a, a, faces, Clay()), framed(a), 0.0).astype(int)
    reversed_ = shot(subject(a, a, faces[:, ::-1].copy(), Clay()), framed(a), 0.0).astype(int)
    assert np.abs(right - reversed_).mean() < 0.5


def test_a_texture_stands_upright_and_is_not_mirrored():
    drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(quarters()), b=skin(quarters())))
    picture = shot(drawn, framed(SQUARE), 0.0).astype(int)
    top_left, top_right = picture[40, 40], picture[40, 88]
    bottom_left, bottom_right = picture[88, 40], picture[88, 88]
    assert np.argmax(top_left) == 0
    assert np.argmax(top_right) == 1
    assert np.argmax(bottom_left) == 2
    assert np.ptp(bottom_right) < 20 < bottom_right.min()


def test_a_textures_colours_stay_about_what_they_are():
    plain = skin(np.full((8, 8, 3), (180, 130, 100)))
    picture = shot(subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=plain, b=plain)), framed(SQUARE), 0.0)
    assert np.abs(picture[64, 64].astype(int) - (180, 130, 100)).max() < 30


def test_textures_of_different_size_and_layout_are_blended_where_they_lie_on_the_surface():
    turned = skin(np.rot90(quarters(), 2).repeat(3, 0).repeat(3, 1), uvs=1.0 - SQUARE_UVS)
    drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(quarters()), b=turned))
    first, middle, last = (p.astype(int) for p in shot(drawn, framed(SQUARE), 0.0, 0.5, 1.0))
    away = np.s_[30:58, 30:58]
    assert np.abs(first[away] - last[away]).max() <= 2
    assert np.abs(first[away] - middle[away]).max() <= 2


def test_half_way_a_texture_is_the_mean_of_both():
    one, other = (np.full((8, 8, 3), colour) for colour in ((200, 40, 100), (100, 140, 60)))
    middle = skin((one + other) / 2)
    blended = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(one), b=skin(other)))
    direct = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=middle, b=middle))
    found, expected = (shot(d, framed(SQUARE), 0.5).astype(int) for d in (blended, direct))
    assert np.abs(found - expected).max() <= 1


def test_colours_of_vertices_are_shown_and_blended():
    red, blue = (np.tile(c, (4, 1)) for c in ([0.8, 0.1, 0.1], [0.1, 0.1, 0.8]))
    first, last = shot(subject(SQUARE, SQUARE, SQUARE_FACES, Colours(a=red, b=blue)), framed(SQUARE), 0.0, 1.0)
    assert np.argmax(first[64, 64]) == 0
    assert np.argmax(last[64, 64]) == 2


def test_a_second_subject_replaces_the_first_on_the_same_renderer():
    a, faces = globe()
    with GlRenderer(Look(size=SIZE, background=BACKGROUND)) as renderer:
        renderer.load(
            subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(quarters()), b=skin(quarters()))), framed(SQUARE)
        )
        list(renderer.frames([Shot(0.0)]))
        renderer.load(subject(a, a, faces, Clay()), framed(a))
        (found,) = renderer.frames([Shot(0.0)])
    assert np.array_equal(found, shot(subject(a, a, faces, Clay()), framed(a), 0.0))


def test_a_large_texture_is_reduced_without_changing_the_picture():
    fine = np.full((3000, 900, 3), 128, dtype=np.uint8)
    drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(fine), b=skin(fine)))
    small = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(fine[:9, :9]), b=skin(fine[:9, :9])))
    assert np.array_equal(shot(drawn, framed(SQUARE), 0.0), shot(small, framed(SQUARE), 0.0))


def test_a_machine_without_opengl_is_told_what_to_install():
    code = "from pipelines.morph.renderers import *; opened('auto', Look(size=64, background=(0, 0, 0)))"
    hidden = {**os.environ, "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=hidden, check=False)
    last = ran.stderr.strip().splitlines()[-1]
    assert ran.returncode == 1
    assert "OpenGL cannot be started on this machine" in last
    assert "apt install libegl1 libgl1 libgl1-mesa-dri" in last


def nested():
    """A ball in a ball, whose inner one is hidden until the outer one has shrunk into it."""
    ball, faces = globe()
    a = np.concatenate([ball, 0.6 * ball])
    b = np.concatenate([0.3 * ball, 0.6 * ball])
    return a, b, np.concatenate([faces, faces + len(ball)])


def test_what_is_hidden_at_first_and_comes_out_later_is_seen():
    a, b, faces = nested()
    colours = np.repeat([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], len(a) // 2, axis=0)
    drawn = subject(a, b, faces, Colours(a=colours, b=colours))
    pictures = [p.astype(int) for p in shot(drawn, framed(a), *np.linspace(0, 1, 21))]
    assert [int(np.argmax(p[64, 64])) for p in pictures] == [0] * 12 + [2] * 9


@pytest.mark.parametrize("seed", range(6))
def test_leaving_out_what_is_hidden_changes_no_pixel_of_any_frame(seed):
    random = np.random.default_rng(seed)
    ball, faces = globe()
    a = np.concatenate([scale * ball for scale in (1.0, 0.8, 0.5)]) + random.normal(0, 0.01, (3 * len(ball), 3))
    b = a @ (np.eye(3) + random.normal(0, 0.2, (3, 3))) + random.normal(0, 0.03, a.shape)
    every = np.concatenate([faces, faces + len(ball), faces + 2 * len(ball)])
    drawn, camera = subject(a, b, every, Clay()), framed(a, b)
    shots = [Shot(t) for t in np.linspace(0, 1, 9)]
    with GlRenderer(Look(size=SIZE, background=BACKGROUND)) as renderer:
        renderer.load(drawn, camera)
        pictures = list(renderer.frames(shots))
        assert renderer._scene._count < every.size  # else the test shows nothing
        for one, picture in zip(shots, pictures, strict=True):
            whole = read(renderer._drawn(one, renderer._next(), whole=True).canvas.pixels).picture
            assert np.array_equal(picture, whole)


def test_the_light_of_the_shader_is_that_of_its_plain_arithmetic():
    _a, _faces = globe()
    normal = np.array([[0.0, 0.0, 1.0]])
    for lighting in Lighting:
        flat = subject(SQUARE, SQUARE, SQUARE_FACES, Clay())
        found = shot(flat, framed(SQUARE), 0.0, lighting=lighting)[64, 64]
        expected = encoded(shaded(normal, normal, None, lamps(lighting, clay=True)))[0] * 255
        assert np.abs(found - expected).max() < 2, lighting


def test_flat_light_shows_the_colours_of_a_texture_as_they_are():
    plain = skin(np.full((8, 8, 3), (180, 130, 100)))
    drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=plain, b=plain))
    found = shot(drawn, framed(SQUARE), 0.0, lighting=Lighting.FLAT)[64, 64]
    assert np.abs(found.astype(int) - (180, 130, 100)).max() <= 1


@pytest.mark.parametrize("by", ["auto", "pyrender"])
def test_painted_values_have_the_colours_of_their_table(by):
    if by == "pyrender":
        pytest.importorskip("pyrender")
    table = np.linspace(0, 1, 256)[:, None] * [1.0, 0.5, 0.0] + [0.0, 0.0, 0.2]
    values = np.array([-3.0, 7.0, 7.0, -3.0])  # from left to right
    with opened(by, Look(size=SIZE, background=BACKGROUND)) as renderer:
        renderer.load(subject(SQUARE, SQUARE, SQUARE_FACES, Clay()), framed(SQUARE))
        picture = renderer.painted([Paint(values, table, (0.0, 4.0))])[0].astype(float)
    row = picture[64, inside(picture)[64]]
    place = (np.arange(len(row)) + 0.5) / len(row) * 10 - 3
    expected = 255 * np.stack([np.interp(place / 4 * 255, np.arange(256), table[:, c]) for c in range(3)], axis=1)
    assert np.abs(row[2:-2] - expected[2:-2])[:, 0].max() < (3 if by == "auto" else 80)
    near = 2 if by == "auto" else 12  # pyrender interpolates colours between vertices, not values
    assert np.abs(row[3] - table[0] * 255).max() < near
    assert np.abs(row[-4] - table[-1] * 255).max() < near


@pytest.mark.parametrize("by", ["auto", "pyrender"])
def test_paints_that_are_drawn_together_are_the_pictures_of_each_alone(by):
    if by == "pyrender":
        pytest.importorskip("pyrender")
    a, faces = globe()
    ramp = np.linspace(0, 1, 256)[:, None]
    tables = [ramp * [1.0, 0.5, 0.0], ramp * [0.0, 0.3, 1.0], 1.0 - ramp * [1.0, 1.0, 0.2], ramp[::8] * [0.1, 0.9, 0.4]]
    paints = [Paint(np.sin((k + 1) * a[:, k % 3]), table, (-1.0, 0.5 + k)) for k, table in enumerate(tables)]
    with opened(by, Look(size=SIZE, background=BACKGROUND)) as renderer:
        renderer.load(subject(a, a, faces, Clay()), framed(a))
        together = renderer.painted(paints)
        alone = [renderer.painted([paint])[0] for paint in paints]
    assert [np.array_equal(one, other) for one, other in zip(together, alone, strict=True)] == [True] * 4
    assert len({picture.tobytes() for picture in together}) == 4


def drawn_by(renderer, what, camera):
    renderer.load(what, camera)
    frames = list(renderer.frames([Shot(t, yaw(camera.side, 0.0)) for t in np.linspace(0, 1, 9)]))
    ramp = np.linspace(0, 1, 256)[:, None] * [1.0, 0.5, 0.2]
    return [*frames, *renderer.painted([Paint(what.a[:, 1], ramp, (-1.0, 1.0))])]


def test_what_was_drawn_before_changes_no_picture_and_its_programs_serve_again():
    a, faces = globe()
    red, quartered = skin(np.full((8, 8, 3), (200, 30, 30))), skin(quarters())
    things = [
        (subject(a, a * [1.2, 0.9, 1.1], faces, Clay()), framed(a)),
        (
            subject(SQUARE, 0.5 * SQUARE, SQUARE_FACES, Skins(a=red, b=quartered)),
            framed(SQUARE, side=Side.THREE_QUARTER),
        ),
        (subject(a * 0.3, a, faces, Colours(a=np.abs(a) / 2, b=np.abs(a) / 3)), framed(a)),
        (subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=quartered, b=red)), framed(SQUARE)),
        (subject(0.7 * a, a * [0.5, 1.0, 1.0], faces, Clay()), framed(a, side=Side.LEFT)),
    ]
    look = Look(size=SIZE, background=BACKGROUND)
    with GlRenderer(look) as renderer:
        after = [drawn_by(renderer, *thing) for thing in things]
        assert len(renderer._programs._made) == 3 * 2 + 2  # of each surface, and of paints
    for pictures, thing in zip(after, things, strict=True):
        with GlRenderer(look) as fresh:
            alone = drawn_by(fresh, *thing)
        assert all(np.array_equal(one, other) for one, other in zip(pictures, alone, strict=True))


@pytest.mark.parametrize(("side", "column"), [(Side.LEFT, 0), (Side.RIGHT, 1)])
def test_seen_from_its_left_the_head_looks_to_the_left(side, column):
    a, faces = globe()
    nose = a.copy()
    nose[(a[:, 2] > 0.9)] *= [1, 1, 1.6]
    picture = inside(shot(subject(nose, nose, faces, Clay()), framed(nose, side=side), 0.0))
    reach = [np.flatnonzero(picture[row])[[0, -1]] for row in (64, 30)]
    beyond = (reach[1][0] - reach[0][0], reach[0][1] - reach[1][1])
    assert np.argmax(beyond) == column


def test_a_turntable_starts_and_ends_at_the_front_and_shows_the_back():
    a, faces = globe()
    colours = np.where(a[:, 2:] > 0, [0.8, 0.1, 0.1], [0.1, 0.1, 0.8])
    camera = framed(a, side=Side.TURNTABLE)
    with GlRenderer(Look(size=SIZE, background=BACKGROUND)) as renderer:
        renderer.load(subject(a, a, faces, Colours(a=colours, b=colours)), camera)
        shots = [Shot(0.0, yaw(Side.TURNTABLE, k / 4)) for k in range(5)]
        pictures = list(renderer.frames(shots))
    assert np.array_equal(pictures[0], pictures[4])
    assert [int(np.argmax(pictures[k][64, 64])) for k in (0, 2)] == [0, 2]
    for picture in pictures:
        rows = np.flatnonzero(inside(picture).any(axis=1))
        assert 0.6 <= (rows[-1] - rows[0] + 1) / SIZE <= 0.9


@pytest.mark.parametrize("surface", ["clay", "colours", "skins"])
def test_pyrender_shows_the_same_picture(surface):
    pytest.importorskip("pyrender")
    a, faces = globe()
    b = a * [1.2, 0.9, 1.1]
    drawn = subject(a, b, faces, Clay())
    if surface == "colours":
        both = [np.clip(0.5 + 0.4 * np.sin(k * a), 0, 1) for k in (2, 3)]
        drawn = subject(a, b, faces, Colours(a=both[0], b=both[1]))
    if surface == "skins":
        drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(quarters()), b=skin(quarters()[::-1].copy())))
    camera = framed(drawn.a, drawn.b)
    ours, theirs = (shot(drawn, camera, 0.0, 0.4, by=by) for by in ("auto", "pyrender"))
    for one, other in zip(ours, theirs, strict=True):
        outline = np.count_nonzero(inside(one) ^ np.roll(inside(one), 1, 0) | inside(one) ^ np.roll(inside(one), 1, 1))
        assert np.count_nonzero(inside(one) != inside(other)) <= 2 * outline  # its edges are a pixel wider or narrower
        both = inside(one) & inside(other)
        grey = [picture.astype(float).mean(axis=2)[both] for picture in (one, other)]
        assert np.abs(grey[0] - grey[1]).mean() < 25
        assert np.corrcoef(*grey)[0, 1] > 0.85


def test_a_renderer_that_is_not_installed_is_said_plainly():
    code = "import sys; sys.modules['pytorch3d'] = None; from pipelines.morph.renderers import *\n"
    code += "opened('pytorch3d', Look(size=64, background=(0, 0, 0)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "BadInput: renderer = “pytorch3d”" in ran.stderr.strip().splitlines()[-1]
    assert "Take renderer = “auto”" in ran.stderr
