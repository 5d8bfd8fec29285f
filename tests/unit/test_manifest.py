"""Manifests: what a good one gives, and what each bad one is told."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.manifest import LIMIT, beside, is_manifest, read
from daemon.model import Listed, Manifest

GOOD = """
pipeline = "morph"
name = "smile"
priority = 3
[roles]
a = "neutral.obj"
extra = ["./tex/*.png", 'more\\x.png']
[options]
frames = 21
[[files]]
path = "neutral.obj"
size = 2555599
sha256 = "%s"
""" % ("AB" * 32)


def problem(folder: Path, text: str | bytes, name: str = "manifest.toml") -> str:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read(folder, name)
    assert found.problem is not None
    assert found == Manifest(path=name, problem=found.problem)
    return found.problem


def test_all_that_a_manifest_says_is_read(tmp_path: Path) -> None:
    (tmp_path / "item").mkdir()
    (tmp_path / "item/manifest.toml").write_text(GOOD)
    assert read(tmp_path, "item/manifest.toml") == Manifest(
        path="item/manifest.toml",
        pipeline="morph",
        name="smile",
        priority=3,
        roles={"a": ("neutral.obj",), "extra": ("tex/*.png", "more/x.png")},
        options={"frames": 21},
        files=(Listed(path="neutral.obj", size=2555599, sha256="ab" * 32),),
    )


def test_json_says_the_same_as_toml(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"pipeline": "morph", "roles": {"a": ["x.obj"]}}')
    found = read(tmp_path, "manifest.json")
    assert (found.pipeline, found.roles, found.problem) == ("morph", {"a": ("x.obj",)}, None)


def test_an_empty_manifest_is_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text("")
    assert read(tmp_path, "manifest.toml") == Manifest(path="manifest.toml")


def test_the_mark_that_windows_puts_before_utf8_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_bytes(b'\xef\xbb\xbfname = "x"')
    assert read(tmp_path, "manifest.toml").name == "x"


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    said = problem(tmp_path, 'pipline = "morph"')
    assert said == 'manifest.toml: "pipline" is not known here; did you mean "pipeline"?'


def test_an_unknown_key_of_a_listed_file_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    said = problem(tmp_path, '[[files]]\npath = "a"\nsha265 = "x"')
    assert '"files.1.sha265" is not known here; did you mean "sha256"?' in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("priority = '1'", "priority is wrong: write a whole number without quotes"),
        ("priority = true", "priority is wrong"),
        ("name = ' '", "name must not be empty"),
        ("roles = {a = 3}", "roles.a must be a glob or a list of globs"),
        ("[[files]]\nsize = 3", "files.1.path is missing"),
        ("[[files]]\npath = 'a'\nsize = -1", "files.1.size is wrong"),
        ("[[files]]\npath = 'a'\nsha256 = 'abc'", "files.1.sha256 must be 64 hexadecimal digits"),
        ("[roles]\na = '/etc/passwd'", 'absolute path in roles.a: "/etc/passwd"'),
        ("[roles]\na = 'C:\\x.obj'", "absolute path in roles.a"),
        ("[roles]\na = '\\\\server\\x.obj'", "absolute path in roles.a"),
        ("[roles]\na = 'x/../../y'", 'path with ".." in roles.a'),
        ("[[files]]\npath = '..\\y'", 'path with ".." in files'),
        ("[roles]\na = ''", "names no file"),
        ("[roles]\na = './.'", "names no file"),
        ("[options]\nx = nan", "an option that is no text"),
        ("[options]\nx = 2026-11-20", "an option that is no text"),
        ("name = ", "is not valid TOML"),
        ("name = smile", 'text in quotes, as in name = "smile".'),
        ("name = 3", "name is wrong: write text in quotes"),
        ("name = 'é'".encode("latin-1"), "is not UTF-8 text (byte 8)"),
        ("name = 'x'".encode("utf-16"), "is not UTF-8 text"),
        (b"#" * (LIMIT + 1), "is larger than 1 MB"),
        ("x = " + "[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in problem(tmp_path, text)


@pytest.mark.parametrize("text", ["[1]", "3", "null", '"x"'])
def test_json_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    assert "it must be a table" in problem(tmp_path, text, "manifest.json")


def test_json_with_half_a_character_is_refused(tmp_path: Path) -> None:
    assert "name is wrong" in problem(tmp_path, '{"name": "\\ud800"}', "manifest.json")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("name = 'x'")
    (tmp_path / "manifest.toml").symlink_to("secret")
    assert "manifest.toml is a link" in (read(tmp_path, "manifest.toml").problem or "")


def test_a_pipe_does_not_hang_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.toml")
    assert read(tmp_path, "manifest.toml") == Manifest(path="manifest.toml")


def test_a_manifest_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in (read(tmp_path, "manifest.toml").problem or "")


def test_names_of_manifests_are_known_in_any_case() -> None:
    assert is_manifest("Manifest.TOML")
    assert not is_manifest("a.manifest.toml")
    assert beside("clip.mp4.manifest.json") == "clip.mp4"
    assert beside("manifest.toml") == ""
    assert beside("clip.toml") is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["manifest.toml", "manifest.json"]))
def test_no_bytes_make_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / name).write_bytes(content)
    assert read(folder, name).path == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["pipeline", "name", "priority", "roles", "options", "files", "str", "other"])


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(KEYS, JSON, max_size=4)
    | st.fixed_dictionaries({"files": st.lists(st.dictionaries(st.sampled_from(["path", "size", "str"]), JSON))})
)
def test_no_shape_of_json_makes_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, raw: object) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "manifest.json").write_text(json.dumps(raw))
    found = read(folder, "manifest.json")
    assert all(".." not in part.split("/") for globs in found.roles.values() for part in globs)
