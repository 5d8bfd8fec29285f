"""The stage ``tree``: what the result tree of a collection is to hold, and all in it that is not the user's."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contract import TREE, Fault, Leaf, Place, Result, Shown, Work, cores, read_shown, write_lines
from pipelines.faces import Options
from pipelines.faces.gallery.reading import Gallery, opened
from pipelines.faces.registry import PACKS
from pipelines.faces.tree.arranging import Arrangement, arranged
from pipelines.faces.tree.crops import Crops, fresh, held
from pipelines.faces.tree.holdings import Holdings
from pipelines.faces.tree.leaves import elsewhere, leaves
from pipelines.faces.tree.maps import maps
from pipelines.faces.tree.places import OURS, Kind
from pipelines.faces.tree.portraits import everybody, folders_of, gathered, person_sheets
from pipelines.faces.tree.report import report
from pipelines.faces.tree.sheets import Sheet, drawn
from pipelines.faces.tree.tables import faces_table, pictures_table, write_csv, write_parquet
from pipelines.faces.tree.telling import Told, told
from pipelines.faces.tree.views import chosen, mirrored, values

PUBLISHED = "tree"
EVERY = 200
"""Sheets between two lines of progress."""
UNESTIMATED = (
    "Nothing was estimated of the faces of this collection (age, gender, emotion, race), so there is nothing to filter "
    "or to view by. The next drop has it estimated, or `visaged recluster`."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What the stage works with. into: the folder that is published."""

    work: Work
    options: Options
    gallery: Gallery
    holdings: Holdings
    shown: tuple[Shown, ...]
    into: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def crops(self) -> bool:
        """Whether crops stand in the folders instead of pictures."""
        return self.options.place == "crop"


def tree(work: Work) -> Result:
    """Afterwards the stage's folder holds ``tree.jsonl`` and what is new of our own in the tree."""
    into = work.folder / PUBLISHED
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    gallery = opened(work)
    if gallery is None:
        write_lines(into / TREE, ())
        return Result(publish=PUBLISHED)
    job = _job(work, gallery, into)
    began = time.perf_counter()
    found, warnings = _arranged(job)
    pictures = list(_pictures(job, found))
    job.seconds["arrange"] = _since(began)
    own = list(_own(job, found, warnings))
    write_lines(into / TREE, (*pictures, *own))
    faults = tuple(Fault(what=one.what, why=f"{one.why}.") for one in found.now.mishaps)
    return Result(publish=PUBLISHED, warnings=warnings, faults=faults, figures=_figures(job, found, own))


def _job(work: Work, gallery: Gallery, into: Path) -> Job:
    published = work.request.published
    return Job(
        work=work,
        options=Options(**work.request.options),
        gallery=gallery,
        holdings=Holdings(
            pictures=gallery.pictures,
            faces=gallery.faces,
            census=gallery.census,
            decisions=gallery.decisions,
            embeddings=gallery.embeddings_of,
            chip=gallery.chip,
            attributes=_attributes(gallery),
        ),
        shown=tuple(read_shown(work.job / published)) if published else (),
        into=into,
    )


def _attributes(gallery: Gallery) -> Any:
    paths = gallery.attributes()
    if not paths:
        return None
    from pipelines.faces.tree.attribute_files import read_attributes  # noqa: PLC0415  few collections have any

    return read_attributes(paths, gallery.ids)


def _arranged(job: Job) -> tuple[Arrangement, tuple[str, ...]]:
    """Who stands where, and what the user is to know of it."""
    options, attributes = job.options, job.holdings.attributes
    may = chosen(job.holdings, attributes, options.filter) if attributes is not None and options.filter else None
    asks = bool(options.filter or options.views) and attributes is None
    found = arranged(job.holdings, job.shown, crops=job.crops, chosen=may)
    told = [f"{one.what}: {one.why}." for one in found.now.mishaps]
    return found, (*told, UNESTIMATED) if asks else tuple(told)


def _pictures(job: Job, found: Arrangement) -> Iterator[Leaf]:
    """Leaves of the user's pictures, and of crops of them."""
    made = sorted(job.work.earlier("embed").glob("*/")) if job.crops else []
    crops = Crops(
        holdings=job.holdings, held=held(found.now), fresh=fresh(job.holdings, made) if made else {}, into=job.into
    )
    place = Place.AUTO if job.crops else Place(job.options.place)
    each = list(leaves(job.holdings, found.placed, place, crops.of))
    yield from each
    if (attributes := job.holdings.attributes) is not None:
        for view in job.options.views:
            pairs = zip(found.placed, each, strict=True)
            yield from mirrored(view, values(job.holdings, attributes, view), pairs)
    yield from elsewhere(found)


