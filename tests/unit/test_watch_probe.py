"""Files that end early, by their format: each whole file passes, and cut or reserved ones do not."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.watch.probe import ends_early

FBX_END = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 1, 200, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(400))) + chunk(b"IEND", b"")
    )


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.obj", b"v 0 0 0\n" * 50)
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("a.obj")
        entry.size = 9000
        archive.addfile(entry, io.BytesIO(b"x" * 9000))
    return stream.getvalue()


def ply(form: str, body: bytes) -> bytes:
    return (
        f"ply\nformat {form} 1.0\nelement vertex 10\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode() + body


BOXES = box(b"ftyp", b"isom" * 4) + box(b"moov", bytes(64)) + struct.pack(">I4sQ", 1, b"mdat", 216) + b"x" * 200
WHOLE = {
    "a.zip": zipped(),
    "a.png": png(),
    "a.jpg": b"\xff\xd8\xff\xe0" + b"x" * 500 + b"\xff\xd9",
    "a.gif": b"GIF89a" + b"x" * 100 + b";",
    "a.webp": b"RIFF" + struct.pack("<I", 104) + b"WEBP" + b"x" * 100,
    "a.wav": b"RIFF" + struct.pack("<I", 104) + b"WAVE" + b"x" * 100,
    "a.bmp": b"BM" + struct.pack("<I", 106) + b"x" * 100,
    "a.mp4": BOXES,
    "a.mov": box(b"wide", b"x" * 8) + box(b"moov", b"x" * 8),
    "a.glb": b"glTF" + struct.pack("<II", 2, 112) + b"x" * 100,
    "a.stl": b"x" * 80 + struct.pack("<I", 3) + b"x" * 150,
    "b.stl": b"solid a\nfacet normal 0 0 1\n" + b"vertex 0 0 0\n" * 9 + b"endsolid a\n",
    "a.ply": ply("binary_little_endian", b"x" * (120 + 13)),
    "b.ply": ply("ascii", b"0 0 0\n" * 10 + b"3 0 1 2"),
    "a.fbx": b"Kaydara FBX Binary  \0\x1a\0" + b"x" * 300 + FBX_END,
    "b.fbx": b"; FBX 7.4.0 project file\nObjects:  {\n" + b"a: 1\n" * 20 + b"}\n; end\n",
    "a.gz": gzip.compress(b"x" * 100),
    "a.bz2": bz2.compress(b"x" * 100),
    "a.tar.xz": lzma.compress(b"x" * 100),
    "a.tar": tarred(),
    "a.obj": b"v 0 0 0\n" * 20,
}
CUT_SHOWS = sorted(set(WHOLE) - {"a.gz", "a.bz2", "a.obj", "a.mp4", "a.mov"})


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_does_not_end_early(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(WHOLE[name])
    assert not ends_early(tmp_path / name)


@pytest.mark.parametrize("name", CUT_SHOWS)
def test_half_a_file_ends_early(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(WHOLE[name][: len(WHOLE[name]) // 2])
    assert ends_early(tmp_path / name)


@pytest.mark.parametrize(
    "name", sorted(set(WHOLE) - {"a.glb", "a.tar", "a.stl", "a.ply", "b.ply", "a.webp", "a.wav", "a.bmp", "a.mp4"})
)
def test_space_that_a_server_reserved_and_half_filled_ends_early(tmp_path: Path, name: str) -> None:
    whole = WHOLE[name]
    (tmp_path / name).write_bytes(whole[: len(whole) // 3].ljust(len(whole) * 2, b"\0"))
    assert ends_early(tmp_path / name)


@pytest.mark.parametrize("name", WHOLE)
def test_space_that_a_server_reserved_and_has_not_filled_ends_early(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(5000))
    assert ends_early(tmp_path / name)


def test_a_film_without_its_index_ends_early(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(box(b"ftyp", b"isom") + box(b"mdat", b"x" * 100))
    assert ends_early(tmp_path / "a.mp4")


def test_a_film_whose_last_box_is_cut_ends_early(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(BOXES[:-10])
    assert ends_early(tmp_path / "a.mp4")


def test_a_sound_of_unknown_length_does_not_end_early(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVE" + b"x" * 100)
    assert not ends_early(tmp_path / "a.wav")


def test_a_zip_with_a_comment_does_not_end_early(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.comment = b"x" * 65_535
    assert not ends_early(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["a.obj", "a.xyz", "a"])
def test_any_empty_file_ends_early(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert ends_early(tmp_path / name)


def test_what_is_gone_or_a_link_or_unknown_does_not_end_early(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"x")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.xyz")
    assert not any(map(ends_early, (tmp_path / "a.xyz", tmp_path / "b.png", tmp_path / "gone.png", tmp_path)))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.binary(max_size=60), st.integers(0, 60))
def test_no_content_makes_a_probe_fail(
    tmp_path_factory: pytest.TempPathFactory, name: str, junk: bytes, keep: int
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(WHOLE[name][:keep] + junk)
    assert ends_early(path) in {True, False}


@pytest.mark.data
def test_the_real_meshes_do_not_end_early(data: Path) -> None:
    suffixes = {".obj", ".mtl", ".fbx", ".ply", ".glb", ".stl", ".png", ".jpg"}
    whole = [p for p in (data / "meshes").rglob("*") if p.suffix.lower() in suffixes and "malformed" not in str(p)]
    assert len(whole) > 10
    assert [p for p in whole if ends_early(p)] == []
