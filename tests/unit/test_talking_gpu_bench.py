"""The bench for GPUs, in small: heads are learned and drawn by the kernels, on Triton's interpreter."""

import os
from dataclasses import replace

import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")
    pytest.importorskip("triton", reason="triton is not installed (it comes with torch's build for CUDA)")

import torch

from bench import talking_alone, talking_floor, talking_gpu
from pipelines.talking_head.egstalker.sizes import Sizes as Gaussians
from pipelines.talking_head.ernerf.engine import ErNerf
from pipelines.talking_head.ernerf.operations import fused
from pipelines.talking_head.ernerf.planes import Layout
from pipelines.talking_head.ernerf.sizes import Sizes
from pipelines.talking_head.gaussians.fused import raster
from pipelines.talking_head.learning.course import Course, learned
from pipelines.talking_head.learning.driven import Part
from pipelines.talking_head.learning.engine import MOTION, rendered
from tests.unit.talking_world import a_talking_ball

SMALL = Sizes(
    planes=Layout(levels=3, least=8, most=32, entries=256),
    attention=16,
    heard=16,
    hidden=16,
    doubt=16,
    step=0.15,
    samples=6,
    cells=12,
    rays=128,
    torso=Layout(levels=2, least=4, most=16, entries=256, features=2, tiled=True),
)


@pytest.fixture(scope="module")
def world():
    scene, head, triangles, course = a_talking_ball()
    small = {name: getattr(scene, name)[:, ::2, ::2] for name in ("pictures", "head", "torso")}
    scene = replace(scene, ground=scene.ground[::2, ::2], lips=scene.lips / 2, **small)
    lesson = talking_gpu.Lesson(
        part=Part(scene=scene, head=head, motion=None, controls=None, codes=scene.codes.numpy()),
        rows=torch.arange(len(scene) - 2),
        held=torch.arange(len(scene) - 2, len(scene)),
        triangles=triangles,
        exam=lambda _: {},
    )
    return lesson, course


def by_kernels(course, lesson):
    """The model after an iteration, everything drawn by the kernels."""
    scene = lesson.part.scene
    torch.manual_seed(0)
    model = course.engine.begun(scene.chosen(lesson.rows), lesson.part.head, lesson.triangles, MOTION)
    if isinstance(course.engine, ErNerf):
        for parts in (model.parts, model.steady):
            parts.head.operations = fused()
    else:
        model.raster = raster.drawn
    return learned(model, scene, lesson.rows, Course(engine=course.engine, iterations=1, drive=MOTION)).model


@pytest.mark.parametrize("name", ["egstalker", "ernerf"])
def test_a_head_is_learned_by_the_kernels_as_by_the_reference_and_its_frames_are_counted(world, name, tmp_path):
    lesson, course = world
    engine = course.engine if name == "egstalker" else ErNerf(sizes=SMALL)
    fast = by_kernels(Course(engine=engine, drive=MOTION), lesson)
    slow, iterations = talking_gpu.taught(
        Course(engine=engine, iterations=1, drive=MOTION), lesson, torch.device("cpu"), "own"
    )
    assert iterations == 1
    with torch.no_grad():
        one, other = (rendered(model, lesson.part.scene, 20, lesson.part.scene.codes[20]) for model in (fast, slow))
    assert (one - other).abs().mean() < 1e-3
    found = talking_gpu.rates(fast, lesson, tmp_path, 1)
    assert found.drawn > 0
    assert found.filed > 0
    assert [path.suffix for path in tmp_path.iterdir()] == [".mkv"]


def test_each_kernel_is_timed_alone():
    small = talking_alone.Scale(samples=40, rays=16, gaussians=12, side=16, together=2, times=1)
    found = talking_alone.table(torch.device("cpu"), small)
    assert [row[0].split(",")[0] for row in found.rows] == [
        "march", "encode", "nets", "composite", "project", "the same"
    ]  # fmt: skip
    assert all(float(row[1]) > 0 for row in found.rows)


def test_the_floor_counts_what_the_paper_s_sizes_ask_for():
    assert talking_floor.nets(Sizes()) == 23_184
    rays = {work.name: work for work in talking_floor.rays(Sizes())}
    assert rays["encode"].gathers == 144 * talking_floor.SAMPLES
    assert rays["encode"].seconds == pytest.approx(144 * 700_000 * 32 / 4.8e12, rel=0.1)
    assert len(talking_floor.gaussians(Gaussians())) == 4
    assert talking_floor.table().rows[4][:2] == ("ernerf", "all")
