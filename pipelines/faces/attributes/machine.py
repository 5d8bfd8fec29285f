"""TensorFlow, kept to the cores and the GPU that the stage was given."""

from __future__ import annotations

import os
import sys

from pipelines.contract import BadInput, cores

MISSING = (
    "Age, gender, emotion and race are estimated by deepface and TensorFlow, and {name} is not installed. "
    "`{python} -m pip install 'visaged[faces-attributes]'` installs them (2 GB); or let the stages run in containers "
    "(docs/docker.md), or leave out attributes, views and filter."
)


def begun() -> dict[str, str]:
    """Afterwards TensorFlow is here and knows its limits; the versions of what estimates.

    Raises BadInput where it is not installed, RuntimeError where a GPU was given that it cannot use: never does the
    processor silently take its place.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # the weights are of that Keras, and deepface says so too
    try:
        import deepface  # noqa: PLC0415  some seconds, and few stages need it
        import tensorflow  # noqa: ICN001, PLC0415
        import tf_keras  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        raise BadInput(MISSING.format(name=missing.name, python=sys.executable)) from missing
    tensorflow.config.threading.set_intra_op_parallelism_threads(cores())
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    check_gpu(len(tensorflow.config.list_physical_devices("GPU")), tensorflow.__version__)
    versions = {"deepface": deepface, "tensorflow": tensorflow, "tf-keras": tf_keras}
    return {name: str(module.__version__) for name, module in versions.items()}


def check_gpu(found: int, version: str) -> None:
    """Afterwards TensorFlow found the GPU that was given, if one was. Raises RuntimeError where it found none."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if given not in {"", "-1"} and not found:
        raise RuntimeError(
            f"The GPU {given} was given, but TensorFlow {version} as it is installed cannot use it. Install "
            "visaged[faces-attributes-cuda], or take the GPU from faces in config.toml. The log of this stage says "
            "which CUDA library is missing; `visaged doctor` says which driver is there."
        )
