"""Where the networks run."""

from pathlib import Path

import onnxruntime
import pytest

from pipelines.faces.embed.sessions import Way, chosen, gpu, opened, refusal, versions

WITHOUT_CUDA = "CUDAExecutionProvider" not in onnxruntime.get_available_providers()


@pytest.mark.skipif(not WITHOUT_CUDA, reason="this onnxruntime can use a GPU")
def test_a_gpu_that_cannot_be_used_is_said_and_never_silently_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1234")

    with pytest.raises(RuntimeError, match=r"GPU GPU-1234 was given, but any\.onnx.*By onnxruntime: .*By torch: ."):
        opened(tmp_path / "any.onnx")


@pytest.mark.parametrize(
    ("given", "unfit", "way"),
    [
        ("", set(), Way.PROCESSOR),
        ("GPU-1", set(), Way.CUDA),
        ("GPU-1", {Way.CUDA}, Way.TORCH),
        ("GPU-1", {Way.TORCH}, Way.CUDA),
        ("GPU-1", {Way.CUDA, Way.TORCH}, None),
        ("", {Way.PROCESSOR}, None),
    ],
)
def test_a_gpu_is_used_by_onnxruntime_else_by_torch_and_never_left_for_the_processor(given, unfit, way) -> None:
    assert chosen(given, unfit) is way


def test_a_refusal_names_the_gpu_the_file_and_both_reasons() -> None:
    said = refusal("GPU-1", "sees.onnx", {Way.CUDA: "It is built without CUDA.", Way.TORCH: "It is not installed."})
    assert said.startswith(
        "The GPU GPU-1 was given, but sees.onnx cannot run on it. By onnxruntime: It is built without CUDA. "
        "By torch: It is not installed. Install "
    )
    assert all(extra in said for extra in ("visaged[faces-cuda]", "visaged[faces-torch]", "config.toml"))


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
    assert versions([session]) == {"onnxruntime": onnxruntime.__version__, "networks": "onnxruntime on the processor"}
