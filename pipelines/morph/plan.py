"""What a job asks for: its meshes, read once each, as the takes that can be made of them; and what cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.contract import BadInput, Fault, Work
from pipelines.morph import Options
from pipelines.morph.align import Alignment, How, aligned, large, rigid_offset
from pipelines.morph.camera import doubts
from pipelines.morph.crew import copies, shared
from pipelines.morph.mesh import Mesh
from pipelines.morph.names import labels
from pipelines.morph.pair import Take, left_out
from pipelines.morph.pairs import matched, pairs
from pipelines.morph.picks import Pick, picks_of
from pipelines.morph.read import read
from pipelines.morph.textures import Item
from pipelines.morph.wording import alike, listed, shown

TEXT = 20
"""Bytes of memory that reading takes for each byte of a file."""
WORTH = 4 * 1024**2
"""Bytes of meshes from which on it is worth having copies read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done. alone: the item is one take. faults: what cannot be done, and why.

    called: name of a take, made or not -> what its meshes are called.
    offsets: take's name -> how its later meshes lie to the first, each as the receipt has it.
    """

    todo: tuple[Take, ...]
    alone: bool
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]
    called: Mapping[str, tuple[str, ...]]
    offsets: Mapping[str, tuple[dict[str, object], ...]]


def planned(work: Work, options: Options) -> Plan:
    """All takes of the job, each mesh read once; a mesh that cannot be read is one fault, whatever takes it costs.

    Raises BadInput where ``order`` names a mesh that is not there.
    """
    picked = _picked(work)
    label = dict(zip(picked, labels([pick.called.removeprefix("in/") for pick in picked]), strict=True))
    chosen = _chosen(work, picked, label, options)
    meshes, faults = _read(work, [pick for pick in picked if any(pick in names for names in chosen)], label)
    takes, warnings = [], [warning for mesh in meshes.values() for warning in mesh.warnings]
    offsets, called = {}, {}
    for picks in chosen:
        if not all(pick in meshes for pick in picks):
            continue
        take = Take(called=tuple(label[pick] for pick in picks), meshes=tuple(meshes[pick] for pick in picks))
        called[take.name] = take.called
        match _of_one_topology(take):
            case Fault() as fault:
                faults.append(fault)
            case fitting:
                found = _offsets(fitting)
                offsets[take.name] = _told(fitting, found)
                warnings += _warnings(fitting, found, options)
                takes.append(_together(fitting, options))
    return Plan(
        todo=tuple(takes),
        alone=len(chosen) == 1,
        faults=tuple(faults),
        warnings=tuple(dict.fromkeys(warnings)),
        called=called,
        offsets=offsets,
    )


def _picked(work: Work) -> tuple[Pick, ...]:
    """Every mesh of the request, by its path."""
    every = [pick for role in ("a", "b", "mesh") for pick in picks_of(work.request, role)]
    return tuple(sorted(dict.fromkeys(every), key=lambda pick: (pick.path, pick.shape or "")))


def _chosen(
    work: Work, picked: Sequence[Pick], label: Mapping[Pick, str], options: Options
) -> tuple[tuple[Pick, ...], ...]:
    """The takes: the chain that is asked for, else the pair that a manifest names by its roles, else all pairs."""
    if options.order:
        return (tuple(_named(name, label) for name in options.order),)
    first, second = picks_of(work.request, "a"), picks_of(work.request, "b")
    if first and second:
        return ((first[0], second[0]),)
    by_name = {pick.called: pick for pick in picked}
    return tuple((by_name[one], by_name[two]) for one, two in pairs(by_name))


def _named(name: str, label: Mapping[Pick, str]) -> Pick:
    """The mesh that ``order`` means: by its label, or by its file's name where that is plain."""
    found = [pick for pick, called in label.items() if name in {called, pick.path.rpartition("/")[2]}]
    if len(found) == 1:
        return found[0]
    called = list(label.values())
    raise BadInput(f"order names “{shown(name)}”{alike(name, called)}; the meshes are {listed(called)}.")


def _read(work: Work, picked: Sequence[Pick], label: Mapping[Pick, str]) -> tuple[dict[Pick, Mesh], list[Fault]]:
    request = work.request
    item = Item(
        meshes=tuple(dict.fromkeys(work.job / pick.path for pick in label)),
        images=tuple(work.path(entry) for entry in request.of("texture")),
        materials=tuple(work.path(entry) for entry in request.of("material")),
    )

    def tried(pick: Pick) -> Mesh | Fault:
        try:
            return read(work.job / pick.path, item, pick.shape)
        except BadInput as bad:
            return Fault(what=label[pick], why=str(bad))

    found = shared(tried, picked, _readers(work, picked))
    both = list(zip(picked, found, strict=True))
    meshes = {pick: mesh for pick, mesh in both if isinstance(mesh, Mesh)}
    return meshes, [fault for _, fault in both if isinstance(fault, Fault)]


def _readers(work: Work, picked: Sequence[Pick]) -> int:
    """How many copies read the meshes: this process alone where they are too small to gain by it."""
    sizes = [entry.size for entry in work.request.inputs if entry.path in {pick.path for pick in picked}]
    return copies(len(sizes), TEXT * max(sizes)) if sum(sizes) > WORTH else 1


def _of_one_topology(take: Take) -> Take | Fault:
    """The take with all its meshes' faces as the first has them, or why that cannot be."""
    first, *others = take.meshes
    fitting = [first]
    for mesh in others:
        found = matched(first, mesh)
        if isinstance(found, str):
            return Fault(what=take.name, why=found)
        fitting.append(found)
    return replace(take, meshes=tuple(fitting))


def _together(take: Take, options: Options) -> Take:
    """The take with its meshes moved to the first, where that is asked for."""
    first, *others = take.meshes
    how: How = "similarity" if options.align == "similarity" else "rigid"
    if options.align == "none":
        return take
    return replace(take, meshes=(first, *(aligned(first, mesh, how)[0] for mesh in others)))


def _offsets(take: Take) -> tuple[Alignment, ...]:
    """How each mesh but the first lies to the first."""
    first, *others = take.meshes
    return tuple(rigid_offset(first, mesh) for mesh in others)


def _told(take: Take, offsets: Sequence[Alignment]) -> tuple[dict[str, object], ...]:
    """The offsets as the receipt has them."""
    return tuple(
        {
            "mesh": name,
            "rotation_degrees": round(offset.rotation, 4),
            "translation": list(offset.translation),
            "scale": offset.scale,
        }
        for name, offset in zip(take.called[1:], offsets, strict=True)
    )


def _warnings(take: Take, offsets: Sequence[Alignment], options: Options) -> list[str]:
    found = [left_out(leg.a, leg.b) for leg in take.legs]
    first, *others = take.meshes
    if options.align == "none":
        for mesh, offset, seen in zip(others, offsets, take.seen[1:], strict=True):
            found += [large(offset, first, mesh), doubts(take.seen[0], seen)]
    return [f"{take.name}: {warning}" for warning in found if warning]
