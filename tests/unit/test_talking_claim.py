"""What talking heads take, what they ask for, and what they refuse, before anything is run."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.contract import (
    EXIT_UNREADY,
    Claim,
    Drop,
    Entry,
    Refused,
    dump,
    read_refusal,
    stage_folder,
)
from pipelines.contract.exchange import Request
from pipelines.talking_head import PIPELINE, Options
from pipelines.talking_head.claim import AFTER, claim
from pipelines.talking_head.weights import WEIGHTS

ROOT = Path(__file__).resolve().parents[2]


def drop(*paths, name="take", folder=True, options=None, **roles):
    entries = tuple(Entry(path=path, size=1) for path in paths)
    globs = {role: (glob,) for role, glob in roles.items()}
    return Drop(name=name, entries=entries, folder=folder, roles=globs, options=options or {})


def test_a_video_is_learned_from_and_called_as_its_item():
    found = claim(drop("anna.MP4", "notes.txt"))
    assert found == Claim(name="take", roles={"video": ("anna.MP4",)})


def test_several_videos_are_learned_from_together_in_order_of_name():
    found = claim(drop("take2.mp4", "take1.mp4", "say.wav", name="anna"))
    assert found == Claim(name="say", roles={"video": ("take1.mp4", "take2.mp4"), "audio": ("say.wav",)})


def test_a_sound_waits_until_its_subject_has_a_video_and_is_called_as_itself():
    assert claim(drop("hello.flac", folder=False)) == Claim(name="hello", roles={"audio": ("hello.flac",)}, after=AFTER)


def test_a_pair_of_one_stem_waits_for_nothing():
    found = claim(drop("anna.mov", "anna.wav", name="anna", folder=False))
    assert found == Claim(name="anna", roles={"video": ("anna.mov",), "audio": ("anna.wav",)})


def test_several_sounds_are_called_as_their_folder():
    assert claim(drop("b.ogg", "a.mp3", name="monday")).name == "monday"


def test_a_manifest_says_which_file_is_what():
    found = claim(drop("long.mp4", "short.mp4", "say.wav", "not.wav", video="short*", audio="say.wav"))
    assert found.roles == {"video": ("short.mp4",), "audio": ("say.wav",)}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (drop("hello.txt"), "hello.txt is a text. Speech is not made from texts here"),
        (drop("a.obj"), "No video and no sound is there"),
        (
            drop("b.mp4", "a.mp4", options={"begin": 0.0, "end": "1:20"}),
            "The manifest says end, but of which of its 2 videos (a.mp4, b.mp4)?",
        ),
        (drop("a.mp4", face="a.mp4"), 'a role "face", which talking_head does not have'),
        (drop("a.mp4", video="b*"), "No video and no sound matches the manifest's roles"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(item, words):
    found = claim(item)
    assert isinstance(found, Refused)
    assert words in found.reason


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"stage": "lips"}, 'stage = "lips": engine = "egstalker" learns all at once; only "ernerf" learns in parts'),
        ({"with_torso": False}, 'with_torso = false: engine = "egstalker" learns all at once'),
        ({"engine": "ernerf", "stage": "torso", "with_torso": False}, "there would be nothing to learn"),
        ({"engine": "gaussians"}, 'engine = "gaussians": that was the name of "egstalker" before it had nets'),
        ({"engine": "magic"}, 'engine = "magic": it must be one of "egstalker", "ernerf"'),
        ({"resolution": 127}, "it must be even, because films need that; take 126 or 128"),
        ({"resolution": 1024}, "it must be at most 512"),
        ({"front_end": "ears"}, 'it must be one of "speech+mel", "speech", "mel", "whisper", "hubert", "wav2vec2"'),
        ({"drive": "wish"}, 'it must be one of "motion", "audio"'),
        ({"begin": "soon"}, 'begin = "soon": it must be seconds, or a time as in "1:20.5"'),
        ({"begin": -1.0}, "begin = -1: it must be at least 0"),
        ({"begin": "0:30", "end": 20}, 'end = 20: it must be later than begin, which is "0:30"'),
        ({"crop": "10,10,200"}, 'it must be "auto" or "left,top,width,height" in pixels'),
        ({"crop": "0,0,20,300"}, "it must be at least 64 pixels wide and high"),
    ],
)
def test_a_wish_that_cannot_be_had_is_told(wish, words):
    with pytest.raises(ValueError, match=r"^\w+ = ") as error:
        Options(**wish)
    assert words in str(error.value)


def test_every_stage_finds_the_weights_that_it_needs():
    assert set(PIPELINE.needs({})) == {weights.name for weights in WEIGHTS if weights.pack != "whisper"}


def test_where_packages_are_missing_the_first_stage_says_which_and_does_not_blame_the_drop(tmp_path):
    request = Request(job="j", pipeline="talking_head", name="take", inputs=(), options={})
    (tmp_path / "request.json").write_bytes(dump(request))
    bare = [sys.executable, "-S", "-m", "pipelines.talking_head", "ingest", str(tmp_path)]  # -S: the standard library
    ended = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == EXIT_UNREADY, ended.stderr
    told = read_refusal(stage_folder(tmp_path, "ingest")).reason
    assert "numpy, onnxruntime, torch" in told
    assert "pip install 'visaged[talking_head]'" in told
    assert "The other pipelines work without them." in told
