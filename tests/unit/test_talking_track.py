"""Tracking: what is known of a head that was made up comes out again, and real faces are followed without a miss."""

import itertools
import struct
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Input, Request, Work
from pipelines.talking_head.judge.blocks import ending
from pipelines.talking_head.landmarks import archive, detector, landmarker
from pipelines.talking_head.landmarks.points import CHIN, EYE_CORNERS, FOREHEAD, GAPS, JAW, LIPS, OVAL, STEADY
from pipelines.talking_head.stages import tracking
from pipelines.talking_head.stages.files import load_track, save_footage
from pipelines.talking_head.track import bundle, lips, person, plate, smoothing, split
from pipelines.talking_head.track.sights import sighted
from pipelines.talking_head.track.tracked import framed, tracked
from pipelines.talking_head.track.turning import (
    FACING,
    FOCAL,
    Poses,
    crossing,
    lifted,
    nearest,
    projected,
    rotation,
    slopes,
    vector,
)
from pipelines.talking_head.track.watching import watched
from pipelines.talking_head.weights import LANDMARKER
from tests.unit.talking_world import decoded, film, made_up_track, weights
from tests.unit.test_talking_resumed import made_up_footage

ALL = np.arange(90)
GENERATOR = np.random.default_rng(6)


# The archive.


