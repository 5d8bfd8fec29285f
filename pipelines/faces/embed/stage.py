"""The stage ``embed``: a shard's pictures and videos become a harvest of faces with embeddings."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import cv2

from pipelines.contract import Fault, Result, Work, cores, dump, read_result, write_atomic
from pipelines.faces import Options
from pipelines.faces.columns import Chips, write_harvest
from pipelines.faces.embed.checkpoints import EVERY, Gathered, gathered, part_of, reached, write_part
from pipelines.faces.embed.files import Listed, Reading, listed, tried, views
from pipelines.faces.embed.looking import Eyes, eyes, look
from pipelines.faces.embed.packs import pack_of
from pipelines.faces.embed.sessions import gpu, versions
from pipelines.faces.embed.trial import Marks, Trial
from pipelines.faces.embed.views import Seen, View, Wishes
from pipelines.faces.packs import digest

CHUNK = 16
"""Views that a worker takes at a time; their faces are recognised together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shard:
    """What all steps of a shard have in common."""

    work: Work
    options: Options
    files: tuple[Listed, ...]
    who: Eyes
    reading: Reading

    @property
    def parts(self) -> Path:
        return self.work.folder / "parts"

    @property
    def wishes(self) -> Wishes:
        options = self.options
        return Wishes(min_size=options.min_size, max_pixels=options.max_pixels, crops=options.place == "crop")


def embed(work: Work) -> Result:
    """Afterwards the stage's folder is a Harvest, with ``crops/<row>.jpg`` where crops were asked for.

    What was seen before a kill is not looked at again. A file that cannot be looked at is a fault, however many there
    are: whether nothing at all could be read is known when all shards are done. Raises BadInput for a pack that is not
    there, RuntimeError where a GPU was given that cannot be used.
    """
    began = time.perf_counter()
    done = work.folder / "done"
    if (before := read_result(done)) is not None:
        return before
    cv2.setNumThreads(1)  # its own threads would take cores that others were given
    options = Options(**work.request.options)
    models = work.weights("")
    pack = pack_of(options.pack, models)
    files = listed(work)
    with Trial(options.max_pixels, options.video_interval) as trial:
        reading = Reading(options=options, marks=Marks(work.folder / "in-hand.json"), trial=trial)
        tried(files, reading)
        shard = _Shard(work=work, options=options, files=files, who=eyes(pack, models), reading=reading)
        started = time.perf_counter()
        looked_at = _looked(shard)
    ended = time.perf_counter()
    result = _finished(shard, {"start": started - began, "look": ended - started}, looked_at)
    done.mkdir(exist_ok=True)
    write_atomic(done / "result.json", dump(result))
    shutil.rmtree(shard.parts, ignore_errors=True)
    return result


def _looked(shard: _Shard) -> int:
    """Afterwards every file of the shard is in a part; how many views this process looked at."""
    waiting: list[Seen] = []
    count = 0
    for seen in _seen(shard, views(shard.files, reached(shard.parts), shard.reading)):
        count += len(seen)
        waiting += seen
        if len(waiting) >= EVERY:
            write_part(shard.parts, part_of(waiting))
            waiting = []
        last = shard.files[seen[-1].place]
        note = last.picture.path if last.picture.kind == "video" else ""
        shard.work.progress(last.place + 1, len(shard.files), "pictures", note)
    if waiting:
        write_part(shard.parts, part_of(waiting))
    return count


def _seen(shard: _Shard, each: Iterator[View]) -> Iterator[list[Seen]]:
    """What is seen, a chunk at a time and in order, by as many workers as there are cores.

    Each decodes, searches and recognises by itself: networks of one thread side by side waste less than one of many.
    A GPU has a worker more, which decodes while the other's faces are on it.
    """
    workers = max(2, cores()) if gpu() else cores()
    marks = shard.reading.marks
    running: deque[tuple[list[int], Future[list[Seen]]]] = deque()
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        for chunk in _chunks(each):
            places = [view.place for view in chunk]
            marks.take(places)
            running.append((places, pool.submit(look, shard.who, chunk, shard.wishes)))
            if len(running) > workers:
                yield _ended(marks, running.popleft())
        while running:
            yield _ended(marks, running.popleft())


def _ended(marks: Marks, job: tuple[list[int], Future[list[Seen]]]) -> list[Seen]:
    places, future = job
    seen = future.result()
    marks.drop(places)
    return seen


def _chunks(each: Iterator[View]) -> Iterator[list[View]]:
    while chunk := list(islice(each, CHUNK)):
        yield chunk


def _finished(shard: _Shard, seconds: dict[str, float], views_seen: int) -> Result:
    """Afterwards the harvest is in the stage's folder; what there is to tell about it."""
    work, pack = shard.work, shard.who.pack
    whole = gathered(shard.parts, shard.options.video_interval)
    pictures = whole.harvest.pictures
    if shard.wishes.crops:
        _write_crops(work.folder / "crops", whole.crops)
    write_harvest(work.folder, whole.harvest)
    return Result(
        figures=_figures(whole, seconds, views_seen),
        warnings=tuple(f"{path}: {note}" for path, note in whole.notes),
        faults=tuple(Fault(what=p.path, why=p.problem) for p in pictures if p.problem is not None),
        versions={**_ran_by(shard.who), "opencv": cv2.__version__, "pillow": version("pillow")},
        weights={Path(name).name: digest(work.weights(name)) for name in (pack.detector, pack.recogniser)},
    )


def _ran_by(who: Eyes) -> dict[str, str]:
    return versions((who.detector.session, who.recogniser.session))


def _figures(whole: Gathered, seconds: dict[str, float], views_seen: int) -> dict[str, object]:
    pictures = whole.harvest.pictures
    return {
        "pictures": len(pictures),
        "faces": len(whole.harvest.faces),
        "unreadable": sum(picture.problem is not None for picture in pictures),
        "without_face": len(pictures) - len(set(whole.harvest.faces["picture"].tolist())),
        "alike_in_videos": whole.thinned,
        "looked_at": views_seen,
        "rate": round(views_seen / max(seconds["look"], 1e-9), 1),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }


def _write_crops(folder: Path, crops: Chips) -> None:
    folder.mkdir(exist_ok=True)
    for row in range(len(crops)):
        (folder / f"{row}.jpg").write_bytes(crops[row])
