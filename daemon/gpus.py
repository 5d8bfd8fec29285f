"""Which GPUs there are, and which part of the GPUs, cores and memory a stage gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pynvml

from daemon.errors import ConfigError
from daemon.machine import Machine
from daemon.model import Slot
from pipelines.contract import Gpus, Stage

ALMOST_NOTHING = 1e-6
"""Cores that do not count, so that ten times a tenth of a core is one core."""

SHARE_OF_MEMORY = 0.9
"""What stages may have of the machine's memory together; the rest is for the daemon and the system."""

# ---------------------------------------------------------------- what there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU, or one MIG instance of a GPU, by its UUID. memory: bytes. driver: the NVIDIA driver's version."""

    uuid: str
    name: str
    memory: int
    driver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """The GPUs that NVML sees and that are well. sick: a sentence for each other. why_none: one where there is none."""

    gpus: tuple[Gpu, ...] = ()
    why_none: str = ""
    sick: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What all stages together may use. cpus: cores. memory: bytes. slots: stages at once.

    why_no_gpus: a sentence with what to do, where GPUs that are here cannot be given.
    """

    cpus: float
    memory: int
    slots: int
    gpus: tuple[Gpu, ...] = ()
    why_no_gpus: str = ""


def discover() -> Discovered:
    """Every GPU that NVML sees, in its order; without a driver none, and why. For one thread at a time."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return Discovered(why_none=_why_none(error))
    try:
        found = tuple(_devices())
    except pynvml.NVMLError as error:
        return Discovered(why_none=_why_none(error))
    finally:
        pynvml.nvmlShutdown()
    gpus = tuple(one for one in found if isinstance(one, Gpu))
    sick = tuple(one for one in found if isinstance(one, str))
    why = " ".join(sick) or "The NVIDIA driver is there, but it shows no GPU."
    return Discovered(gpus=gpus, why_none="" if gpus else why, sick=sick)


def chosen(discovered: Discovered, use: Literal["auto", "none"] | Sequence[str]) -> tuple[Gpu, ...]:
    """The GPUs that ``[gpus] use`` allows, in its order. Raises ConfigError that names a UUID which is not here."""
    match use:
        case "auto":
            return discovered.gpus
        case "none":
            return ()
    here = {gpu.uuid: gpu for gpu in discovered.gpus}
    missing = [uuid for uuid in use if uuid not in here]
    if missing:
        listed = ", ".join(f"{gpu.uuid} ({gpu.name})" for gpu in here.values())
        there = f"it has {listed}" if here else discovered.why_none
        raise ConfigError(f"gpus.use: this machine has no GPU {', '.join(missing)}; {there}")
    return tuple(here[uuid] for uuid in dict.fromkeys(use))


def capacity(
    found: Machine, gpus: tuple[Gpu, ...], *, cpus: float | None, memory: int | None, slots: int | None
) -> Capacity:
    """What stages may use: what is configured, and for None all cores, most of the memory, a stage for each core."""
    cores = found.cpus if cpus is None else cpus
    return Capacity(
        cpus=cores,
        memory=int(found.memory * SHARE_OF_MEMORY) if memory is None else memory,
        slots=max(1, int(cores)) if slots is None else slots,
        gpus=gpus,
    )


# ---------------------------------------------------------------- who gets what


@dataclass(frozen=True, slots=True)
class Waits:
    """The stage fits, but not beside what runs now; why says for what it waits."""

    why: str


@dataclass(frozen=True, slots=True)
class Never:
    """The stage asks for more than there is; why is a sentence with what to do."""

    why: str


def fit(stage: Stage, capacity: Capacity, taken: Sequence[Slot]) -> Slot | Waits | Never:
    """The slot that stage gets beside those taken.

    Cores: what it asks for, at most all. Memory: what it asks for (0: unlimited, and it counts as nothing).
    A GPU is given whole, the smallest that is large enough; ``Gpus.OPTIONAL`` does without only where no GPU is.
    """
    suitable = [] if stage.gpus is Gpus.NONE else [gpu for gpu in capacity.gpus if gpu.memory >= stage.gpu_memory]
    if never := _never(stage, capacity, suitable):
        return Never(never)
    cpus = min(stage.cpus, capacity.cpus)
    if waits := _waits(cpus, stage.memory, capacity, taken):
        return Waits(waits)
    if not suitable:
        return Slot(cpus=cpus, memory=stage.memory)
    busy = {uuid for slot in taken for uuid in slot.gpus}
    free = [gpu for gpu in suitable if gpu.uuid not in busy]
    if not free:
        return Waits(f"for a GPU; {len(suitable)} would do, all in use")
    return Slot(cpus=cpus, memory=stage.memory, gpus=(min(free, key=lambda gpu: gpu.memory).uuid,))


