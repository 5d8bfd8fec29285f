"""Owns the environment that a stage finds: the daemon's own, its share of the machine, and where its packages are."""

from collections.abc import Mapping
from pathlib import Path

from daemon.model import Slot
from pipelines import contract

PACKAGES = Path(contract.__file__).resolve().parents[2]
"""The folder that holds the packages ``daemon`` and ``pipelines``."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VISAGED_CPUS")

MEMORY = "VISAGED_MEMORY"
"""The variable that says how many bytes a stage may hold; 0: any."""
MODELS = "VISAGED_MODELS"
"""The variable that names the folder of the weights (``contract.Weights``)."""


def environment(base: Mapping[str, str], slot: Slot, models: Path | None = None) -> dict[str, str]:
    """A copy of base that keeps a stage to its slot and lets it import ``pipelines`` wherever it starts.

    models: the folder of weights that it is told of; None: the one that base names, if any.
    GPUs that are not the slot's are hidden. The search path has only absolute folders, because the stage's working
    folder holds what users dropped, and a file there that is called ``json.py`` must never be imported.
    """
    cores = str(max(1, int(slot.cpus)))
    searched = [str(Path(entry).absolute()) for entry in base.get("PYTHONPATH", "").split(":") if entry]
    return {
        **base,
        **dict.fromkeys(THREADS, cores),
        MEMORY: str(slot.memory),
        "CUDA_VISIBLE_DEVICES": ",".join(slot.gpus),
        "PYTHONPATH": ":".join(dict.fromkeys([str(PACKAGES), *searched])),
        "PYTHONUNBUFFERED": "1",
        **({MODELS: str(models.absolute())} if models else {}),
    }
