"""By which method and thresholds a collection is sorted: the options, else what its pack and its size say."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.faces import Options
from pipelines.faces.cluster.thresholds import thresholds
from pipelines.faces.gallery.about import Sorted
from pipelines.faces.packs import Pack
from pipelines.faces.people.pins import Limits
from pipelines.faces.registry import PACKS

MANY = 30_000
"""Faces from which on infomap is the better method, and a night of it the quicker (bench/results/clusters.md): a person
of thousands is torn apart by average linkage. Below, both find the same, and average linkage is the simpler one."""
DEFAULT_TAIL = "buffalo_sc"
"""The pack whose impostors stand in for those of a pack that was never measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How faces are sorted. method: average, infomap or kmeans. clusters: for kmeans.

    floor: least similarity of an edge of the graph.
    """

    method: str
    clusters: int
    limits: Limits
    floor: float

    def record(self, graphed: int) -> Sorted:
        """What the gallery remembers of it. graphed: rows in the graph."""
        limits = self.limits
        return Sorted(
            method=f"{self.method} {self.clusters}" if self.method == "kmeans" else self.method,
            same=limits.same,
            join=limits.join,
            review=limits.review,
            quality=limits.min_quality,
            floor=self.floor,
            graphed=graphed,
        )


def settled(options: Options, pack: Pack, faces: int) -> Settings:
    """The settings for so many faces of a pack; what the options leave at 0 is chosen."""
    chosen = thresholds(pack.impostors or PACKS[DEFAULT_TAIL].impostors, faces)
    same = options.threshold or chosen.same
    join = options.join or same + (chosen.join - chosen.same)
    return Settings(
        method=method_for(faces) if options.method == "auto" else options.method,
        clusters=options.clusters,
        limits=Limits(
            same=same,
            join=join,
            review=options.review or min(join, max(0.01, same - (chosen.same - chosen.review))),
            min_faces=options.min_faces,
            min_quality=options.min_quality,
        ),
        floor=min(chosen.floor, same),
    )


def method_for(faces: int) -> str:
    """The method that is best for so many faces."""
    return "infomap" if faces >= MANY else "average"


def warned(pack: Pack) -> tuple[str, ...]:
    """What the user is to know of the thresholds."""
    if pack.impostors:
        return ()
    said = (
        f"How alike strangers are to {pack.name} was never measured; the thresholds are those of {DEFAULT_TAIL}. If "
        "people are mixed up or torn apart, set `threshold` in the options of faces."
    )
    return (said,)
