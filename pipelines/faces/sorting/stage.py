"""The stage ``cluster``: what was dropped or said enters the gallery, everybody is sorted, a revision is written."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from importlib.metadata import version

from pipelines.contract import BadInput, Result, Work
from pipelines.faces import Options
from pipelines.faces.embed.packs import pack_of
from pipelines.faces.gallery.about import About
from pipelines.faces.gallery.drafting import Contents, Draft, begun, closed, unchanged
from pipelines.faces.gallery.overlay import Overlay
from pipelines.faces.gallery.reading import STATE, Gallery, assembled, read_gallery
from pipelines.faces.gallery.records import empty_census
from pipelines.faces.packs import Pack
from pipelines.faces.registry import PACKS
from pipelines.faces.sorting.arrivals import Arrival, arrived, estimated_since
from pipelines.faces.sorting.forgetting import Forgotten, forgotten
from pipelines.faces.sorting.listening import Heard, listened
from pipelines.faces.sorting.round import PATIENCE, Outcome, Round, sorted_anew
from pipelines.faces.sorting.settings import Settings, settled, warned
from pipelines.faces.sorting.told import changes, figured, summary

SILENT = ("recluster", "edits")
"""Commands that mean nothing to a collection without faces."""
SORTING = (None, "recluster")
"""What brings a collection to the pack that the options name; other commands leave it with the one that it has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn:
    """A job on its way. before: the gallery as it was read. renewed: its embeddings are of another pack now."""

    work: Work
    options: Options
    pack: Pack
    draft: Draft
    before: Gallery | None
    heard: Heard
    arrival: Arrival
    forgotten: Forgotten | None
    renewed: bool
    seconds: dict[str, float]

    @property
    def gallery(self) -> Gallery:
        """As it is now, not sorted yet."""
        return self.arrival.gallery


def cluster(work: Work) -> Result:
    """Afterwards the stage's folder holds what is new of the collection: faces, people, decisions.

    Raises BadInput for a drop in which no picture could be looked at, and for commands that ask what is not there.
    """
    before = read_gallery(Overlay(new=None, old=work.state))
    if before is None and work.request.command is not None:
        if work.request.command in SILENT:
            return Result(answer="There is nobody in this collection yet.")
        raise BadInput("There is nobody in this collection yet. Drop pictures into its folder first.")
    turn = _begun(work, before)
    settings = settled(turn.options, turn.pack, len(turn.gallery))
    began = time.perf_counter()
    outcome = sorted_anew(_round(turn, settings))
    turn.seconds["sort"] = round(time.perf_counter() - began, 3)
    return _result(turn, settings, outcome, _written(turn, settings, outcome))


def _begun(work: Work, before: Gallery | None) -> Turn:
    """The job, with all that was said and dropped in its gallery."""
    began = time.perf_counter()
    options, draft = Options(**work.request.options), begun(work)
    pack = _pack(work, options.pack)
    if before is not None and work.request.command not in SORTING:
        pack = _pack(work, before.about.pack)
    heard = listened(work, before or _fresh(pack, draft))
    gallery, gone = heard.gallery, None
    if heard.forget is not None:
        gone = forgotten(draft, gallery, heard.forget)
        gallery = gone.gallery
    renews = gallery.about.recogniser != pack.recogniser_sha256
    if renews:
        from pipelines.faces.sorting.renewal import renewed  # noqa: PLC0415  loads the networks; few change packs

        gallery = renewed(work, draft, gallery, pack)
    estimated_since(work, draft, gallery)
    arrival = Arrival(gallery=gallery) if work.request.command else arrived(work, draft, gallery)
    return Turn(
        work=work,
        options=options,
        pack=pack,
        draft=draft,
        before=before,
        heard=heard,
        arrival=arrival,
        forgotten=gone,
        renewed=renews,
        seconds={"read": round(time.perf_counter() - began, 3)},
    )


def _pack(work: Work, name: str) -> Pack:
    return PACKS[name] if name in PACKS else pack_of(name, work.weights(""))


def _fresh(pack: Pack, draft: Draft) -> Gallery:
    about = About(pack=pack.name, recogniser=pack.recogniser_sha256, dimension=pack.dimension)
    return assembled(draft.files, about, empty_census(0), ())


def _round(turn: Turn, settings: Settings) -> Round:
    request = turn.work.request
    faces = len(turn.gallery)

    def told(share: float) -> None:
        turn.work.progress(round(share * faces), faces, "faces", "compared with all others")

    given = Round(
        gallery=turn.gallery,
        settings=settings,
        revision=request.revision + 1,
        before=turn.before,
        anew=turn.renewed or bool(request.arguments.get("full")),
        patience=None if request.command else PATIENCE,
        told=told,
    )
    return replace(given, gone=turn.forgotten.gone) if turn.forgotten else given


def _written(turn: Turn, settings: Settings, outcome: Outcome) -> tuple[str, ...] | None:
    """Afterwards the draft is whole; what it keeps of the old files, or None where nothing has changed at all."""
    about = replace(turn.gallery.about, next_person=outcome.next_person, sorted=settings.record(outcome.graphed))
    contents = Contents(about=about, census=outcome.census, decisions=turn.gallery.decisions, graph=outcome.graph)
    kept = closed(turn.draft, contents)
    if unchanged(turn.draft):
        shutil.rmtree(turn.draft.new)
        return None
    return kept


def _result(turn: Turn, settings: Settings, outcome: Outcome, kept: tuple[str, ...] | None) -> Result:
    census = outcome.census
    gallery = replace(turn.gallery, census=census)
    before = turn.before.census if turn.before else None
    arrival = turn.arrival
    late = f" {outcome.late:,} faces have joined until the night, when all are sorted." if outcome.late else ""
    figures = {
        **figured(gallery, settings),
        **changes(before, census),
        "new_pictures": arrival.pictures,
        "new_faces": arrival.faces,
        "pictures_again": arrival.again,
        "late": outcome.late,
        "seconds": turn.seconds,
    }
    gone = {"prune": True, "forget": list(turn.forgotten.pictures)} if turn.forgotten else {}
    return Result(
        state=None if kept is None else STATE,
        keep=kept or (),
        figures=figures,
        versions={name: version(name) for name in ("numpy", "scipy")},
        warnings=(*warned(turn.pack), *turn.heard.warnings),
        faults=arrival.faults,
        answer=" ".join(part for part in (turn.heard.answer, summary(census) + late) if part),
        data={**gone, "people": len(census.people), "faces": len(gallery)},
    )
