"""Several videos become one subject's footage where they go together, and nothing crosses a join."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.contract import BadInput
from pipelines.talking_head import HOP
from pipelines.talking_head.ingest.crop import Crop
from pipelines.talking_head.ingest.footage import Footage, Take
from pipelines.talking_head.ingest.takes import joined
from pipelines.talking_head.landmarks.archive import Canonical
from pipelines.talking_head.track.tracked import tracked
from pipelines.talking_head.track.turning import FACING, projected
from tests.unit.talking_world import film

SIDE = 200


def take(path, count, shift=0.0, seed=0, grey=100):
    """A head of made-up landmarks that stands still, shifted by so many sides of the square, its numbers trembling."""
    noise = np.random.default_rng(seed)
    face = np.random.default_rng(9).normal(size=(478, 3)) * [5, 7, 2]
    seen = face @ FACING.T + [shift * 40, 0, 120]
    at = (projected(seen) + 0.5) * SIDE
    points = np.tile(np.concatenate([at, seen[:, 2:]], axis=1), (count, 1, 1))
    return Footage(
        takes=(Take(path=path, first=0, count=count),),
        crop=Crop(left=0, top=0, side=SIDE),
        size=(SIDE, SIDE),
        usual=np.full((32, 32, 3), grey, dtype=np.uint8),
        points=points + noise.normal(0, 0.1, points.shape),
        blendshapes=noise.uniform(0, 0.1, (count, 52)),
        there=np.ones(count, dtype=bool),
        speech=np.ones(count, dtype=bool),
        sound=np.full(count * HOP, seed, dtype=np.float32),
        notes=(f"{path.name} is short.",),
    )


def test_takes_are_one_after_the_other_in_one_square(tmp_path):
    one, other = take(tmp_path / "a.mp4", 30), take(tmp_path / "b.mp4", 20, shift=0.05, seed=1)
    both = joined([one, other])
    assert len(both) == 50
    assert both.starts.tolist() == [0, 30]
    assert both.sound[30 * HOP - 1] == 0
    assert both.sound[30 * HOP] == 1
    assert both.notes == ("a.mp4 is short.", "b.mp4 is short.")
    assert joined([one]) is one


def test_the_pictures_of_takes_are_those_of_their_videos(tmp_path):
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for grey, path in zip((60, 180), paths, strict=True):
        film(path, [np.full((SIDE, SIDE, 3), grey + 10 * k, dtype=np.uint8) for k in range(6)])
    both = joined([take(paths[0], 4), take(paths[1], 5, seed=1)])
    shown = [round(float(picture.mean()) / 10) for picture in both.pictures(16)]
    assert shown == [6, 7, 8, 9, 18, 19, 20, 21, 22]
    for skip in range(10):
        assert [round(float(picture.mean()) / 10) for picture in both.pictures(16, skip)] == shown[skip:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": (300, SIDE)}, r"a.mp4 and b.mp4 have pictures of different sizes \(200 x 200 and 300 x 200\)"),
        ({"usual": np.full((32, 32, 3), 180, dtype=np.uint8)}, "a.mp4 and b.mp4 were filmed in different places or"),
        ({"crop": Crop(left=0, top=0, side=90)}, "b.mp4 has the head elsewhere, or nearer or farther"),
    ],
)
def test_videos_that_do_not_go_together_are_refused_by_name(tmp_path, change, words):
    one, other = take(tmp_path / "a.mp4", 30), take(tmp_path / "b.mp4", 30)
    with pytest.raises(BadInput, match=words) as error:
        joined([one, replace(other, **change)])
    assert str(error.value).endswith("Drop the best one alone.")


def test_poses_are_not_smoothed_across_a_join(tmp_path):
    one, other = take(tmp_path / "a.mp4", 40), take(tmp_path / "b.mp4", 40, shift=0.05, seed=1)
    points = (np.random.default_rng(9).normal(size=(478, 3)) * [5, 7, 2])[:468].astype(np.float32)
    face = Canonical(points=points, uv=points[:, :2], triangles=np.zeros((1, 3), dtype=np.int32))
    track = tracked(joined([one, other]), face)
    assert track.starts.tolist() == [0, 40]
    assert track.longest == slice(0, 40)
    across = track.poses.moves[:, 0]
    assert across[40:].mean() - across[:40].mean() > 1
    assert np.ptp(across[:40]) < 0.3 * (across[40:].mean() - across[:40].mean())
    assert np.ptp(across[40:]) < 0.3 * (across[40:].mean() - across[:40].mean())
