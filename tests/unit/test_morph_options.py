"""The options of morph and its declaration."""

import subprocess
import sys
from typing import get_args

import pytest

from pipelines.contract import Gpus, Publish
from pipelines.morph import ALIGN, CAMERAS, EASINGS, LIGHTINGS, PIPELINE, RENDERERS, Options
from pipelines.morph.align import How
from pipelines.morph.blend import Easing
from pipelines.morph.camera import Side
from pipelines.morph.renderers import INSTALL
from pipelines.morph.renderers.lighting import Lighting


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
        ({"outputs": ()}, "outputs = []: it must name at least one"),
        ({"order": ("a",)}, 'order = ["a"]: it must name at least two meshes, or none for all pairs'),
        (
            {"order": ("a", "b", "b")},
            'order = ["a", "b", "b"]: "b" follows itself; a mesh may come again, but not at once',
        ),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=r": ") as refused:
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
    assert [command.name for command in PIPELINE.commands] == ["heads", "portraits"]
    assert PIPELINE.run_as == "pipelines.morph"


@pytest.mark.parametrize(
    "name", ["outputs", "films", "align", "easing", "camera", "lighting", "mesh_format", "renderer"]
)
def test_a_word_that_is_not_known_is_refused_with_those_that_are(name):
    wrong = ("nonsense",) if name in {"outputs", "films"} else "nonsense"
    with pytest.raises(ValueError, match=f'{name} = "nonsense": it must be one of "'):
        Options(**{name: wrong})


def test_the_words_of_the_options_are_those_of_the_modules_that_act_on_them():
    assert set(EASINGS) == {e.value for e in Easing}
    assert set(CAMERAS) == {s.value for s in Side}
    assert set(LIGHTINGS) == {kind.value for kind in Lighting}
    assert set(ALIGN) == set(get_args(How))
    assert set(RENDERERS) - {"auto", "moderngl"} == set(INSTALL)


def test_minimal_is_frames_and_heat_maps_and_the_default_is_everything():
    assert Options(minimal=True, outputs=("csv",)).wanted == ("frames", "heatmaps")
    assert Options().wanted == ("frames", "video", "heatmaps", "meshes", "csv", "report")