def message(*fields):
    """A protobuf message of (number, bytes) and (number, int)."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += bytes([number << 3]) + varint(value)
        elif isinstance(value, float):
            found += bytes([number << 3 | 5]) + struct.pack("<f", value)
        else:
            found += bytes([number << 3 | 2]) + varint(len(value)) + value
    return found


def varint(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


@pytest.mark.parametrize("packed", [True, False])
def test_the_canonical_face_is_read_packed_or_not(packed):
    vertices = [float(value) for value in range(20)]
    if packed:
        mesh = message((3, struct.pack("<20f", *vertices)), (4, b"".join(varint(i) for i in (0, 1, 2, 1, 2, 3))))
    else:
        mesh = message(*[(3, value) for value in vertices], *[(4, i) for i in (0, 1, 2, 1, 2, 3)])
    face = archive.canonical(message((2, b"weights"), (1, mesh)))
    assert face.points.tolist() == [[0, 1, 2], [5, 6, 7], [10, 11, 12], [15, 16, 17]]
    assert face.uv[1].tolist() == [8, 9]
    assert face.triangles.tolist() == [[0, 1, 2], [1, 2, 3]]


@given(st.binary(max_size=200))
def test_a_broken_archive_is_said_to_be_broken(content):
    with pytest.raises(ValueError, match=r"its (geometry|triangles)"):
        archive.canonical(content)


def test_a_file_that_is_no_archive_says_what_to_do(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"not a zip")
    with pytest.raises(RuntimeError, match=r"face_landmarker.task is not a face landmarker .*Fetch the models again"):
        archive.read(path)


# The detector and the square that it gives.


def test_the_detectors_boxes_lie_on_two_grids():
    found = detector.anchors()
    assert found.shape == (896, 2)
    assert found[0].tolist() == [0.5 / 16, 0.5 / 16]
    assert found[2].tolist() == [1.5 / 16, 0.5 / 16]
    assert found[512].tolist() == [0.5 / 8, 0.5 / 8]
    assert found[-1].tolist() == [7.5 / 8, 7.5 / 8]


def test_an_answer_of_the_network_is_a_face_in_shares_of_the_side():
    answer = np.zeros((896, 16), dtype=np.float32)
    answer[0, :8] = [12.8, 0, 25.6, 38.4, -6.4, 0, 6.4, 0]
    logits = np.full(896, -10.0, dtype=np.float32)
    logits[0] = 2.0
    found = detector.decoded(answer, logits)
    x, y = 0.03125 + 0.1, 0.03125
    assert found.boxes[0] == pytest.approx([x - 0.1, y - 0.15, x + 0.1, y + 0.15])
    assert found.eyes[0] == pytest.approx(np.array([[0.03125 - 0.05, y], [0.03125 + 0.05, y]]))
    assert found.scores[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_boxes_that_overlap_are_one_face_at_their_weighted_mean():
    faces = detector.Faces(
        boxes=np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]]),
        eyes=np.zeros((3, 2, 2)),
        scores=np.array([0.9, 0.6, 0.7]),
    )
    found = detector.suppressed(faces)
    assert found.boxes[0] == pytest.approx([0.4, 0, 10.4, 10])
    assert found.scores.tolist() == [0.9, 0.7]


@given(st.integers(100, 2000), st.integers(100, 2000))
def test_the_close_looks_cover_the_picture_and_overlap_by_half(height, width):
    whole, *close = detector.squares(height, width, close=True)
    assert whole[2] == max(height, width)
    for low, length in ((0, width), (1, height)):
        starts = sorted({square[low] for square in close})
        assert starts[0] == 0
        assert starts[-1] + close[0][2] == pytest.approx(length)
        assert all(b - a <= close[0][2] / 2 + 1e-6 for a, b in pairwise(starts))


def test_what_is_seen_in_a_turned_square_is_found_at_its_place_in_the_picture():
    picture = np.zeros((200, 300, 3), dtype=np.uint8)
    cv2.circle(picture, (180, 90), 3, (255, 255, 255), -1)
    for side in (60.0, 100.0, 900.0):
        square = landmarker.Square(x=170.0, y=100.0, side=side, angle=0.4)
        shown = landmarker.cut(picture, square, 256)[..., 0].astype(float)
        y, x = (np.mgrid[:256, :256] * shown).sum(axis=(1, 2)) / shown.sum() + 0.5
        raw = np.tile(np.array([[x, y, 0.0]], dtype=np.float32), (478, 1))
        assert landmarker.placed(raw, square)[0, :2] == pytest.approx([180.5, 90.5], abs=0.2 + side / 256)


def test_the_next_square_is_turned_as_the_eyes_are():
    points = GENERATOR.normal(0, 30, (478, 3))
    points[EYE_CORNERS[0], :2], points[EYE_CORNERS[1], :2] = (-40, -20), (40, 20)
    assert landmarker.around(points).angle == pytest.approx(np.arctan2(40, 80))


# Turning.

vectors = st.tuples(*[st.floats(-1.7, 1.7)] * 3).map(np.array)


@given(vectors)
def test_a_rotation_keeps_lengths_and_its_axis_is_found_again(axis):
    turn = rotation(axis)
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)
    assert turn @ axis == pytest.approx(axis, abs=1e-9)
    assert vector(turn) == pytest.approx(axis, abs=1e-6)


def test_rotations_are_the_exponentials_of_cross_products():
    axis = np.array([0.3, -0.5, 0.2])
    term, total = np.eye(3), np.eye(3)
    for k in range(1, 20):
        term = term @ crossing(axis) / k
        total += term
    assert rotation(axis) == pytest.approx(total, abs=1e-12)


def test_the_slope_is_how_the_picture_changes():
    point = np.array([4.0, -3.0, 120.0])
    slow = np.stack([(projected(point + step) - projected(point - step)) / 2e-4 for step in 1e-4 * np.eye(3)], axis=1)
    assert slopes(point) == pytest.approx(slow, abs=1e-9)
    assert lifted(projected(point), point[2]) == pytest.approx(point)


def test_the_nearest_rotation_to_a_mirror_is_no_mirror():
    assert np.linalg.det(nearest(np.diag([1.0, 1.0, -1.0]))) == pytest.approx(1)


# The bundle.


@pytest.fixture(scope="module")
def made_up():
    """A head of random shape that moves as two blendshapes say, seen in 90 poses."""
    generator = np.random.default_rng(1)
    directions = generator.normal(size=(468, 3))
    face = directions / np.linalg.norm(directions, axis=1, keepdims=True) * [7.0, 9.0, 5.0]
    face[:, 2] = np.abs(face[:, 2])
    face[list(EYE_CORNERS)] = [[-4.5, 3, 3], [4.5, 3, 3]]
    time = np.arange(90)
    blendshapes = np.zeros((90, 52))
    blendshapes[:, 25], blendshapes[:, 30] = 0.5 + 0.4 * np.sin(time / 3), 0.3 + 0.3 * np.cos(time / 5)
    shape = face + generator.normal(0, 0.3, face.shape)
    bases = np.zeros((2, 468, 3))
    loose = [k for k in LIPS if k not in STEADY]
    bases[:, loose] = generator.normal(0, 0.3, (2, len(loose), 3))
    formed = shape + np.tensordot(blendshapes[:, [25, 30]] - blendshapes[:, [25, 30]].mean(axis=0), bases, 1)
    turns = rotation(np.stack([0.15 * np.sin(time / 7), 0.3 * np.sin(time / 11), 0.05 * np.cos(time / 4)], axis=1))
    poses = Poses(
        turns=turns @ FACING,
        moves=np.stack([2 * np.sin(time / 9), np.cos(time / 8), 128 + 3 * np.sin(time / 13)], axis=1),
    )
    seen = poses.seen(formed)
    observed = bundle.Observed(
        at=projected(seen),
        z=(seen[..., 2] - 128) * FOCAL / 128,
        blendshapes=blendshapes,
        there=np.ones(90, dtype=bool),
    )
    return face, poses, observed


def test_the_bundle_finds_the_head_that_was_made_up(made_up):
    face, poses, observed = made_up
    fit = bundle.fitted(observed, face.astype(np.float32), ALL)
    assert fit.reprojection.mean() < 0.002
    relative = fit.poses.turns @ fit.poses.turns[0].T @ (poses.turns @ poses.turns[0].T).transpose(0, 2, 1)
    assert np.degrees(np.linalg.norm(vector(relative), axis=1)).max() < 1.5
    assert fit.head.bases.shape == (2, 468, 3)


def test_shape_and_bases_explain_what_poses_alone_do_not(made_up):
    face, _, observed = made_up
    before = bundle.fitted(observed, face.astype(np.float32), ALL, rounds=0).reprojection.mean()
    after = bundle.fitted(observed, face.astype(np.float32), ALL).reprojection.mean()
    assert after < before / 5


def test_each_vertex_is_solved_as_a_plain_least_squares_problem_would_be(made_up):
    face, poses, observed = made_up
    head = bundle.driven(face, observed.blendshapes)
    rows = np.arange(90)
    found = bundle.shaped(head, face, observed, (poses, rows))
    vertex = 13
    coefficients = np.column_stack([np.ones(90), head.coefficients(observed.blendshapes)])
    equations, wanted = [], []
    for t in rows:
        seen = poses.turns[t] @ head.shape[vertex] + poses.moves[t]
        slope = slopes(seen) @ poses.turns[t]
        equations.append(np.concatenate([slope * c for c in coefficients[t]], axis=1))
        wanted.append(observed.at[t, vertex] - projected(seen) + slope @ head.shape[vertex])
    free = np.repeat([bundle.SHAPE_FREE, bundle.BASES_FREE, bundle.BASES_FREE], 3)
    equations.append(np.diag(bundle.NOISE / free))
    wanted.append(bundle.NOISE / free * np.concatenate([face[vertex], np.zeros(6)]))
    slow = np.linalg.lstsq(np.concatenate(equations), np.concatenate(wanted), rcond=None)[0].reshape(3, 3)
    assert found.shape[vertex] == pytest.approx(slow[0], abs=1e-6)
    assert found.bases[:, vertex] == pytest.approx(slow[1:], abs=1e-6)


def test_frames_that_are_held_out_have_no_say_in_the_head_and_are_placed_by_it(made_up):
    face, _, observed = made_up
    learned = np.arange(60)
    at, blendshapes = observed.at.copy(), observed.blendshapes.copy()
    at[60:], blendshapes[60:] = at[60:] + 0.01, blendshapes[::-1][60:]
    other = replace(observed, at=at, blendshapes=blendshapes)
    first, second = (bundle.fitted(each, face.astype(np.float32), learned) for each in (observed, other))
    assert np.array_equal(first.head.shape, second.head.shape)
    assert np.array_equal(first.head.bases, second.head.bases)
    assert np.array_equal(first.poses.moves[:60], second.poses.moves[:60])
    assert first.reprojection[60:].mean() < 0.003


def test_frames_without_a_face_have_no_say_in_the_shape(made_up):
    face, _, observed = made_up
    there = np.ones(90, dtype=bool)
    there[40:50] = False
    at = observed.at.copy()
    at[40:50] += GENERATOR.normal(0, 0.1, at[40:50].shape)
    spoiled = bundle.Observed(at=at, z=observed.z, blendshapes=observed.blendshapes, there=there)
    assert np.median(bundle.fitted(spoiled, face.astype(np.float32), ALL).reprojection) < 0.003


# Smoothing.


def test_a_parabola_is_left_as_it_is_ends_included():
    time = np.linspace(-2, 3, 40)
    values = np.stack([time**2, 3 - time, np.ones(40)], axis=1)
    assert smoothing.smoothed(values) == pytest.approx(values)


def test_trembling_is_halved_and_a_short_clip_is_left_alone():
    noise = GENERATOR.normal(0, 1, (400, 3))
    assert smoothing.smoothed(noise).std() < 0.62
    assert smoothing.jitter(smoothing.smoothed(noise)).mean() < 0.3 * smoothing.jitter(noise).mean()
    assert smoothing.smoothed(noise[:5]) is not None
    assert (smoothing.smoothed(noise[:5]) == noise[:5]).all()


def test_smoothing_agrees_with_fitting_each_window():
    values = GENERATOR.normal(0, 1, 30)
    for row in (0, 2, 15, 29):
        start = min(max(row - 3, 0), 23)
        slow = np.polyval(np.polyfit(np.arange(7), values[start : start + 7], 2), row - start)
        assert smoothing.smoothed(values)[row] == pytest.approx(slow)


def test_smoothed_poses_are_poses():
    poses = Poses(turns=rotation(GENERATOR.normal(0, 0.1, (30, 3))) @ FACING, moves=GENERATOR.normal(0, 1, (30, 3)))
    steady = smoothing.steadied(poses)
    assert np.linalg.det(steady.turns) == pytest.approx(np.ones(30))
    assert smoothing.jitter(steady.turns).mean() < smoothing.jitter(poses.turns).mean() / 2


# Lips.


def test_the_opening_is_that_of_the_mouth_however_the_head_is_turned():
    shape = np.zeros((468, 3))
    for k, (upper, lower) in enumerate(GAPS):
        shape[upper], shape[lower] = (k - 2, -3, 6), (k - 2, -4, 6)
    turns = rotation(GENERATOR.normal(0, 0.3, (50, 3))) @ FACING
    poses = Poses(turns=turns, moves=np.array([0, 0, 130]) + GENERATOR.normal(0, 3, (50, 3)))
    at = projected(poses.seen(np.tile(shape, (50, 1, 1))))
    flat = lips.flattened(at, poses, 6.0)
    assert lips.opening(flat) == pytest.approx(np.ones(50))
    assert lips.opening_of(flat[:, list(LIPS)]) == pytest.approx(np.ones(50))


def test_pixels_in_a_polygon_are_those_whose_middle_is_in_it():
    square = np.array([[-0.25, -0.25], [0.25, -0.25], [0.25, 0.25], [-0.25, 0.25]])
    inside = lips.within(square, 8)
    expected = np.zeros((8, 8), dtype=bool)
    expected[2:6, 2:6] = True
    assert (inside == expected).all()
    ring = 0.4 * np.stack([np.cos(np.linspace(0, 6.2, 20)), np.sin(np.linspace(0, 6.2, 20))], axis=1)
    assert lips.within(ring, 200).mean() == pytest.approx(np.pi * 0.16, abs=0.02)


def test_blinks_and_lips_are_where_the_map_of_points_says():
    assert len(set(OVAL)) == 36
    assert set(JAW) < set(OVAL)
    assert len(set(LIPS)) == 40


# Head, torso, background.


def upright_face(tilt=0.0):
    surface = np.zeros((468, 2))
    around = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    surface[list(OVAL)] = np.stack([0.15 * np.sin(around), -0.2 * np.cos(around)], axis=1)
    cos, sin = np.cos(tilt), np.sin(tilt)
    return surface @ np.array([[cos, sin], [-sin, cos]])


@pytest.mark.parametrize("tilt", [0.0, 0.4, -0.7])
def test_what_is_above_the_jaw_is_head_and_what_is_below_the_neck_is_torso(tilt):
    surface = upright_face(tilt)
    found = split.divided(np.ones((100, 100), dtype=np.float32), surface)

    def at(x, y):
        cos, sin = np.cos(tilt), np.sin(tilt)
        column, row = np.array([x, y]) @ np.array([[cos, sin], [-sin, cos]])
        return found.head[int((row + 0.5) * 100), int((column + 0.5) * 100)]

    assert at(0, 0) == 1
    assert at(0, -0.4) == 1
    assert at(0.0, 0.18) == 1
    assert 0 < at(0.0, 0.225) < 1
    assert at(0, 0.35) == 0
    assert np.abs(found.head + found.torso + found.background - 1).max() < 1e-6


def test_the_axes_follow_the_face():
    across, down = split.axes(upright_face(0.3))
    assert across @ down == pytest.approx(0)
    surface = upright_face(0.3)
    assert down == pytest.approx((surface[CHIN] - surface[FOREHEAD]) / 0.4, abs=0.02)


def test_a_second_body_in_the_picture_is_left_out():
    likely = np.zeros((40, 40), dtype=np.float32)
    likely[5:35, 5:20] = 0.9
    likely[10:15, 30:35] = 0.9
    found = person.largest(likely)
    assert found[10:15, 30:35].max() == 0
    assert found[5:35, 5:20].min() == np.float32(0.9)
    assert (person.largest(np.zeros((8, 8), dtype=np.float32)) == 0).all()


def test_the_plate_is_the_median_of_what_is_free():
    pictures = GENERATOR.integers(0, 256, (7, 6, 5, 3), dtype=np.uint8)
    free = GENERATOR.random((7, 6, 5)) < 0.6
    found, known = plate.median(pictures, free)
    for row in range(6):
        for column in range(5):
            seen = pictures[free[:, row, column], row, column]
            assert known[row, column] == bool(len(seen))
            if len(seen):
                assert found[row, column].tolist() == np.sort(seen, axis=0)[(len(seen) - 1) // 2].tolist()


def test_what_is_known_stays_and_what_is_not_lies_between_its_surroundings():
    picture = np.zeros((60, 61, 3), dtype=np.uint8)
    picture[:, :30], picture[:, 30:] = 50, 150
    known = np.ones((60, 61), dtype=bool)
    known[10:50, 10:50] = False
    holed = np.where(known[..., None], picture, 0).astype(np.uint8)
    found = plate.filled(holed, known)
    assert (found[known] == picture[known]).all()
    assert found[~known].min() >= 50
    assert found[~known].max() <= 150
    assert abs(int(found[30, 12, 0]) - 50) < 25
    assert abs(int(found[30, 48, 0]) - 150) < 25


def test_a_background_that_shows_now_and_then_is_whole():
    ground = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (1, 64, 3))
    frames = []
    for k in range(20):
        body = np.zeros((64, 64), dtype=np.float32)
        body[20:, 5 + 2 * k : 20 + 2 * k] = 1.0
        frames.append((np.where(body[..., None] > 0, 255, ground).astype(np.uint8), body))
    found = plate.plated(frames)
    assert found.guessed == 0
    assert (found.picture == ground).all()


# The handed-out clips.


@pytest.fixture(scope="module")
def clip(data):
    return data / "talking" / "video-retalking" / "1.mp4"


@pytest.fixture(scope="module")
def following(data):
    return landmarker.Landmarker(weights(data, "face_landmarker.task"))


@pytest.fixture(scope="module")
def track(real_footage, following):
    return tracked(real_footage, following.face)


@pytest.mark.data
def test_the_canonical_face_is_whole(following):
    face = following.face
    assert face.points.shape == (468, 3)
    assert face.triangles.shape == (898, 3)
    assert face.points[EYE_CORNERS[0], 0] == pytest.approx(-face.points[EYE_CORNERS[1], 0], abs=0.01)


@pytest.mark.data
def test_landmarks_turn_with_the_picture(clip, following):
    (picture,) = decoded(clip, 1)
    turn = cv2.getRotationMatrix2D((350, 350), 15, 0.8)
    straight = following(picture).points[:, :2]
    turned_picture = cv2.warpAffine(picture, turn, (700, 700))
    again = landmarker.Landmarker.__call__
    following.following = landmarker.Following()
    turned = again(following, turned_picture).points[:, :2]
    expected = straight @ turn[:, :2].T + turn[:, 2]
    between = np.linalg.norm(expected[EYE_CORNERS[0]] - expected[EYE_CORNERS[1]])
    assert np.linalg.norm(turned - expected, axis=1).mean() < 0.03 * between


@pytest.mark.data
def test_a_real_face_is_followed_and_fitted_within_the_landmarkers_own_noise(real_footage, track):
    assert real_footage.there.all()
    assert track.reprojection.mean() < 0.01
    assert track.opening.min() >= 0
    assert track.opening.std() > 0.02
    assert track.blink.max() > 0.5
    assert np.linalg.norm(track.surface - track.at, axis=-1).mean() < 0.005


@pytest.mark.data
def test_lips_are_read_from_small_pictures_as_from_large_ones(real_footage, track, following):
    small = list(itertools.islice(real_footage.pictures(96), 30))
    following.following = landmarker.Following()
    seen, there = watched(small, following, track.head, track.poses.chosen(np.arange(30)))
    assert there.all()
    assert np.corrcoef(lips.opening_of(seen), track.opening[:30])[0, 1] > 0.9


@pytest.mark.data
def test_the_fit_holds_for_frames_that_it_has_not_seen(real_footage, following):
    seen = framed(real_footage)
    half = np.arange(len(real_footage) // 2)
    fit = bundle.fitted(seen, following.face.points, half)
    assert fit.reprojection[len(half) :].mean() < 0.016


# Held out.


def nobody(picture):
    """What a network says that sees no person."""
    return np.zeros(picture.shape[:2], dtype=np.float32)


def test_the_background_is_known_from_the_frames_that_are_learned_from_alone(tmp_path):
    track, _ = made_up_track()
    footage = made_up_footage(tmp_path / "clip.mp4", track)
    dark = np.where(np.arange(len(track)) < 10, 40, 220).astype(np.uint8)
    film(tmp_path / "clip.mp4", np.broadcast_to(dark[:, None, None, None], (len(track), 32, 32, 3)))
    some = replace(track, learned=np.arange(10))
    grounds = [sighted(footage, one, nobody, 16).ground.mean() for one in (some, track)]
    assert grounds == pytest.approx([40, 220], abs=12)


@pytest.mark.data
def test_the_head_is_learned_from_the_frames_that_are_not_held_out(real_footage, data, tmp_path, monkeypatch):
    models = tmp_path / "models"
    models.mkdir()
    (models / LANDMARKER).symlink_to(weights(data, LANDMARKER))
    monkeypatch.setenv("VISAGED_MODELS", str(models))
    for stage in ("ingest", "track"):
        (tmp_path / "stages" / stage).mkdir(parents=True)
    save_footage(tmp_path / "stages" / "ingest", real_footage)
    monkeypatch.setattr(tracking, "Person", lambda _: nobody)
    (tmp_path / "a.mp4").symlink_to(data / "talking" / "video-retalking" / "1.mp4")
    video = (Input(role="video", path="a.mp4", size=0, sha256=""),)
    request = Request(job="1", pipeline="talking_head", name="a", key="anna", inputs=video, options={"resolution": 64})
    tracking.track(Work(job=tmp_path, folder=tmp_path / "stages" / "track", request=request, stage="track"))
    found = load_track(tmp_path / "stages" / "track")
    assert np.array_equal(found.learned, ending(len(real_footage)).learned)
