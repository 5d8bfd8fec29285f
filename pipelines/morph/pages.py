"""The pages that show a result to a person: one for each take, and one that leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.morph.leg import Leg
from pipelines.morph.outputs.report import Entry, Page, Shown, index, report
from pipelines.morph.pair import Take
from pipelines.morph.plan import Plan

FILES = {
    "animation.mp4": "the film",
    "animation.webp": "the film, for pages",
    "animation.gif": "the film, for messages",
    "contact-sheet.png": "ten frames at a glance",
    "frames": "every frame",
    "heatmaps": "the maps, one by one",
    "statistics.csv": "the figures",
    "vertex_displacements.csv": "how far each vertex moves",
    "texture_differences.csv": "how the textures differ",
    "meshes": "an OBJ with its texture for each frame",
    "legs": "maps, tables and meshes of each leg",
    "morph.glb": "the morph as one file with a morph target",
}
"""What may lie in the folder of a result, as its report tells it."""
MAPS = {"shape": "Shape: how far the surface moves", "texture": "Texture: how its colours differ"}
"""The sheets of maps, below heatmaps/, as the report tells them."""


def reported(take: Take, legs: Sequence[Leg], folder: Path, facts: Mapping[str, str], warnings: Sequence[str]) -> None:
    """Afterwards ``report.html`` shows what lies in the folder of a take. Legs whose maps are there are shown."""
    there = {path.name for path in folder.iterdir()}
    film = next((name for name in ("animation.mp4",) if name in there), None)
    page = Page(
        called=take.called,
        film=film,
        poster="contact-sheet.png" if "contact-sheet.png" in there else None,
        pictures=tuple(_maps(legs, folder)),
        statistics={_heading(leg, among=len(legs)): leg.statistics for leg in legs},
        warnings=tuple(warnings),
        files=tuple((name, about) for name, about in FILES.items() if name in there),
        facts=facts,
    )
    (folder / "report.html").write_bytes(report(page))


def _heading(leg: Leg, among: int) -> str:
    """What stands above the figures of a leg; a chain that goes the same way twice moves as far twice."""
    return "Figures" if among == 1 else f"Figures: {' to '.join(leg.pair.called)}"


def indexed(title: str, plan: Plan, folder: Path) -> None:
    """Afterwards ``index.html`` leads to the reports of the takes, each in the folder of its name, and tells faults."""
    done = [
        Entry(
            called=take.called,
            page=f"{take.name}/report.html",
            picture=f"{take.name}/contact-sheet.png" if (folder / take.name / "contact-sheet.png").exists() else None,
        )
        for take in plan.todo
    ]
    failed = [Entry(called=plan.called.get(fault.what, (fault.what,)), about=fault.why) for fault in plan.faults]
    (folder / "index.html").write_bytes(index(title, [*done, *failed], {}))


def _maps(legs: Sequence[Leg], folder: Path) -> list[Shown]:
    found = []
    for leg in legs:
        below = "" if leg.folder == folder else f"{leg.folder.relative_to(folder)}/"
        for name, about in MAPS.items():
            if (leg.folder / "heatmaps" / f"{name}.png").exists():
                of = f"{leg.pair.called[0]} to {leg.pair.called[1]}. " if below else ""
                found.append(Shown(path=f"{below}heatmaps/{name}.png", about=f"{of}{about}"))
    return found
