"""The options of morph and its declaration."""

import subprocess
import sys

import pytest

from pipelines.contract import Gpus, Publish
from pipelines.morph import PIPELINE, Options


def test_the_defaults_are_41_frames_of_512_pixels():
    options = Options()
    assert (options.frames, options.resolution) == (41, 512)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"frames": 1}, "frames = 1: it must be at least 2"),
        ({"frames": 2002}, "frames = 2002: it must be at most 2001"),
        ({"resolution": 62}, "resolution = 62: it must be at least 64"),
        ({"resolution": 4098}, "resolution = 4098: it must be at most 4096"),
        ({"resolution": 513}, "resolution = 513: it must be even, because films need that; take 512 or 514"),
        ({"fps": 0}, "fps = 0: it must be at least 1"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=r" it must be ") as refused:
        Options(**wrong)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("background", ["#12", "reddish", "", "#12345G", "#1234567", "#123456\n"])
def test_an_unknown_background_is_refused_and_the_known_ones_are_named(background):
    with pytest.raises(ValueError, match="white, light, grey, dark, black") as refused:
        Options(background=background)
    assert "#20242A" in str(refused.value)


@pytest.mark.parametrize(
    ("background", "rgb"), [("white", (255, 255, 255)), ("#20242A", (32, 36, 42)), ("#ff0080", (255, 0, 128))]
)
def test_a_background_is_a_name_or_a_hex_colour(background, rgb):
    assert Options(background=background).background_rgb == rgb


def test_the_daemon_can_import_the_declaration_without_any_array_library():
    code = "import sys, pipelines.morph; sys.exit(bool({'numpy', 'PIL', 'moderngl', 'av', 'ufbx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_pipeline_is_one_stage_without_a_gpu_published_as_a_folder():
    (stage,) = PIPELINE.stages
    assert (stage.name, stage.gpus, PIPELINE.publish) == ("morph", Gpus.NONE, Publish.FOLDER)
    assert [command.name for command in PIPELINE.commands] == ["heads"]
    assert PIPELINE.run_as == "pipelines.morph"
