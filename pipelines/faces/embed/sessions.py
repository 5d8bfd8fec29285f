"""The networks that run: ONNX files opened on the GPU that was given, else on the processor's cores."""
# ruff: noqa: F722  shapes of arrays are written as jaxtyping writes them

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from jaxtyping import Float32

_CUDA = "CUDAExecutionProvider"
_QUIET = 3
"""onnxruntime's level of its own log: errors; its warnings are about how others wrote their files."""
_WITHOUT_TORCH = "torch and onnx, which could run it in onnxruntime's place, are not installed ({missing})."


class Input(Protocol):
    """What a network takes. shape: numbers; a name, or nothing, where any number will do."""

    @property
    def name(self) -> str:
        """What ``Session.run`` is to call it."""

    @property
    def shape(self) -> Sequence[int | str | None]:
        """Of pictures: how many, channels, height, width."""


class Session(Protocol):
    """A network that is ready to run, on the pictures of several threads at once: onnxruntime's, or torch's."""

    def get_inputs(self) -> Sequence[Input]:
        """What it takes."""

    def run(
        self, names: Sequence[str] | None, given: Mapping[str, Float32[np.ndarray, " ..."]], /
    ) -> list[Float32[np.ndarray, " ..."]]:
        """The outputs of those names, of all for None."""


class Way(StrEnum):
    """How a network runs."""

    PROCESSOR = "onnxruntime on the processor"
    CUDA = "onnxruntime on the GPU"
    TORCH = "torch on the GPU"


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a network does not run in a way: a sentence."""

    why: str


def gpu() -> str:
    """The GPU that this process was given, as CUDA is told of it; empty: none was."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return "" if given == "-1" else given


def chosen(given: str, unfit: Collection[Way]) -> Way | None:
    """The best way of those that were not found unfit; None: there is none.

    given: the GPU; empty: none was. Where one was, the processor is no way: that would be silent and slow.
    """
    ways = (Way.CUDA, Way.TORCH) if given else (Way.PROCESSOR,)
    return next((way for way in ways if way not in unfit), None)


def refusal(given: str, file: str, unfit: Mapping[Way, str]) -> str:
    """Why a network cannot run on the GPU that was given, by each way that was tried, and what can be done."""
    reasons = " ".join(f"By {way.split()[0]}: {why}" for way, why in unfit.items())
    return (
        f"The GPU {given} was given, but {file} cannot run on it. {reasons} Install visaged[faces-cuda] in place of "
        'visaged[faces], or visaged[faces-torch] beside either; or set use = "none" under [gpus] in config.toml. '
        "`visaged doctor` says which driver is there."
    )


def opened(path: Path, threads: int = 1, device: str = "cuda") -> Session:
    """A session of the network in path: on the GPU where one was given, else on so many threads.

    device: what torch calls that GPU. Raises RuntimeError where a GPU was given and cannot be used: never does the
    processor silently take its place.
    """
    given = gpu()
    unfit: dict[Way, str] = {}
    while way := chosen(given, unfit):
        session = _opened(way, path, threads, device)
        if not isinstance(session, Unfit):
            if unfit:
                reasons = " ".join(unfit.values())
                sys.stderr.write(f"{path.name} runs by {way} ({given}). {reasons}\n")
            return session
        unfit[way] = session.why
    raise RuntimeError(refusal(given, path.name, unfit))


def versions(sessions: Iterable[Session]) -> dict[str, str]:
    """What the sessions run by, for the receipt: the package with its version, and under ``networks`` the way."""
    found, ways = {}, set()
    for session in sessions:
        if isinstance(session, onnxruntime.InferenceSession):
            found["onnxruntime"] = str(onnxruntime.__version__)
            ways.add(Way.CUDA if session.get_providers()[0] == _CUDA else Way.PROCESSOR)
        else:
            found["torch"] = version("torch")
            ways.add(Way.TORCH)
    return {**found, "networks": ", ".join(sorted(ways))}


def _opened(way: Way, path: Path, threads: int, device: str) -> Session | Unfit:
    match way:
        case Way.PROCESSOR:
            session: Session = onnxruntime.InferenceSession(path, _options(threads), providers=["CPUExecutionProvider"])
            return session
        case Way.CUDA:
            return _by_cuda(path, threads)
        case Way.TORCH:
            return by_torch(path, device)


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared with others
    return options


def _by_cuda(path: Path, threads: int) -> Session | Unfit:
    if _CUDA not in onnxruntime.get_available_providers():
        return Unfit(f"onnxruntime {onnxruntime.__version__} as it is installed is built without CUDA.")
    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()  # the CUDA libraries that wheels carry are on no search path
    try:
        session = onnxruntime.InferenceSession(path, _options(threads), providers=[_CUDA])
    except Exception as why:  # noqa: BLE001  onnxruntime's errors have no class of their own
        return Unfit(f"onnxruntime {onnxruntime.__version__} cannot open it there: {why}")
    if session.get_providers()[0] != _CUDA:
        return Unfit("onnxruntime fell back to the processor; the log of this stage says which CUDA library it misses.")
    session.disable_fallback()
    ready: Session = session
    return ready


def by_torch(path: Path, device: str) -> Session | Unfit:
    """A session of the network in path on that device of torch's, or why there is none."""
    try:
        from pipelines.faces.embed.by_torch import nodes, session  # noqa: PLC0415  seconds, and seldom wanted
    except (ImportError, OSError) as missing:  # the latter where a library of CUDA is broken
        return Unfit(_WITHOUT_TORCH.format(missing=missing))
    if why := session.lacking(device):
        return Unfit(why)
    try:
        return session.opened(path, device)
    except (nodes.NotKnown, RuntimeError) as why:  # the latter of CUDA: others may fill the GPU's memory
        return Unfit(f"{str(why).splitlines()[0].rstrip('.')}.")
