"""What engines compute on: the GPU that a stage was given, never silently something else."""

import atexit
import os
from functools import partial

import pytest

if os.environ.get("CI") != "1":  # there they are installed, or these tests fail
    pytest.importorskip("torch", reason="torch is not installed (visaged[talking_head])")

import torch

from pipelines.contract import Gpus, Unready
from pipelines.talking_head import PIPELINE, device
from pipelines.talking_head.scene import stances


def test_without_a_gpu_given_the_processor_computes(monkeypatch):
    for given in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
        assert device.device() == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="here the GPU can be used")
def test_a_gpu_that_was_given_and_cannot_be_used_is_said_in_words(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5")
    with pytest.raises(Unready, match=r"The GPU GPU-5 was given, but talking heads cannot use it\. .* under \[gpus\]"):
        device.device()


def test_compiled_kernels_are_kept_where_it_was_asked_for(monkeypatch, tmp_path):
    monkeypatch.setenv(device.KERNELS, str(tmp_path / "kernels"))
    assert device.cached() == tmp_path / "kernels"
    assert (tmp_path / "kernels").is_dir()


def test_where_nothing_can_be_written_compiled_kernels_go_to_a_temporary_folder(monkeypatch, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    monkeypatch.setenv(device.KERNELS, str(in_the_way / "kernels"))
    monkeypatch.setenv("HOME", str(in_the_way))
    found = device.cached()
    assert found.is_dir()
    assert os.environ[device.KERNELS] == str(found)
    found.rmdir()


def test_the_temporary_folder_of_kernels_goes_with_the_process_that_made_it(monkeypatch, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    monkeypatch.setenv(device.KERNELS, str(in_the_way / "kernels"))
    monkeypatch.setenv("HOME", str(in_the_way))
    ends = []
    monkeypatch.setattr(atexit, "register", lambda what, *given, **more: ends.append(partial(what, *given, **more)))
    found = device.cached()
    (found / "kernel.so").write_bytes(b"")
    for end in ends:
        end()
    assert not found.exists()


def test_learning_and_rendering_take_a_gpu_where_there_is_one_and_nothing_else_does():
    taking = {stage.name for stage in PIPELINE.stages if stage.gpus is Gpus.OPTIONAL}
    assert taking == {"train", "render"}


def test_what_is_no_net_keeps_all_digits_on_a_gpu():
    before = torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    device.exact()
    found = torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = before
    assert found == ("ieee", "ieee")


def test_nets_mix_precision_on_gpus_alone():
    with device.mixed(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_poses_become_numbers_on_whatever_device_they_are():
    with torch.device("meta"):
        turns, moves, middle = torch.empty(3, 3, 3), torch.empty(3, 3), torch.empty(3)
    assert stances(turns, moves, middle).device.type == "meta"
