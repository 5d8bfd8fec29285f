"""What of a Docker engine would keep stages from running in containers: images, mounts, GPUs; and what to do then."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.doctor import Finding, State
from daemon.errors import ConfigError, RunnerUnavailable
from daemon.gpus import Gpu
from daemon.runners.docker.answers import Image
from daemon.runners.docker.engine import Declined, Engine
from daemon.runners.docker.settings import Pull, Settings
from daemon.runners.docker.site import Site
from daemon.runners.docker.spec import gpu_request

SAFE_TOOLKIT = (1, 17, 8)
"""The first version of NVIDIA's container toolkit in which a container cannot take over the host (CVE-2025-23266)."""
PATIENCE = 60.0
TOOLKIT = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit: install it, then restart the engine"
LISTING = ["sh", "-c", "nvidia-smi -L"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined. used: the pipelines whose stages run in containers. gpus: those that stages may use."""

    settings: Settings
    used: tuple[str, ...]
    gpus: tuple[Gpu, ...]


def examine_engine(patient: Patient) -> Iterator[Finding]:
    """What was looked at of the engine, the good too; nothing where no pipeline uses it. Containers come and go."""
    if not patient.used:
        return
    engine = Engine(patient.settings.address)
    try:
        engine.answers()
        yield from _images(engine, patient)
        yield _mounts(engine, patient.settings)
        yield from _gpus(engine, patient)
    except RunnerUnavailable as error:
        fix = "start it (`sudo systemctl start docker`), and let this user use it (`sudo usermod -aG docker $USER`)"
        yield Finding(what="Docker engine", state=State.BAD, says=str(error), fix=fix)
    finally:
        engine.close()


def _images(engine: Engine, patient: Patient) -> Iterator[Finding]:
    for pipeline in patient.used:
        containers = patient.settings.pipelines[pipeline]
        what, image = f"image of {pipeline}", engine.image(containers.image)
        if image is not None:
            yield Finding(what=what, state=State.OK, says=f"{containers.image} is here, {image.digest}.")
        elif containers.pull is Pull.NEVER:
            says = f"{containers.image} is not here, and config.toml says not to fetch it."
            fix = "make images, which builds it; or docker pull it, or set pull in config.toml"
            yield Finding(what=what, state=State.BAD, says=says, fix=fix)
        else:
            says = f"{containers.image} is not here yet; it is fetched when it is needed."
            yield Finding(what=what, state=State.OK, says=says)


def _mounts(engine: Engine, settings: Settings) -> Finding:
    """Whether containers see the work folder, tried in a container."""
    if not settings.work.is_dir():
        return Finding(what="mounts", state=State.OK, says=f"Not tried, since {settings.work} is not there yet.")
    site = Site(settings=settings, engine=engine, root=secrets.token_hex(16), report=lambda _: None)
    try:
        proven = site.proven()
    except (ConfigError, OSError) as error:
        return Finding(what="mounts", state=State.BAD, says=str(error), fix="mount the work folder at the same path")
    if proven is None:
        return Finding(what="mounts", state=State.WARN, says="Not tried, since no image of a pipeline is here.")
    return Finding(what="mounts", state=State.OK, says=f"A container reads and writes {settings.work}.")


# ---------------------------------------------------------------- GPUs


def _gpus(engine: Engine, patient: Patient) -> Iterator[Finding]:
    """Whether a container gets a GPU, tried with the first of them."""
    if not patient.gpus:
        return
    yield from toolkit(_toolkit_version())
    here = (engine.image(patient.settings.pipelines[name].image) for name in patient.used)
    image = next((one for one in here if one), None)
    if image is not None:
        yield gpu_finding(patient.gpus[0], *_tried(engine, image, patient.gpus[0]))


def gpu_finding(gpu: Gpu, said: str, why: str) -> Finding:
    """What a container with a GPU says. said: what ``nvidia-smi -L`` printed in it. why: why there was no container."""
    what = "GPU in a container"
    if gpu.uuid in said:
        return Finding(what=what, state=State.OK, says=f"A container sees {gpu.name} ({gpu.uuid}).")
    if not why:
        says = "A container starts with the GPU but does not see it, so NVIDIA's toolkit did not do its part."
        return Finding(what=what, state=State.BAD, says=says, fix=TOOLKIT)
    for sign, (says, fix) in SIGNS.items():
        if sign in why:
            return Finding(what=what, state=State.BAD, says=says.format(driver=gpu.driver), fix=fix)
    return Finding(what=what, state=State.BAD, says=f"No container can be started with the GPU: {why}", fix=TOOLKIT)


SIGNS: Mapping[str, tuple[str, str]] = {
    "could not select device driver": ("The engine cannot give GPUs: NVIDIA's container toolkit is missing.", TOOLKIT),
    "unsatisfied condition": (
        "The NVIDIA driver {driver} is too old for the CUDA of the image.",
        "install a newer driver, or build the image for an older CUDA",
    ),
    "unresolvable CDI devices": (
        "The engine's list of GPUs (CDI) does not have this one.",
        "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    ),
    "nvidia-container-cli": (
        "NVIDIA's container toolkit cannot reach the driver {driver}.",
        "try nvidia-smi on the host; restart the machine after an update of the driver",
    ),
}
"""What an engine says that gives no GPU, and what it means."""


def toolkit(version: tuple[int, ...]) -> Iterator[Finding]:
    """What is to be said of a version of NVIDIA's container toolkit; nothing where it is not known."""
    if not version:
        return
    shown = ".".join(map(str, version))
    if version < SAFE_TOOLKIT:
        says = f"NVIDIA's container toolkit {shown} lets a container take over the host (CVE-2025-23266)."
        fix = f"install version {'.'.join(map(str, SAFE_TOOLKIT))} or newer"
        yield Finding(what="NVIDIA toolkit", state=State.BAD, says=says, fix=fix)
    else:
        yield Finding(what="NVIDIA toolkit", state=State.OK, says=f"Version {shown}.")


def version_in(text: str) -> tuple[int, ...]:
    """The first version number in what a program prints of itself; empty: there is none."""
    match = re.search(r"\b(\d+)\.(\d+)\.(\d+)\b", text)
    return tuple(int(part) for part in match.groups()) if match else ()


def _toolkit_version() -> tuple[int, ...]:
    """The version of the toolkit on this machine; in a container, or with an engine elsewhere, it is not seen."""
    for program in ("nvidia-ctk", "nvidia-container-cli"):
        if path := shutil.which(program):
            told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=False)
            return version_in(told.stdout)
    return ()


def _tried(engine: Engine, image: Image, gpu: Gpu) -> tuple[str, str]:
    """What a container with the GPU lists, and why there was none."""
    made = engine.create(f"visaged-probe-{secrets.token_hex(6)}", _configuration(image, gpu, engine))
    if isinstance(made, Declined):
        return "", made.why
    try:
        if declined := engine.start(made):
            return "", declined.why
        engine.wait(made, PATIENCE)
        return b"".join(engine.log(made)).decode("utf-8", "replace"), ""
    finally:
        engine.remove(made)


def _configuration(image: Image, gpu: Gpu, engine: Engine) -> dict[str, Any]:
    return {
        "Image": image.id,
        "Entrypoint": LISTING,
        "Cmd": [],
        "User": "65534:65534",
        "Labels": {"visaged.probe": "gpu"},
        "Env": [f"NVIDIA_VISIBLE_DEVICES={gpu.uuid}"],
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "DeviceRequests": [gpu_request([gpu.uuid], engine.facts().gpus)],
        },
    }
