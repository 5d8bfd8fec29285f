"""Archives: good ones arrive whole, hostile ones touch nothing, each refusal is a sentence."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.failpoints import Step
from daemon.model import Failed, Kind
from daemon.unpack import Limits, unpack
from tests.killing import attempt, files, listed

TREE = {"pair/a.obj": b"a" * 5000, "pair/deep/er/b.mtl": b"b", "loose.txt": b"", "é 笑.obj": b"u"}
LIMITS = Limits(files=50, size=10_000_000, ratio=200, free=1_000_000)
SHUT = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "": bytes}


def zipped(tree, method=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(tree, form=tarfile.PAX_FORMAT):
    return tar_of([(member(name, size=len(content)), content) for name, content in tree.items()], form)


def member(name, **fields):
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def tar_of(members, form=tarfile.PAX_FORMAT):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def entry(name, **fields):
    info = zipfile.ZipInfo("x")
    info.filename = name
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def zip_of(entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return data.getvalue()


def tried(folder, data, limits=LIMITS):
    """Unpack data below folder/job; what comes of it, and what was made beside it, must be nothing."""
    job = folder / "job"
    job.mkdir(exist_ok=True)
    (job / "drop").write_bytes(data)
    outcome = unpack(job / "drop", job / "in", limits)
    assert listed(folder) == {"job"}
    assert listed(job) == ({"drop"} if outcome else {"drop", "in"})
    return outcome


def refused(folder, data, words, limits=LIMITS):
    outcome = tried(folder, data, limits)
    assert isinstance(outcome, Failed)
    assert outcome.kind is Kind.BAD_INPUT
    assert words in outcome.reason
    assert outcome.reason.startswith("drop ")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_is_unpacked(tmp_path, method):
    assert tried(tmp_path, zipped(TREE, method)) is None
    assert files(tmp_path / "job" / "in") == TREE


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("how", SHUT)
def test_a_tar_is_unpacked(tmp_path, how, form):
    assert tried(tmp_path, SHUT[how](tarred(TREE, form))) is None
    assert files(tmp_path / "job" / "in") == TREE


def test_a_zip64_that_was_written_as_a_stream_is_unpacked(tmp_path):
    class Stream(io.RawIOBase):
        data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    stream = Stream()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.obj", "w", force_zip64=True) as inside,
    ):
        inside.write(b"a" * 5000)
    assert tried(tmp_path, stream.data) is None
    assert files(tmp_path / "job" / "in") == {"a.obj": b"a" * 5000}


def test_times_are_kept_and_modes_are_plain(tmp_path):
    tried(
        tmp_path,
        tar_of([(member("a.obj", mtime=1_000_000_000, mode=0o6777), b""), (member("d", type=b"5", mode=0), b"")]),
    )
    status = (tmp_path / "job" / "in" / "a.obj").stat()
    assert (status.st_mtime, status.st_mode & 0o7777) == (1_000_000_000, 0o644)
    assert (tmp_path / "job" / "in" / "d").stat().st_mode & 0o7777 == 0o755


def test_the_time_in_a_zip_is_local_time(tmp_path):
    tried(tmp_path, zip_of([(entry("a.obj", date_time=(2020, 2, 3, 4, 5, 6)), b"")]))
    assert (tmp_path / "job" / "in" / "a.obj").stat().st_mtime == time.mktime((2020, 2, 3, 4, 5, 6, 0, 0, -1))


def test_what_macos_adds_is_left_out(tmp_path):
    tried(tmp_path, zipped({"a.obj": b"a", "__MACOSX/._a.obj": b"x", "pair/.DS_Store": b"x"}))
    assert files(tmp_path / "job" / "in") == {"a.obj": b"a"}


def test_a_zip_from_an_old_windows_program_keeps_its_folders(tmp_path):
    tried(tmp_path, zip_of([(entry("pair\\a.obj"), b"a")]))
    assert files(tmp_path / "job" / "in") == {"pair/a.obj": b"a"}


def test_a_name_in_a_tar_that_is_not_utf8_is_kept(tmp_path):
    name = os.fsdecode(b"caf\xe9.obj")
    tried(tmp_path, tar_of([(member(name), b"")], tarfile.GNU_FORMAT))
    assert listed(tmp_path / "job" / "in") == {name}


def test_an_archive_inside_stays_an_archive(tmp_path):
    inner = zipped(TREE)
    tried(tmp_path, zipped({"inner.zip": inner}))
    assert files(tmp_path / "job" / "in") == {"inner.zip": inner}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "C:x", "C:\\x", "..\\x", "\\\\server\\x", "a\\..\\..\\x"])
@pytest.mark.parametrize("pack", [lambda n: zip_of([(entry(n), b"x")]), lambda n: tar_of([(member(n), b"")])])
def test_a_path_that_leads_out_is_refused(tmp_path, name, pack):
    refused(tmp_path, pack(name), "leads out of the archive")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_tar_is_refused(tmp_path, kind):
    data = tar_of([(member("a"), b""), (member("l", type=kind, linkname="a"), b"")])
    refused(tmp_path, data, "l, which is a link")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_or_pipe_in_a_tar_is_refused(tmp_path, kind):
    refused(tmp_path, tar_of([(member("d", type=kind), b"")]), "d, which is a device, pipe or socket")


def test_a_file_written_through_a_link_of_the_same_archive_is_refused(tmp_path):
    (tmp_path / "job").mkdir()
    data = tar_of([(member("l", type=tarfile.SYMTYPE, linkname=".."), b""), (member("l/x", size=1), b"x")])
    refused(tmp_path, data, "is a link")


def test_a_link_in_a_zip_is_refused(tmp_path):
    refused(tmp_path, zip_of([(entry("l", external_attr=0o120777 << 16), b"/etc/passwd")]), "l, which is a link")


def test_a_pipe_in_a_zip_is_refused(tmp_path):
    refused(tmp_path, zip_of([(entry("p", external_attr=0o010644 << 16), b"")]), "not a file")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [
    lambda *names: zip_of([(entry(n), b"x") for n in names]), lambda *names: tar_of([(member(n), b"") for n in names])
])  # fmt: skip
@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b", "a")])
def test_a_name_that_comes_twice_is_refused(tmp_path, names, pack):
    refused(tmp_path, pack(*names), "twice")


@pytest.mark.parametrize("name", ["x" * 256, "é" * 128, "/".join(["d" * 100] * 11)])
def test_a_name_that_is_too_long_is_refused(tmp_path, name):
    refused(tmp_path, zipped({name: b""}), "too long")


def test_an_archive_with_a_password_is_refused(tmp_path):
    data = bytearray(zipped({"a": b"x" * 50}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    refused(tmp_path, bytes(data), "password")


def test_an_unknown_method_is_refused(tmp_path):
    data = bytearray(zipped({"a": b"x" * 50}))
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + at] = 98
    refused(tmp_path, bytes(data), "method (98)")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_files_are_refused(tmp_path, pack):
    refused(tmp_path, pack({f"{n}.obj": b"" for n in range(51)}), "more than 50 files")


@pytest.mark.parametrize("pack", [zipped, tarred, lambda t: lzma.compress(tarred(t))])
def test_too_many_bytes_are_refused(tmp_path, pack):
    tree = {f"{n}.obj": os.urandom(1 << 20) for n in range(3)}
    refused(tmp_path, pack(tree), "unpacks to more than", Limits(files=50, size=2 << 20))


@pytest.mark.parametrize("pack", [zipped, lambda t: bz2.compress(tarred(t)), lambda t: lzma.compress(tarred(t))])
def test_an_archive_that_grows_without_measure_is_refused(tmp_path, pack):
    refused(tmp_path, pack({"zeros": bytes(5_000_000)}), "200 times its size")


def test_the_size_that_a_zip_claims_is_not_believed(tmp_path):
    data = bytearray(zipped({"zeros": bytes(5_000_000)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(mark) + at, 10)
    assert isinstance(tried(tmp_path, bytes(data)), Failed)


def test_files_that_share_their_bytes_are_refused(tmp_path):
    data = zipped({"a": os.urandom(2000), "b": b"b"})
    at = [n for n in range(len(data)) if data.startswith(b"PK\x01\x02", n)][1]
    refused(tmp_path, data[: at + 42] + struct.pack("<L", 0) + data[at + 46 :], "share their bytes")


def test_a_zip_with_an_endless_directory_is_refused_before_it_is_read(tmp_path):
    data = bytearray(zipped({"a": b"x"}))
    struct.pack_into("<L", data, data.rindex(b"PK\x05\x06") + 12, 1 << 30)
    refused(tmp_path, bytes(data), "more than 50 files")


def test_a_tar_with_an_endless_header_is_refused_before_it_is_read(tmp_path):
    header = member("x", type=tarfile.XHDTYPE, size=7 << 30).tobuf(tarfile.USTAR_FORMAT)
    refused(tmp_path, gzip.compress(header + bytes(1 << 20)), "header that is far too long")


def test_a_tar_whose_headers_lead_back_ends(tmp_path):
    field = b"\xff" * 10 + struct.pack(">h", -512)
    header = bytearray(member(".DS_Store").tobuf(tarfile.GNU_FORMAT))  # left out, so its content is never asked for
    header[124:136] = field
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    refused(tmp_path, bytes(member(".DS_Store").tobuf()) + bytes(header) + bytes(2048), "damaged or incomplete")


@pytest.mark.parametrize("how", SHUT)
def test_a_tar_that_was_cut_off_anywhere_is_refused(tmp_path, how):
    whole = SHUT[how](tarred({"a": os.urandom(3000), "b": os.urandom(2000)}))
    end = 7168 if how == "" else len(whole)
    for size in range(7, end - 10 if how else end - 500, max(1, end // 60)):
        (tmp_path / str(size)).mkdir()
        refused(tmp_path / str(size), whole[:size], "damaged or incomplete")


def test_a_zip_that_was_cut_off_anywhere_is_refused(tmp_path):
    whole = zipped(TREE)
    for size in range(2, len(whole) - 1, 10):
        (tmp_path / str(size)).mkdir()
        refused(tmp_path / str(size), whole[:size], "")


def test_a_bit_that_fell_over_is_noticed(tmp_path):
    data = bytearray(zipped({"a": os.urandom(2000)}, zipfile.ZIP_STORED))
    data[500] ^= 1
    refused(tmp_path, bytes(data), "damaged")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"solid cube\n" * 100, b"\x1f\x8b", gzip.compress(b"v 1 2 3\n" * 300, mtime=0)],
    ids=["nothing", "two-letters", "text", "start-of-gzip", "gzip-of-text"],
)
def test_what_is_no_archive_is_refused(tmp_path, data):
    refused(tmp_path, data, "damaged or incomplete")


@pytest.mark.parametrize("data", [zipped({}), tarred({}), bytes(600), zipped({"__MACOSX/x": b""})])
def test_an_archive_without_files_is_refused(tmp_path, data):
    refused(tmp_path, data, "holds no files")


def test_a_full_disk_is_not_the_archives_fault(tmp_path):
    (tmp_path / "drop").mkdir()
    with pytest.raises(IsADirectoryError):
        unpack(tmp_path / "drop", tmp_path / "in", LIMITS)


@pytest.mark.parametrize("label", ["accept:unpacking", "accept:unpacking:2", "accept:unpacked"])
def test_a_kill_while_unpacking_leaves_nothing_that_looks_complete(tmp_path, label):
    (tmp_path / "drop").write_bytes(zipped(TREE))
    assert attempt(label, unpack, tmp_path / "drop", tmp_path / "in", LIMITS)
    assert not (tmp_path / "in").exists()
    assert unpack(tmp_path / "drop", tmp_path / "in", LIMITS) is None
    assert files(tmp_path / "in") == TREE
    assert Step(label.removesuffix(":2"))


def test_what_is_unpacked_already_is_left_as_it_is(tmp_path):
    tried(tmp_path, zipped(TREE))
    (tmp_path / "job" / "in" / "loose.txt").write_bytes(b"seen")
    tried(tmp_path, zipped(TREE))
    assert files(tmp_path / "job" / "in")["loose.txt"] == b"seen"


@given(
    st.sampled_from([zipped(TREE), tarred(TREE), gzip.compress(tarred(TREE)), zipped(TREE, zipfile.ZIP_LZMA)]),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=8)), max_size=4),
    st.integers(0, 10**6),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_in_an_archive_it_ends_as_a_folder_or_a_sentence(tmp_path_factory, data, wounds, cut):
    wounded = bytearray(data)
    for at, wound in wounds:
        at %= len(wounded)  # noqa: PLW2901
        wounded[at : at + len(wound)] = wound
    folder = tmp_path_factory.mktemp("any")
    outcome = tried(folder, bytes(wounded[: len(wounded) - cut % len(wounded)]) if cut % 3 == 0 else bytes(wounded))
    assert outcome is None or outcome.reason.endswith((".", ".)"))
    assert all(Path(root).is_relative_to(folder) for root, _, _ in os.walk(folder))
