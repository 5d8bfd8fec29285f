"""What options ask for that cannot be had, or that does nothing for the drop at hand: said before anybody waits."""

from __future__ import annotations

from pathlib import Path

from pipelines.contract import Unready
from pipelines.talking_head import RASTERS, Options
from pipelines.talking_head.about import About
from pipelines.talking_head.own import KINDS

OWN = RASTERS[0]
EGSTALKER = "egstalker"


def unused(options: Options, about: About | None) -> tuple[str, ...]:
    """A line for each option that does nothing. about: of the subject that is played as it is; None: one is learned."""
    found = _settled(options, about) if about else []
    engine, front = (about.engine, about.front_end) if about else (options.engine, options.front_end)
    if options.raster != OWN and engine != EGSTALKER:
        found.append(f'raster = "{options.raster}" does nothing: engine = "{engine}" draws no Gaussians.')
    if options.front_end_folder and not about and front not in KINDS:
        folder, kinds = f'front_end_folder = "{options.front_end_folder}"', " and ".join(KINDS)
        found.append(f'{folder} does nothing: front_end = "{front}" has none, only {kinds} are in folders of yours.')
    return tuple(found)


def _settled(options: Options, about: About) -> list[str]:
    """What was settled when the subject was learned, and is asked for otherwise now."""
    found = []
    for name, now, then in (
        ("engine", options.engine, about.engine),
        ("drive", options.drive, about.drive),
        ("front_end", options.front, about.front_end),
        ("resolution", options.resolution, about.side),
        ("iterations", options.iterations, about.iterations or options.iterations),
    ):
        if now != then:
            asked, had = (f"{one}" if isinstance(one, int) else f'"{one}"' for one in (now, then))
            found.append(
                f"{name} = {asked} does nothing for this film: the person was learned with {had}. It counts when a "
                "video of them is dropped."
            )
    return found


def drawable(options: Options, about: About | None, system: Path = Path("/proc")) -> None:
    """Afterwards what draws is not known to be missing. Raises Unready where gsplat is asked for and no GPU is here.

    system: where the kernel tells of itself. Whether a stage is given the GPU that is here, it finds out itself.
    """
    engine = about.engine if about else options.engine
    if options.raster == OWN or engine != EGSTALKER or _has_gpu(system):
        return
    raise Unready(f'raster = "{options.raster}" draws on GPUs alone, and this machine has none. Take "{OWN}".')


def _has_gpu(system: Path) -> bool:
    """Whether there is NVIDIA's driver; Windows keeps it to itself, so its Linux may always have one."""
    release = system / "sys" / "kernel" / "osrelease"
    windows = release.is_file() and "microsoft" in release.read_text("utf-8", "replace").lower()
    return windows or (system / "driver" / "nvidia").exists()
