"""Whoever is stopped while it looks at a video goes on where it was, and ends with the same."""

import numpy as np
import pytest

from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.footage import Footage, Look, Take
from pipelines.talking_head.ingest.stretches import looked
from pipelines.talking_head.landmarks.landmarker import Landmarker
from pipelines.talking_head.track import sights
from pipelines.talking_head.track.sights import sighted
from tests.unit.talking_world import decoded, film, made_up_track, weights

FRAMES = 34


class Killed(Exception):
    """What stops the process in these tests."""


@pytest.fixture(scope="module")
def clip(data):
    """A real face, which goes away for a moment."""
    pictures = [picture[::3, ::3] for picture in decoded(data / "talking" / "video-retalking" / "1.mp4", FRAMES)]
    return [np.ascontiguousarray(picture * (not 18 <= k < 24)) for k, picture in enumerate(pictures)]


@pytest.mark.data
def test_a_survey_that_was_stopped_ends_as_one_that_was_not(data, tmp_path, clip):
    stopped = 21  # without a face, so that how long it is gone counts too
    landmarker = Landmarker(weights(data, "face_landmarker.task"))
    looked_at = []

    def pictures(skip, until=FRAMES):
        for row in range(skip, FRAMES):
            if row == until:
                raise Killed
            looked_at.append(row)
            yield clip[row]

    whole = looked(pictures, landmarker, None, 10)
    with pytest.raises(Killed):
        looked(lambda skip: pictures(skip, stopped), landmarker, tmp_path / "kept", 10)
    looked_at.clear()
    again = looked(pictures, Landmarker(weights(data, "face_landmarker.task")), tmp_path / "kept", 10)
    assert looked_at == list(range(20, FRAMES)), "what was kept is not looked at again"
    for name in ("points", "blendshapes", "smalls", "others", "flat", "size"):
        assert np.array_equal(getattr(again, name), getattr(whole, name), equal_nan=True), name
    assert 0 < (~whole.there).sum() < FRAMES
    looked_at.clear()
    assert len(looked(pictures, landmarker, tmp_path / "kept", 10)) == FRAMES
    assert looked_at == []


def made_up_footage(path, track):
    count = len(track)
    pictures = np.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    none = np.zeros((count, 0))
    return Footage(
        takes=(Take(path=film(path, pictures), first=0, count=count),),
        crop=Crop(left=0, top=0, side=32),
        size=(32, 32),
        usual=pictures[0],
        points=np.zeros((count, 478, 3)),
        blendshapes=none,
        there=track.there,
        speech=track.there,
        sound=np.zeros(0, dtype=np.float32),
        notes=(),
    )


def brightness(picture):
    return picture.mean(axis=2).astype(np.float32) / 255


def test_sights_that_were_stopped_end_as_those_that_were_not(tmp_path, monkeypatch):
    monkeypatch.setattr(sights, "EVERY", 8)
    track, _ = made_up_track()
    footage = made_up_footage(tmp_path / "clip.mp4", track)
    whole = sighted(footage, track, brightness, 16)
    rows = []

    def told(row, _total):
        rows.append(row)
        if row == 21 and len(rows) == 22:
            raise Killed

    look = Look(told=told, folder=tmp_path / "rows")
    with pytest.raises(Killed):
        sighted(footage, track, brightness, 16, look)
    again = sighted(footage, track, brightness, 16, look)
    assert rows[22:] == list(range(16, len(footage))), "what was kept is not looked at again"
    for name in ("pictures", "ground", "head", "torso"):
        assert np.array_equal(getattr(again, name), getattr(whole, name)), name


@pytest.mark.parametrize("gone", ["pictures.npy", "done"])
def test_sights_that_were_stopped_while_their_rows_were_tidied_up_are_seen_anew(tmp_path, monkeypatch, gone):
    monkeypatch.setattr(sights, "EVERY", 8)
    track, _ = made_up_track()
    footage = made_up_footage(tmp_path / "clip.mp4", track)
    look = Look(folder=tmp_path / "rows")
    whole = sighted(footage, track, brightness, 16, look)
    (tmp_path / "rows" / gone).unlink()
    again = sighted(footage, track, brightness, 16, look)
    assert np.array_equal(again.pictures, whole.pictures)
    assert np.array_equal(again.head, whole.head)