def _own(job: Job, found: Arrangement, warnings: tuple[str, ...]) -> Iterator[Leaf]:
    """Leaves of what we make besides."""
    began = time.perf_counter()
    yield from maps(job.holdings, found.placed, job.into)
    yield from _tables(job, found)
    job.seconds["tables"] = _since(began)
    began = time.perf_counter()
    yield from _sheets(job, found)
    job.seconds["sheets"] = _since(began)
    began = time.perf_counter()
    more = Told(title=_title(job), warnings=warnings, facts=_facts(job))
    (job.into / "report.html").write_bytes(report(told(job.holdings, found, more)))
    yield Leaf(path="report.html", file="report.html", tag=OURS)
    job.seconds["report"] = _since(began)


def _tables(job: Job, found: Arrangement) -> Iterator[Leaf]:
    faces = faces_table(job.holdings, found.placed)
    write_csv(job.into / "faces.csv", faces)
    write_parquet(job.into / "faces.parquet", faces)
    write_csv(job.into / "pictures.csv", pictures_table(job.holdings, found.placed))
    for name in ("faces.csv", "faces.parquet", "pictures.csv"):
        yield Leaf(path=name, file=name, tag=OURS)


def _sheets(job: Job, found: Arrangement) -> Iterator[Leaf]:
    """Every sheet; only those that have changed are drawn."""
    people = gathered(job.holdings, found.placed, Kind.PEOPLE)
    folders = folders_of(found.placed, Kind.PEOPLE)
    sheets = [
        *everybody(job.holdings, _title(job), people, found.hidden),
        *person_sheets(job.holdings, people, folders, found.hidden),
    ]
    there = {line.tag: line.sha256 for line in job.shown if line.path and line.tag.startswith(f"{OURS} ")}
    new = [sheet for sheet in sheets if _tag(sheet) not in there]
    files = dict(zip((sheet.path for sheet in new), _drawn(job, new), strict=True))
    for sheet in sheets:
        tag, file = _tag(sheet), files.get(sheet.path)
        yield Leaf(path=sheet.path, file=file, sha256=None if file else there[tag], tag=tag)


def _tag(sheet: Sheet) -> str:
    return f"{OURS} sheet:{sheet.mark}"


def _drawn(job: Job, sheets: Sequence[Sheet]) -> Iterator[str]:
    """The files of the sheets, in order, each drawn before it is told."""
    (job.into / "sheets").mkdir(exist_ok=True)

    def draw(number: int) -> str:
        file = f"sheets/{number}.jpg"
        (job.into / file).write_bytes(drawn(sheets[number], job.holdings.chip))
        return file

    with ThreadPoolExecutor(cores()) as pool:
        for number, file in enumerate(pool.map(draw, range(len(sheets)))):
            if number % EVERY == 0:
                job.work.progress(number, len(sheets), "contact sheets")
            yield file


def _title(job: Job) -> str:
    return job.work.request.key or job.work.request.name


def _facts(job: Job) -> dict[str, str]:
    about = job.gallery.about
    pack = PACKS.get(about.pack)
    sorts = about.sorted
    facts = {"Pack of models": f"{about.pack}: {pack.about}" if pack else about.pack}
    facts |= {"Licence of the weights": pack.licence} if pack else {}
    facts |= {
        "Faces become people by": f"{sorts.method}, from a mean cosine similarity of {sorts.same:.3g}",
        "A named person is joined": f"from {sorts.join:.3g}; asked about from {sorts.review:.3g}",
        "A person needs": f"{job.options.min_faces} faces",
        "In the folders stand": "crops of the faces" if job.crops else "the pictures",
    }
    if job.options.filter and job.holdings.attributes is not None:
        facts["Shown are only"] = ", ".join(f"{name} {value}" for name, value in job.options.filter.items())
    return facts


def _figures(job: Job, found: Arrangement, own: Sequence[Leaf]) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for one in found.placed:
        kinds[one.spot.kind] = kinds.get(one.spot.kind, 0) + 1
    drawn_now = sum(leaf.file is not None and "sheet:" in leaf.tag for leaf in own)
    return {"files": kinds, "sheets_drawn": drawn_now, "strangers": len(found.now.strangers), "seconds": job.seconds}


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
