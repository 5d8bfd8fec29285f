"""Where the networks run."""

from pathlib import Path

import onnxruntime
import pytest

from pipelines.faces.embed.sessions import gpu, opened

WITHOUT_CUDA = "CUDAExecutionProvider" not in onnxruntime.get_available_providers()


@pytest.mark.skipif(not WITHOUT_CUDA, reason="this onnxruntime can use a GPU")
def test_a_gpu_that_cannot_be_used_is_said_and_never_silently_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1234")

    with pytest.raises(RuntimeError, match=r"GPU GPU-1234 was given.*without CUDA"):
        opened(tmp_path / "any.onnx")


@pytest.mark.parametrize("given", ["", "-1"])
def test_without_a_gpu_it_is_the_processor(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)

    assert not gpu()


@pytest.mark.data
def test_a_network_runs_on_as_many_threads_as_it_was_given(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    session = opened(models / "scrfd_500m_bnkps.onnx", threads=2)

    assert session.get_session_options().intra_op_num_threads == 2
    assert session.get_providers() == ["CPUExecutionProvider"]
