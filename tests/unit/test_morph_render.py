"""The pictures: where things are, what colour they have, and that form shows."""

import os
import subprocess
import sys

import numpy as np
import pytest

from pipelines.morph.blend import blend, normals
from pipelines.morph.camera import framed
from pipelines.morph.render import GlRenderer
from pipelines.morph.surface import Clay, Colours, Skin, Skins, Subject

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


def shot(drawn, camera, *times, size=SIZE):
    with GlRenderer(size, BACKGROUND) as renderer:
        renderer.load(drawn, camera)
        pictures = [renderer.frame(t) for t in times]
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
    with GlRenderer(SIZE, BACKGROUND) as renderer:
        renderer.load(
            subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(quarters()), b=skin(quarters()))), framed(SQUARE)
        )
        renderer.frame(0.0)
        renderer.load(subject(a, a, faces, Clay()), framed(a))
        found = renderer.frame(0.0)
    assert np.array_equal(found, shot(subject(a, a, faces, Clay()), framed(a), 0.0))


def test_a_large_texture_is_reduced_without_changing_the_picture():
    fine = np.full((3000, 900, 3), 128, dtype=np.uint8)
    drawn = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(fine), b=skin(fine)))
    small = subject(SQUARE, SQUARE, SQUARE_FACES, Skins(a=skin(fine[:9, :9]), b=skin(fine[:9, :9])))
    assert np.array_equal(shot(drawn, framed(SQUARE), 0.0), shot(small, framed(SQUARE), 0.0))


def test_a_machine_without_opengl_is_told_what_to_install():
    code = "from pipelines.morph.render import GlRenderer; GlRenderer(64, (0, 0, 0))"
    hidden = {**os.environ, "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=hidden, check=False)
    last = ran.stderr.strip().splitlines()[-1]
    assert ran.returncode == 1
    assert "OpenGL cannot be started on this machine" in last
    assert "apt install libegl1 libgl1 libgl1-mesa-dri" in last
