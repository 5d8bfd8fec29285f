"""The shooting of a take: its frames are drawn, and beside that written and cut to films."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract import cores
from pipelines.morph import Options
from pipelines.morph.blend import Easing, moments
from pipelines.morph.camera import Camera, Side, framed, yaw
from pipelines.morph.pair import Take
from pipelines.morph.png import encoded, loaded
from pipelines.morph.renderers import Renderer, Shot
from pipelines.morph.sheet import Tile, contact_sheet, picked, tile
from pipelines.morph.surface import Picture, Subject

if TYPE_CHECKING:  # else where there is a film: FFmpeg takes long to load
    from pipelines.morph.film import Film

AHEAD = 12
"""How many drawn pictures may wait to be encoded: memory is bounded, and no core waits."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the seconds went, by part."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Afterwards what the block took is counted to that part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def rounded(self) -> dict[str, float]:
        """The seconds to the millisecond."""
        return {name: round(seconds, 3) for name, seconds in self.seconds.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """What is told of a shooting. empty: a picture on the contact sheet shows nothing but background."""

    clock: Clock
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Where a take is shot. each: called with the number of frames drawn, after each."""

    options: Options
    renderer: Renderer
    folder: Path
    each: Callable[[int], None]

    @property
    def frames(self) -> Path:
        """The folder of the frames."""
        return self.folder / "frames"

    @property
    def filming(self) -> bool:
        """Whether a film is wanted."""
        return "video" in self.options.wanted

    @property
    def keeping(self) -> bool:
        """Whether frames become files, were it only for a film that is made from them."""
        later = self.options.boomerang or not {"gif", "webp"}.isdisjoint(self.options.films)
        return "frames" in self.options.wanted or (self.filming and later)


def shots(options: Options, legs: int) -> tuple[tuple[Shot, ...], ...]:
    """The pictures of each leg, in play order; where one leg meets the next, the picture is taken once."""
    steps = moments(options.frames, Easing(options.easing))
    side, last = Side(options.camera), legs * (options.frames - 1)
    return tuple(
        tuple(
            Shot(t, yaw(side, (leg * (options.frames - 1) + number) / last))
            for number, t in enumerate(steps)
            if number or not leg
        )
        for leg in range(legs)
    )


def filmed(take: Take, place: Set, after: Callable[[int, Subject], None]) -> Footage:
    """Afterwards the folder holds the ``frames/``, films and ``contact-sheet.png`` of a take.

    The frames' names sort in play order. after: called with each leg's number and subject, while the renderer still
    has it loaded.
    """
    clock = Clock()
    with clock.part("prepare"):
        place.folder.mkdir(parents=True, exist_ok=True)
        subjects = take.subjects()
        used = take.meshes[0].used
        ends = [end[used] for one in subjects for end in (one.a, one.b)]
        camera = framed(*ends, side=Side(place.options.camera))
    if not (place.keeping or place.filming):
        for leg, drawn in enumerate(subjects):
            place.renderer.load(drawn, camera)
            after(leg, drawn)
        return Footage(clock=clock, empty=False)
    tiles = _Shooting(place, clock, subjects, camera).tiles(take.called, after)
    with clock.part("sheet"):
        sheet = contact_sheet(tiles)
        (place.folder / "contact-sheet.png").write_bytes(encoded(np.asarray(sheet)))
    with clock.part("films"):
        _from_frames(place)
    ground = place.options.background_rgb
    return Footage(clock=clock, empty=any(bool((one.picture == ground).all()) for one in tiles))


class _Shooting:
    """The drawing of all legs, and beside it the writing; one film, in order."""

    def __init__(self, place: Set, clock: Clock, subjects: tuple[Subject, ...], camera: Camera) -> None:
        self._place, self._clock, self._subjects, self._camera = place, clock, subjects, camera
        self._shots = shots(place.options, len(subjects))
        total = sum(map(len, self._shots))
        self._width = max(4, len(str(total - 1)))
        self._chosen = picked(place.options.frames, len(subjects))
        self._called: tuple[str, ...] = ()
        self._tiles: list[Tile] = []
        self._waiting: deque[Future[None]] = deque()
        self._count = 0

    def tiles(self, called: tuple[str, ...], after: Callable[[int, Subject], None]) -> tuple[Tile, ...]:
        """Shoots, and gives the frames of the contact sheet. called: the meshes, in the order of the film."""
        place, self._called = self._place, called
        with ExitStack() as stack:
            writers = stack.enter_context(ThreadPoolExecutor(cores()))
            film = self._film(stack)
            cutter = stack.enter_context(ThreadPoolExecutor(1))  # one, so that the film keeps its order
            for leg, subject in enumerate(self._subjects):
                with self._clock.part("prepare"):
                    place.renderer.load(subject, self._camera)
                for picture in self._drawn(leg):
                    self._write(picture, writers)
                    if film:
                        self._waiting.append(cutter.submit(film.add, picture))
                    self._wait(AHEAD)
                with self._clock.part("outputs"):
                    after(leg, subject)
            self._wait(0)
            if film and place.options.boomerang:
                for number in range(self._count - 2, 0, -1):
                    film.add(loaded(self._path(number)))
        return tuple(self._tiles)

    def _film(self, stack: ExitStack) -> Film | None:
        options = self._place.options
        if not self._place.filming or "mp4" not in options.films:
            return None
        from pipelines.morph.film import Film  # noqa: PLC0415  see above

        path = self._place.folder / "animation.mp4"
        return stack.enter_context(Film(path, options.resolution, options.fps))

    def _drawn(self, leg: int) -> Iterator[Picture]:
        pictures = self._place.renderer.frames(self._shots[leg])
        for shot in self._shots[leg]:
            with self._clock.part("draw"):
                picture = next(pictures)
            if self._count in self._chosen:
                self._tiles.append(self._tile(picture, leg, shot.t))
            yield picture
            self._count += 1
            self._place.each(self._count)

    def _tile(self, picture: Picture, leg: int, t: float) -> Tile:
        if t not in {0.0, 1.0}:
            return tile(picture, f"{(leg + t) / len(self._shots):.0%}")
        name = self._called[leg + round(t)]
        if len(self._shots) == 1:  # its ends are A and B in maps and tables too
            name = f"{'B' if t else 'A'}: {name}"
        return tile(picture, name, is_name=True)

    def _write(self, picture: Picture, writers: ThreadPoolExecutor) -> None:
        if self._place.keeping:
            self._place.frames.mkdir(exist_ok=True)
            self._waiting.append(writers.submit(_written, self._path(self._count), picture))

    def _path(self, number: int) -> Path:
        return self._place.frames / f"{number:0{self._width}}.png"

    def _wait(self, most: int) -> None:
        """Afterwards at most so many pictures are still to be encoded. Raises what went wrong with one."""
        with self._clock.part("encode"):
            while len(self._waiting) > most:
                self._waiting.popleft().result()


def _written(path: Path, picture: Picture) -> None:
    path.write_bytes(encoded(picture))


def _from_frames(place: Set) -> None:
    """Afterwards the films that are made from finished frames are there, and frames that only they needed are gone."""
    options = place.options
    if place.filming and not {"gif", "webp"}.isdisjoint(options.films):
        from pipelines.morph.film import gif, webp  # noqa: PLC0415  see above

        paths = sorted(place.frames.iterdir())
        order = [*paths, *paths[-2:0:-1]] if options.boomerang else paths
        for kind, make in (("gif", gif), ("webp", webp)):
            if kind in options.films:
                make(order, place.folder / f"animation.{kind}", options.fps)
    if place.keeping and "frames" not in options.wanted:
        shutil.rmtree(place.frames)
