"""Names of transfers under way."""

import pytest

from daemon.watch.temporary import final_name, is_temporary


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("a.obj.part", "a.obj"), ("a.obj.partial", "a.obj"), ("a.obj.filepart", "a.obj"), ("A.MP4.CRDOWNLOAD", "A.MP4"),
        ("a.obj.tmp", "a.obj"), ("a.mp4.download", "a.mp4"), ("a.obj~", "a.obj"), ("~$a.obj", "a.obj"),
        (".a.obj.swp", ".a.obj"), (".syncthing.a.obj.tmp", "a.obj"), ("~syncthing~a.obj.tmp", "a.obj"),
        (".a.obj.Xy12aB", "a.obj"), (".a\nb.obj.9aaaaa", "a\nb.obj"), ("a.obj.part.tmp", "a.obj"),
        (".goutputstream-AB12CD", ".goutputstream-AB12CD"), (".~lock.a.obj#", ".~lock.a.obj#"),
    ],
)  # fmt: skip
def test_a_temporary_name_tells_the_final_one(name: str, final: str) -> None:
    assert is_temporary(name)
    assert final_name(name) == final


@pytest.mark.parametrize(
    "name",
    [
        "a.obj",
        "part",
        "tmp",
        ".part",
        ".tmp",
        "a.part1.rar",
        ".settings.backup",
        ".hidden",
        "Xy12aB",
        "a.Xy12aB",
        "a~b",
        "",
        "x.temps",
    ],
)
def test_other_names_are_final(name: str) -> None:
    assert not is_temporary(name)
    assert final_name(name) == name
