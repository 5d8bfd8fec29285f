"""What becomes of files that users drop as pictures."""

import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from pipelines.faces.embed.pictures import FORMATS, Unreadable, read
from pipelines.faces.embed.pixels import turned, upright

SIZE = (96, 64)
MOST = 10_000_000


def scene(mode: str = "RGB") -> Image.Image:
    """Red at the left, blue at the right, brighter downwards: no turn of it looks the same."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    red, blue = 255 - x * 255 // SIZE[0], x * 255 // SIZE[0]
    return Image.fromarray(np.stack([red, y * 3, blue], axis=-1).astype(np.uint8)).convert(mode)


def close(found: np.ndarray, wanted: Image.Image, within: float) -> bool:
    return found.shape == (*wanted.size[::-1], 3) and np.abs(found.astype(int) - np.asarray(wanted)).mean() < within


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.bmp", "a.gif", "a.heic", "a.avif"])
def test_every_format_comes_as_its_pixels(tmp_path: Path, name: str) -> None:
    if name.endswith("heic"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    scene().save(tmp_path / name)

    picture = read(tmp_path / name, MOST)

    assert close(picture.pixels, scene(), 8)
    assert (picture.width, picture.height, picture.there) == (*SIZE, 1.0)


def test_a_name_means_nothing(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.jpg", format="PNG")

    assert close(read(tmp_path / "a.jpg", MOST).pixels, scene(), 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_comes_upright_whatever_its_exif_data_say(tmp_path: Path, orientation: int) -> None:
    stored = Image.fromarray(turned(np.asarray(scene()), {6: 8, 8: 6}.get(orientation, orientation)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", quality=95, exif=exif)

    picture = read(tmp_path / "a.jpg", MOST)

    assert close(picture.pixels, scene(), 6)
    assert (picture.width, picture.height) == SIZE


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_data_cost_nobody_the_picture(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.jpg", quality=95, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")

    assert close(read(tmp_path / "a.jpg", MOST).pixels, scene(), 6)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_grey_of_many_bits_is_as_bright_as_it_was(tmp_path: Path, bits: int) -> None:
    grey = np.asarray(scene("L")).astype(np.uint32) * (2**bits - 1) // 255
    grey[0, 0] = 2**bits - 1
    Image.fromarray(grey.astype(np.uint16)).save(tmp_path / "a.png")

    assert close(read(tmp_path / "a.png", MOST).pixels, scene("L").convert("RGB"), 2)


def test_numbers_with_a_point_are_a_picture_too(tmp_path: Path) -> None:
    Image.fromarray(np.asarray(scene("L")).astype(np.float32) / 255).save(tmp_path / "a.tif")

    assert close(read(tmp_path / "a.tif", MOST).pixels, scene("L").convert("RGB"), 2)


def test_adobes_cmyk_and_plain_cmyk_look_the_same(tmp_path: Path) -> None:
    scene("CMYK").save(tmp_path / "adobe.jpg", quality=95)
    ImageChops.invert(scene("CMYK")).save(tmp_path / "plain.jpg", quality=95)
    data = (tmp_path / "plain.jpg").read_bytes()
    at = data.index(b"\xff\xee")
    (tmp_path / "plain.jpg").write_bytes(data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :])

    assert close(read(tmp_path / "adobe.jpg", MOST).pixels, scene(), 8)
    assert close(read(tmp_path / "plain.jpg", MOST).pixels, scene(), 8)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    cut_out = scene("RGBA")
    cut_out.paste((0, 0, 0, 0), (0, 0, 48, 64))
    cut_out.save(tmp_path / "a.png")

    pixels = read(tmp_path / "a.png", MOST).pixels

    assert (pixels[:, :48] == 255).all()
    assert (pixels[:, 48:] == np.asarray(scene())[:, 48:]).all()


def test_a_picture_of_which_nothing_is_visible_is_looked_at_all_the_same(tmp_path: Path) -> None:
    hidden = scene("RGBA")
    hidden.putalpha(0)
    hidden.save(tmp_path / "a.png")

    assert close(read(tmp_path / "a.png", MOST).pixels, scene(), 1)


def test_a_palette_with_a_transparent_colour_is_read(tmp_path: Path) -> None:
    scene("P").save(tmp_path / "a.png", transparency=3)

    assert read(tmp_path / "a.png", MOST).pixels.shape == (*SIZE[::-1], 3)


def test_of_an_animation_the_first_picture_is_looked_at(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", SIZE, "green")])

    assert close(read(tmp_path / "a.gif", MOST).pixels, scene(), 12)


def test_a_large_jpeg_is_decoded_as_small_as_is_enough(tmp_path: Path) -> None:
    scene().resize((1600, 1000)).save(tmp_path / "a.jpg")

    picture = read(tmp_path / "a.jpg", MOST, lambda _w, _h: 4)

    assert picture.pixels.shape == (250, 400, 3)
    assert (picture.width, picture.height, picture.reduction) == (1600, 1000, 4.0)


def test_an_enormous_picture_is_made_smaller_strip_by_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.faces.embed.pixels.LARGEST", 200_000)

    pixels = upright(scene().resize((1200, 1100)))

    assert pixels.shape == (275, 300, 3)
    assert np.abs(pixels.astype(int) - np.asarray(scene().resize((300, 275)))).mean() < 4


def test_a_picture_over_the_limit_is_not_opened(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.png")

    with pytest.raises(Unreadable, match=r"96 x 64.*max_pixels"):
        read(tmp_path / "a.png", 5000)


def test_a_bomb_of_a_few_bytes_costs_nothing(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )

    with pytest.raises(Unreadable, match="1,600 million pixels"):
        read(tmp_path / "a.png", 200_000_000)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"Dear diary, today I met somebody.\n" * 9, "text"),
        (b"\x00" * 5000, "zeros"),
        (b"\x00\x00\x00\x20ftypisom" + b"\x01" * 99, "video"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n\x01", "none of the pictures"),
        (b"\xff\xd8\xff\xe0 no more of this", "none of the pictures|damaged"),
    ],
)
def test_what_is_no_picture_is_said_in_plain_words(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)

    with pytest.raises(Unreadable, match=why):
        read(tmp_path / "a.jpg", MOST)


def test_a_jpeg_that_is_cut_off_late_is_looked_at_and_said_to_be_cut(tmp_path: Path) -> None:
    noisy = Image.effect_noise((400, 400), 80).convert("RGB")
    noisy.save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()

    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 8 // 10])
    assert 0.7 < read(tmp_path / "a.jpg", MOST).there < 0.9

    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 3 // 10])
    with pytest.raises(Unreadable, match="cut off"):
        read(tmp_path / "a.jpg", MOST)


def test_a_name_of_any_bytes_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "\udcff\nit's.jpg"
    scene().save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").rename(path)

    assert read(path, MOST).width == SIZE[0]


def test_a_file_that_cannot_be_opened_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path / "gone.jpg", MOST)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 5000), byte=st.integers(0, 255), name=st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP"]))
def test_no_single_wrong_byte_is_more_than_a_problem(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, name: str
) -> None:
    path = tmp_path_factory.mktemp("wrong") / "a"
    scene().save(path, format=name)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)

    with suppress(Unreadable):
        assert read(path, MOST).pixels.dtype == np.uint8


def test_only_pictures_are_opened_nothing_that_runs_programs() -> None:
    assert not {"EPS", "PSD", "WMF", "PDF"} & set(FORMATS)
