"""The film: what is put in comes out, in order, and everything can play it."""

from itertools import pairwise

import av
import numpy as np
import pytest

from pipelines.morph.film import Film


def picture(number, size=96):
    """A moving ball on a shaded ground: each number another picture."""
    y, x = np.mgrid[:size, :size] / size
    ball = np.hypot(x - 0.2 - 0.05 * number, y - 0.5) < 0.15
    ground = np.stack([160 + 60 * x, 150 + 50 * y, 180 - 40 * x], axis=-1)
    return np.where(ball[..., None], [200, 60, 40], ground).astype(np.uint8)


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b.astype(float)) ** 2))


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "animation.mp4"
    with Film(path, 96, 20.0) as writing:
        for number in range(12):
            writing.add(picture(number))
    return path


def test_the_film_decodes_to_exactly_its_pictures_in_order(film):
    found = decoded(film)
    assert len(found) == 12
    for number, frame in enumerate(found):
        likeness = [psnr(frame, picture(other)) for other in range(12)]
        assert int(np.argmax(likeness)) == number
        assert likeness[number] > 30


def test_a_plain_colour_comes_back_as_it_was(tmp_path):
    path = tmp_path / "plain.mp4"
    colour = np.array([200, 120, 90], dtype=np.uint8)
    with Film(path, 64, 20.0) as writing:
        writing.add(np.broadcast_to(colour, (64, 64, 3)).copy())
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        back = frame.reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    assert np.abs(back.reshape(-1, 3).mean(axis=0) - colour).max() < 3


def test_every_player_knows_codec_pixels_colours_and_rate(film):
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        coder = stream.codec_context
        assert (coder.name, coder.pix_fmt, coder.width, coder.height) == ("h264", "yuv420p", 96, 96)
        assert (coder.color_primaries, coder.color_trc, coder.colorspace, coder.color_range) == (1, 1, 1, 1)
        assert stream.average_rate == 20
        times = [frame.pts * frame.time_base for frame in container.decode(stream)]
    assert times[0] == 0
    assert {float(later - earlier) for earlier, later in pairwise(times)} == {0.05}


def test_the_index_lies_in_front_of_the_pictures(film):
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_rate_that_is_no_whole_number_is_kept(tmp_path):
    path = tmp_path / "ntsc.mp4"
    with Film(path, 64, 29.97) as writing:
        for number in range(3):
            writing.add(picture(number, 64))
    with av.open(str(path)) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(29.97, abs=0.01)
