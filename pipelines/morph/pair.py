"""One pair of meshes: what is drawn of it, and the folder of pictures and film that comes of that."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from pipelines.contract import cores
from pipelines.morph.blend import moments, normals
from pipelines.morph.camera import followed, framed
from pipelines.morph.film import Film
from pipelines.morph.mesh import Mesh
from pipelines.morph.render import GlRenderer
from pipelines.morph.sheet import Tile, contact_sheet, picked, tile
from pipelines.morph.surface import Clay, Colours, Picture, Skin, Skins, Subject
from pipelines.morph.wording import shown

AHEAD = 4
"""How many drawn pictures may wait to be encoded: memory is bounded, and no core waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two meshes of one topology. called: what a and b are called, each different from all others of the item."""

    called: tuple[str, str]
    a: Mesh
    b: Mesh

    @property
    def name(self) -> str:
        """What the result is called."""
        return "__".join(self.called)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shoot:
    """How every pair is taken."""

    frames: int
    size: int
    fps: float


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


def subject(a: Mesh, b: Mesh) -> Subject:
    """What is drawn of a pair: textured or coloured where both meshes are, else clay. Same topology is the caller's."""
    end = followed(a.vertices, b.vertices)
    shades = normals(a.vertices, end, a.faces)
    return Subject(a=a.vertices, b=end, normals=shades, faces=a.faces, surface=_surface(a, b))


def left_out(a: Mesh, b: Mesh) -> str | None:
    """What one of the two meshes has on it that is not shown because the other has none: a sentence, or None."""
    if _both(a.texture, b.texture) or _both(a.colors, b.colors):
        return None
    if a.texture is not None or b.texture is not None:
        bare = a if a.texture is None else b
        return f"{shown(bare.file)} has no texture, so {shown(a.file)} to {shown(b.file)} is shown untextured."
    if a.colors is not None or b.colors is not None:
        bare = a if a.colors is None else b
        return f"{shown(bare.file)} has no colours, so {shown(a.file)} to {shown(b.file)} is shown without."
    return None


def filmed(pair: Pair, shoot: Shoot, renderer: GlRenderer, folder: Path, each: Callable[[int], None]) -> Clock:
    """Afterwards folder holds the pair's ``frames/``, ``animation.mp4`` and ``contact-sheet.png``; where the time went.

    The frames' names sort in play order. each: called with the number of frames drawn, after each.
    """
    clock = Clock()
    with clock.part("prepare"):
        (folder / "frames").mkdir(parents=True)
        drawn = subject(pair.a, pair.b)
        renderer.load(drawn, framed(drawn.a, drawn.b))
    tiles = _drawn(shoot, renderer, folder, clock, each)
    with clock.part("sheet"):
        contact_sheet(tiles, *pair.called).save(folder / "contact-sheet.png")
    return clock


def _drawn(
    shoot: Shoot, renderer: GlRenderer, folder: Path, clock: Clock, each: Callable[[int], None]
) -> tuple[Tile, ...]:
    """Draw, and beside it write the frames and the film; the frames of the contact sheet."""
    chosen, tiles, waiting = picked(shoot.frames), [], deque[Future[None]]()
    width = max(4, len(str(shoot.frames - 1)))
    with (
        Film(folder / "animation.mp4", shoot.size, shoot.fps) as film,
        ThreadPoolExecutor(cores()) as writers,
        ThreadPoolExecutor(1) as cutter,  # one, so that the film keeps its order
    ):
        for number, t in enumerate(moments(shoot.frames)):
            with clock.part("draw"):
                picture = renderer.frame(t)
            waiting.append(writers.submit(_write, folder / "frames" / f"{number:0{width}}.png", picture))
            waiting.append(cutter.submit(film.add, picture))
            if number in chosen:
                tiles.append(tile(picture, t))
            with clock.part("encode"):
                _wait(waiting, AHEAD)
            each(number + 1)
        with clock.part("encode"):
            _wait(waiting, 0)
    return tuple(tiles)


def _write(path: Path, picture: Picture) -> None:
    Image.fromarray(picture).save(path, compress_level=1)  # three times as fast as the default, a tenth larger


def _wait(waiting: deque[Future[None]], most: int) -> None:
    """Afterwards at most so many are still to be encoded. Raises what went wrong with one."""
    while len(waiting) > most:
        waiting.popleft().result()


def _surface(a: Mesh, b: Mesh) -> Skins | Colours | Clay:
    skin_a, skin_b = _skin(a), _skin(b)
    if skin_a and skin_b:
        return Skins(a=skin_a, b=skin_b)
    if a.colors is not None and b.colors is not None:
        return Colours(a=a.colors, b=b.colors)
    return Clay()


def _skin(mesh: Mesh) -> Skin | None:
    if mesh.texture is None or mesh.uvs is None or mesh.uv_faces is None:
        return None
    return Skin(uvs=mesh.uvs, corners=mesh.uv_faces, texture=mesh.texture.pixels())


def _both(one: object | None, other: object | None) -> bool:
    return one is not None and other is not None
