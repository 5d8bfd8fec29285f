"""Checkpoints: what a run is at an iteration, and how it goes on from there."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pipelines.talking_head.learning.engine import Engine, Model


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
            "chance": (run.chance.get_state(), torch.get_rng_state()),
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
        """The run as it was put here, None where none was. run: of the same course; its device is kept."""
        if self.path is None:
            source: Any = io.BytesIO(self._held) if self._held else None
        else:
            source = self.path if self.path.is_file() else None
        if source is None:
            return None
        state = torch.load(source, weights_only=True, map_location="cpu")
        model = engine.revived(state["make"]).beside(run.model)
        model.load_state_dict(state["model"])
        again = begun(engine, model, 0)
        again.optimiser.load_state_dict(state["optimiser"])
        own, shared = state["chance"]
        again.chance.set_state(own)
        torch.set_rng_state(shared)
        iteration, again.seconds, again.setbacks = state["at"]
        again.iteration = int(iteration)
        return again
