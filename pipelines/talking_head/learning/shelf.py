"""Checkpoints: what a run is at an iteration, and how it goes on from there.

A run that goes on is as one that was not interrupted: on a processor to a bit. Kernels of a GPU add in any order, so
there it is the same course, by the same chance, and not the same bits.
"""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from pipelines.talking_head.learning.engine import Engine, Model

_SHARED = ("codes", "steps", "channels")
"""Of a model's make: what the clip gives. Other numbers of it may grow in a course."""
_FOREIGN = (RuntimeError, KeyError, TypeError, ValueError, AttributeError, IndexError, EOFError, UnpicklingError)
"""What torch and engines raise where a file was written by another version of them, or for other sizes."""


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """A course on its way. iteration: how many are done. seconds: for how long. setbacks: how often it went back."""

    model: Model
    optimiser: torch.optim.Optimizer
    chance: torch.Generator
    iteration: int = 0
    seconds: float = 0.0
    setbacks: int = 0

    @property
    def sound(self) -> bool:
        """Whether all that was learned are numbers."""
        return all(math.isfinite(float(one.detach().abs().sum())) for one in self.model.parameters())


def begun(engine: Engine, model: Model, seed: int) -> Run:
    """A run at its beginning."""
    groups = [{**group, "whole": group["lr"]} for group in engine.groups(model)]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    return Run(model=model, optimiser=optimiser, chance=torch.Generator().manual_seed(seed))


@dataclass(slots=True)
class Shelf:
    """Where the last checkpoint is: a file that is replaced as a whole, or without a path, memory."""

    path: Path | None = None
    _held: bytes = field(default=b"", init=False)

    def put(self, run: Run) -> None:
        """Afterwards the run can be taken up again from where it is."""
        state = {
            "make": run.model.make,
            "model": run.model.state_dict(),
            "optimiser": run.optimiser.state_dict(),
            "chance": (run.chance.get_state(), torch.get_rng_state(), _of_gpu(run.model)),
            "at": (run.iteration, run.seconds, run.setbacks),
        }
        if self.path is None:
            kept = io.BytesIO()
            torch.save(state, kept)
            self._held = kept.getvalue()
            return
        partial = self.path.with_name(f".{self.path.name}.partial")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)

    def take(self, engine: Engine, run: Run) -> Run | None:
        """The run as it was put here, None where none was. run: of the same course; its device is kept.

        Raises ValueError where what lies here is no checkpoint of this engine: another version, or other sizes.
        """
        if self.path is None:
            source: Any = io.BytesIO(self._held) if self._held else None
        else:
            source = self.path if self.path.is_file() else None
        if source is None:
            return None
        try:
            return _again(engine, run, torch.load(source, weights_only=True, map_location="cpu"))
        except _FOREIGN as error:
            raise ValueError(f"no checkpoint of this course: {error}") from error


def _again(engine: Engine, run: Run, state: dict[str, Any]) -> Run:
    """The run that was kept so. Nothing of the process changes before all of it has turned out to fit."""
    for name in _SHARED:
        if state["make"].get(name) != run.model.make.get(name):
            raise ValueError(f"{name} are {state['make'].get(name)}")
    model = engine.revived(state["make"]).beside(run.model)
    model.load_state_dict(state["model"])
    again = begun(engine, model, 0)
    again.optimiser.load_state_dict(_fitting(again.optimiser, state["optimiser"]))
    own, shared, gpu = state["chance"]
    iteration, again.seconds, again.setbacks = state["at"]
    again.iteration = int(iteration)
    again.chance.set_state(own)
    torch.set_rng_state(shared)
    if gpu is not None and model.device.type == "cuda":
        torch.cuda.set_rng_state(gpu, model.device)
    return again


def _fitting(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
    """The state, where its numbers have the shapes of what is to be optimised; torch alone does not look."""
    ours = [one for group in optimiser.param_groups for one in group["params"]]
    theirs = [number for group in state["param_groups"] for number in group["params"]]
    for one, number in zip(ours, theirs, strict=True):
        for name, value in state["state"].get(number, {}).items():
            if value.dim() and value.shape != one.shape:
                raise ValueError(f"{name} of {tuple(value.shape)} for numbers of {tuple(one.shape)}")
    return state


def _of_gpu(model: Model) -> torch.Tensor | None:
    """Of the GPU's own chance, where the model is on one."""
    return torch.cuda.get_rng_state(model.device) if model.device.type == "cuda" else None
