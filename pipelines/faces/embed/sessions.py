"""The networks that run: ONNX files opened on the GPU that was given, else on the processor's cores."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime

_CUDA = "CUDAExecutionProvider"
_QUIET = 3
"""onnxruntime's level of its own log: errors; its warnings are about how others wrote their files."""


def gpu() -> str:
    """The GPU that this process was given, as CUDA is told of it; empty: none was."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return "" if given == "-1" else given


def opened(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session of the network in path: on the GPU where one was given, else on so many threads.

    Raises RuntimeError where a GPU was given and cannot be used: never does the processor silently take its place.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared with others
    if not gpu():
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return _on_gpu(path, options)


def _on_gpu(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    if _CUDA not in onnxruntime.get_available_providers():
        raise RuntimeError(
            f"The GPU {gpu()} was given, but onnxruntime {onnxruntime.__version__} as it is installed is built without "
            "CUDA. Install onnxruntime-gpu in its place, or take the GPU from faces in config.toml."
        )
    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()  # the CUDA libraries that wheels carry are on no search path
    try:
        session = onnxruntime.InferenceSession(path, options, providers=[_CUDA])
    except Exception as why:
        raise RuntimeError(f"The GPU {gpu()} was given, but {path.name} cannot run on it: {why}") from why
    if session.get_providers()[0] != _CUDA:
        raise RuntimeError(
            f"The GPU {gpu()} was given, but onnxruntime fell back to the processor for {path.name}. The log of this "
            "stage says which CUDA library it misses; `visaged doctor` says which driver is there."
        )
    session.disable_fallback()
    return session