def _waits(cpus: float, memory: int, capacity: Capacity, taken: Sequence[Slot]) -> str | None:
    if len(taken) >= capacity.slots:
        return f"for one of {capacity.slots} running stages to end"
    if sum(slot.cpus for slot in taken) + cpus > capacity.cpus + ALMOST_NOTHING:
        return f"for {_cores(cpus)} of {capacity.cpus:g}"
    if memory and sum(slot.memory for slot in taken) + memory > capacity.memory:
        return f"for {_gigabytes(memory)} of memory"
    return None


def _never(stage: Stage, capacity: Capacity, suitable: Sequence[Gpu]) -> str | None:
    if stage.memory > capacity.memory:
        return (
            f"The stage {stage.name} asks for {_gigabytes(stage.memory)} of memory, and stages may use "
            f"{_gigabytes(capacity.memory)} here. Set a smaller memory for its pipeline in config.toml, or run it "
            "on a larger machine."
        )
    if stage.gpus is not Gpus.REQUIRED or suitable:
        return None
    if capacity.gpus:
        return (
            f"The stage {stage.name} needs a GPU with {_gigabytes(stage.gpu_memory)} of memory, and the largest here "
            f"has {_gigabytes(max(gpu.memory for gpu in capacity.gpus))}. Run it on a machine with a larger GPU."
        )
    why = capacity.why_no_gpus or "None may be used here; `visaged doctor` says why."
    return f"The stage {stage.name} needs a GPU. {why}"


def _cores(number: float) -> str:
    return "1 core" if number == 1 else f"{number:g} cores"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"


# ---------------------------------------------------------------- NVML


def _devices() -> Iterator[Gpu | str]:
    """Every GPU, or a sentence about one that cannot be used; one that fell off the bus hides none of the others."""
    driver = pynvml.nvmlSystemGetDriverVersion()
    for index in range(pynvml.nvmlDeviceGetCount()):
        try:
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            if why := _sickness(device):
                yield f"GPU {index} ({pynvml.nvmlDeviceGetUUID(device)}) is not used: {why}"
                continue
            for part in _instances(device) or [device]:
                yield _described(part, driver)
        except pynvml.NVMLError as error:
            yield f"GPU {index} is not used: the driver says {error}. A restart of the machine may bring it back."


def _described(part: Any, driver: str) -> Gpu:
    return Gpu(
        uuid=pynvml.nvmlDeviceGetUUID(part),
        name=pynvml.nvmlDeviceGetName(part),
        memory=int(pynvml.nvmlDeviceGetMemoryInfo(part).total),
        driver=driver,
    )


def _sickness(device: Any) -> str:
    """What is wrong with the memory of a GPU; empty: nothing, or it cannot tell."""
    try:
        *_rows, pending, failed = pynvml.nvmlDeviceGetRemappedRows(device)
    except pynvml.NVMLError:  # GPUs before Ampere count pages
        pending, failed = _retired(device), False
    if failed:
        return "its memory has more faults than it can mend; replace it."
    return "its memory has faults that a restart of the machine mends." if pending else ""


def _retired(device: Any) -> bool:
    try:
        return bool(pynvml.nvmlDeviceGetRetiredPagesPendingStatus(device))
    except pynvml.NVMLError:
        return False


def _instances(device: Any) -> list[Any]:
    """The MIG instances of a device; a device that is split cannot be used as a whole."""
    try:
        now, _after_reset = pynvml.nvmlDeviceGetMigMode(device)
        most = pynvml.nvmlDeviceGetMaxMigDeviceCount(device) if now == pynvml.NVML_DEVICE_MIG_ENABLE else 0
    except pynvml.NVMLError:  # most GPUs do not know MIG
        return []
    found = []
    for index in range(most):
        try:
            found.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device, index))
        except pynvml.NVMLError:  # numbers need not be in use
            continue
    return found


def _why_none(error: pynvml.NVMLError) -> str:
    match getattr(error, "value", None):
        case pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
            return "No NVIDIA driver is installed here (libnvidia-ml.so.1 was not found)."
        case pynvml.NVML_ERROR_DRIVER_NOT_LOADED:
            return "The NVIDIA driver is installed but not loaded; `sudo modprobe nvidia` or a restart loads it."
        case pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
            return "The NVIDIA driver was updated while the machine ran; restart the machine."
        case pynvml.NVML_ERROR_NO_PERMISSION:
            return "This user may not use the GPU; check the permissions of /dev/nvidia*."
    return f"The NVIDIA driver answers with an error: {error}. In a container, make the container anew."
