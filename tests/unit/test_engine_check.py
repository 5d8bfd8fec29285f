"""What the doctor says of an engine's GPUs."""

import pytest

from daemon.doctor import State
from daemon.engine_check import gpu_finding, toolkit, version_in
from daemon.gpus import Gpu

GPU = Gpu(uuid="GPU-1", name="H200", memory=1, driver="575.1")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("NVIDIA Container Toolkit CLI version 1.17.8\ncommit: f202b80", (1, 17, 8)),
        ("cli-version: 1.14.3\nlib-version: 1.14.3", (1, 14, 3)),
        ("nothing", ()),
    ],
)
def test_the_version_of_the_toolkit_is_read(said, expected):
    assert version_in(said) == expected


def test_an_old_toolkit_is_named_with_the_hole_in_it():
    (finding,) = toolkit((1, 17, 7))
    assert finding.state is State.BAD
    assert "CVE-2025-23266" in finding.says
    assert [one.state for one in toolkit((1, 17, 8))] == [State.OK]
    assert list(toolkit(())) == []


def test_a_container_that_lists_the_gpu_is_good():
    assert gpu_finding(GPU, "GPU 0: NVIDIA H200 (UUID: GPU-1)", "").state is State.OK


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ('could not select device driver "" with capabilities: [[gpu]]', "toolkit is missing"),
        ("nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.6", "575.1 is too old"),
        ("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=GPU-1", "does not have this one"),
        ("nvidia-container-cli: initialization error: nvml error: driver not loaded", "cannot reach the driver"),
        ("something else", "something else"),
        ("", "does not see it"),
    ],
)
def test_what_is_wrong_is_a_sentence_with_what_to_do(why, says):
    finding = gpu_finding(GPU, "", why)
    assert finding.state is State.BAD
    assert says in finding.says
    assert finding.fix
