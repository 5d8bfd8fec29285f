"""What cannot be used ends as a plain sentence in WHY.txt and in ``explain``, the drop intact, the daemon running."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from daemon.model import Status

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nf 1 2 3\nf 1 3 4\n"
TRIANGLES = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nv 2 2 2\nf 1 2 3\nf 1 3 4\nf 3 4 5\n"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def escaping_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("a.obj", "../../escaped.obj"):
            info = tarfile.TarInfo(name)
            info.size = len(SQUARE)
            archive.addfile(info, io.BytesIO(SQUARE.encode()))
    return buffer.getvalue()


FOLDERS = {
    "unknown-key": ({"manifest.toml": "[options]\nfrmes = 3\n", "a.obj": SQUARE, "b.obj": SQUARE}, "frames"),
    "broken-manifest": ({"manifest.toml": "pipeline = ", "a.obj": SQUARE, "b.obj": SQUARE}, "manifest"),
    "empty-mesh": ({"a.obj": SQUARE, "b.obj": ""}, "b.obj"),
    "only-a-comment": ({"a.obj": SQUARE, "b.obj": "# nothing\n"}, "b.obj"),
    "not-a-number": ({"a.obj": SQUARE, "b.obj": SQUARE.replace("0.5", "nan")}, "b.obj"),
    "infinite": ({"a.obj": SQUARE, "b.obj": SQUARE.replace("0.5", "inf")}, "b.obj"),
    "out-of-range": ({"a.obj": SQUARE, "b.obj": SQUARE + "f 1 2 99\n"}, "b.obj"),
    "other-topology": ({"a.obj": SQUARE, "b.obj": TRIANGLES}, "4 vertices"),
    "truncated-glb": ({"a.obj": SQUARE, "b.glb": b"glTF\x02\x00\x00\x00\xff\xff\x00\x00"}, "b.glb"),
    "truncated-fbx": ({"a.obj": SQUARE, "b.fbx": b"Kaydara FBX Binary  \x00\x1a\x00\xe8\x1c\x00\x00"}, "b.fbx"),
    "unknown-type": ({"a.obj": SQUARE, "b.blend": "BLENDER"}, "b.blend"),
    "no-mesh-at-all": ({"notes.txt": "hello"}, "OBJ"),
}


@pytest.fixture
def drops(place):
    place.configure(daemon='partner_timeout = 3\nunpack_limit = "1 MB"', rest="[pipelines.morph]\nframes = 3\n")
    return place


def why(place, item: str) -> str:
    return (place.root / "failed" / "morph" / item / "WHY.txt").read_text("utf-8")


@pytest.mark.parametrize("count", [len(FOLDERS)])
def test_every_folder_that_cannot_be_used_says_why_and_stays_whole(drops, count):
    for name, (files, _) in FOLDERS.items():
        for file, content in files.items():
            drops.drop(f"morph/{name}/{file}", content)
    ran = drops.visaged("run", "--once")
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(drops.jobs()) == count
    for name, (files, word) in FOLDERS.items():
        said = why(drops, name)
        assert word in said, (name, said)
        assert "Traceback" not in said
        for file, content in files.items():
            kept = (drops.root / "failed/morph" / name / file).read_bytes()
            assert kept == (content.encode() if isinstance(content, str) else content)
        explained = drops.visaged("explain", str(drops.root / "failed/morph" / name)).stdout
        assert word in " ".join(explained.split())


def test_one_mesh_alone_waits_visibly_and_then_fails(drops):
    drops.configure(daemon="partner_timeout = 12")
    drops.drop("morph/lonely.obj", SQUARE)
    daemon = drops.start()
    drops.wait_for(lambda: "second mesh" in (drops.inbox / "STATUS.txt").read_text())
    assert "second mesh" in " ".join(drops.visaged("explain", str(drops.inbox / "morph/lonely.obj")).stdout.split())
    drops.wait_for(lambda: "second mesh" in why(drops, "lonely"))
    assert daemon.poll() is None


def test_once_a_partner_comes_the_pair_is_done(drops):
    drops.configure(rest="[pipelines.morph]\nframes = 3\n")
    drops.start()
    drops.drop("morph/left.obj", SQUARE)
    drops.wait_for(lambda: "left" in (drops.inbox / "STATUS.txt").read_text())
    drops.drop("morph/right.obj", SQUARE)
    drops.wait_for((drops.root / "results/morph/left__right/animation.mp4").is_file)


@pytest.mark.parametrize(
    "name", ["new\nline", "quo\"te's", "emoji 😀", "caf\udce9", "CON", "trailing. ", "a" * 200, "$(reboot)", "-rf"]
)
def test_any_name_is_done_under_a_safe_one(drops, name):
    for half in ("a", "b"):
        drops.drop(f"morph/{name}/{half}.obj", SQUARE)
    ran = drops.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    (result,) = (drops.root / "results/morph").iterdir()
    assert (result / "animation.mp4").is_file()
    assert not set(result.name) & set('<>:"/\\|?*\n')
    assert os.fsencode(result.name).decode("utf-8")


def test_a_link_out_of_the_inbox_is_refused_and_not_followed(drops):
    secret = drops.root / "secret.obj"
    secret.write_text(SQUARE)
    drops.drop("morph/linked/a.obj", SQUARE)
    (drops.inbox / "morph/linked/b.obj").symlink_to(secret)
    (drops.inbox / "morph/loose.obj").symlink_to(secret)
    ran = drops.visaged("run", "--once")
    assert ran.returncode == 1
    assert "link" in why(drops, "linked")
    assert (drops.root / "failed/morph/linked/b.obj").is_symlink()
    assert secret.read_text() == SQUARE
    assert not any(drops.root.glob("results/morph/*"))


@pytest.mark.parametrize(
    ("file", "content", "word"),
    [
        ("bomb.zip", zipped(a__obj=b"0" * 50_000_000, b__obj=b""), "unpack"),
        ("escape.tar", escaping_tar(), "escape"),
        ("half.zip", zipped(a__obj=SQUARE.encode(), b__obj=SQUARE.encode())[:90], "half.zip"),
        ("text.zip", b"this is no archive", "text.zip"),
    ],
    ids=["bomb", "escape", "half", "text"],
)
def test_a_hostile_or_broken_archive_touches_nothing_and_stays_as_it_was(drops, file, content, word):
    before = set(drops.root.parent.iterdir())
    drops.drop(f"morph/{file}", content)
    ran = drops.visaged("run", "--once")
    assert ran.returncode == 1, ran.stderr
    item = Path(file).stem
    assert word in why(drops, item)
    assert (drops.root / "failed/morph" / item / file).read_bytes() == content
    assert set(drops.root.parent.iterdir()) == before
    assert not list(drops.root.rglob("escaped.obj"))


def test_an_archive_of_two_meshes_is_a_pair(drops):
    drops.drop("morph/pair.zip", zipped(a__obj=SQUARE.encode(), b__obj=SQUARE.encode()))
    assert drops.visaged("run", "--once").returncode == 0
    assert (drops.root / "results/morph/pair/animation.mp4").is_file()
    (job,) = drops.jobs()
    assert Path(job.inputs_at, "pair.zip").is_file()


def test_of_four_meshes_the_good_pairs_are_done_and_the_result_says_what_is_missing(drops):
    for name, content in {"a": SQUARE, "b": SQUARE, "c": SQUARE.replace("0.5", "0.9"), "bad": TRIANGLES}.items():
        drops.drop(f"morph/four/{name}.obj", content)
    assert drops.visaged("run", "--once").returncode == 0
    result = drops.root / "results/morph/four"
    assert sorted(p.name for p in result.iterdir() if p.is_dir()) == ["a__b", "a__c", "b__c"]
    assert "bad" in (result / "WHY.txt").read_text("utf-8")
    (job,) = drops.jobs()
    assert job.status is Status.DONE
    assert job.faults


def test_moved_back_from_the_failed_folder_a_mended_item_is_done(drops):
    drops.drop("morph/mend/a.obj", SQUARE)
    drops.drop("morph/mend/b.obj", TRIANGLES)
    assert drops.visaged("run", "--once").returncode == 1
    failed = drops.root / "failed/morph/mend"
    (failed / "b.obj").write_text(SQUARE)
    failed.rename(drops.inbox / "morph/mend")
    assert drops.visaged("run", "--once").returncode == 0
    assert not list((drops.root / "archive").rglob("WHY.txt"))
    assert (drops.root / "results/morph/mend/animation.mp4").is_file()


def test_an_archive_that_failed_can_be_moved_back_as_the_folder_that_it_became(drops):
    drops.drop("morph/pair.zip", zipped(a__obj=SQUARE.encode(), b__obj=TRIANGLES.encode()))
    assert drops.visaged("run", "--once").returncode == 1
    failed = drops.root / "failed/morph/pair"
    (failed / "pair.zip").write_bytes(zipped(a__obj=SQUARE.encode(), b__obj=SQUARE.encode()))
    failed.rename(drops.inbox / "morph/pair")
    assert drops.visaged("run", "--once").returncode == 0
    assert (drops.root / "results/morph/pair/animation.mp4").is_file()


def test_a_failed_job_is_tried_again_on_order_and_its_inputs_are_moved_back(drops):
    drops.drop("morph/again/a.obj", SQUARE)
    drops.drop("morph/again/b.obj", TRIANGLES)
    assert drops.visaged("run", "--once").returncode == 1
    (drops.root / "failed/morph/again/b.obj").write_text(SQUARE)
    assert drops.visaged("retry", "again").returncode == 0
    assert drops.visaged("run", "--once").returncode == 0
    (job,) = drops.jobs()
    assert job.status is Status.DONE
    assert (drops.root / "results/morph/again/animation.mp4").is_file()
