"""What archives say that they hold, and what is said of those that cannot be listed."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.watch import members as module
from daemon.watch.members import archive_stem, members
from pipelines.contract import Entry


def tar(path: Path, mode: str, *infos: tarfile.TarInfo) -> Path:
    with tarfile.open(path, mode) as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(b"x" * info.size) if info.isreg() else None)
    return path


def info(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.type = size, kind
    return found


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.zip", "a"), ("a.TAR.gz", "a"), ("a.tgz", "a"), ("a.tar.bz2", "a"), ("a.tar.xz", "a"), ("a.b.tar", "a.b"),
     ("a.gz", None), (".zip", None), ("zip", None), ("a.zip.part", None)],
)  # fmt: skip
def test_archives_are_known_by_name(name: str, stem: str | None) -> None:
    assert archive_stem(name) == stem


def test_a_zip_is_listed_without_its_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.mkdir("set")
        archive.writestr("set/ä.obj", b"abc")
        archive.writestr("../evil", b"")
    assert members(tmp_path / "a.zip") == (Entry(path="set/ä.obj", size=3), Entry(path="../evil", size=0))


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.TAR.XZ", "w:xz")],
)
def test_a_tar_is_listed_without_its_folders(tmp_path: Path, name: str, mode: str) -> None:
    link = info("set/link", kind=tarfile.SYMTYPE)
    path = tar(tmp_path / name, mode, info("set", kind=tarfile.DIRTYPE), info("set/a.obj", 3000), info("b\udcff"), link)
    assert members(path) == (
        Entry(path="set/a.obj", size=3000),
        Entry(path="b\udcff", size=0),
        Entry(path="set/link", size=0),
    )


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz"])
@pytest.mark.parametrize("content", [b"", b"\0" * 600, b"not an archive" * 50])
def test_what_is_no_archive_is_said_to_be_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = members(tmp_path / name)
    assert found == () or (isinstance(found, str) and found.startswith(f"{name} cannot be opened as an archive"))
    assert content == b"\0" * 600 or found != ()


def test_a_tar_that_was_cut_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar.gz", "w:gz", info("a.obj", 100_000), info("b.obj", 5))
    path.write_bytes(path.read_bytes()[:-30])
    assert "damaged or incomplete" in str(members(path))


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"x")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert members(path) == "a.zip is protected by a password: pack it again without one."


def test_an_archive_that_claims_absurd_sizes_is_called_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(info("a", 1 << 40).tobuf() + bytes(1024))
    assert "looks like a bomb" in str(members(path))


def test_a_header_of_absurd_length_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(info("a", 1 << 29, tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    os.truncate(path, 1 << 30)
    assert "header of an absurd length" in str(members(path))


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_too_many_members_are_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 2)
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for each in "abc":
                archive.writestr(each, b"")
    else:
        tar(tmp_path / name, "w", *map(info, "abc"))
    assert "holds more than 2 files" in str(members(tmp_path / name))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"]), st.data())
def test_no_damage_makes_the_listing_fail(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.obj", b"x" * 100)
    else:
        tar(path, f"w:{name[6:]}", info("a.obj", 100), info("b" * 200, 5))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    assert isinstance(members(path), (tuple, str))
