"""The stage ``ask``: each question goes to the module that answers it."""

from __future__ import annotations

from pipelines.contract import BadInput, Result, Work
from pipelines.faces.gallery import Gallery, read_gallery
from pipelines.faces.gallery.overlay import Overlay


def ask(work: Work) -> Result:
    """The answer to a command that only reads. Raises BadInput where it asks for what is not there."""
    match work.request.command:
        case "faces diagnose":
            from pipelines.faces.ask.diagnose import diagnose  # noqa: PLC0415  loads the networks

            return diagnose(work)
        case "faces bench":
            from pipelines.faces.ask.bench import bench  # noqa: PLC0415  loads the networks

            return bench(work)
        case "faces find":
            from pipelines.faces.ask.finding import found  # noqa: PLC0415  loads the networks

            return found(work, _gallery(work))
        case "people list":
            from pipelines.faces.ask.people_list import listed  # noqa: PLC0415  one question a process

            return listed(_gallery(work))
        case "people show":
            from pipelines.faces.ask.people_show import shown  # noqa: PLC0415  one question a process

            return shown(work, _gallery(work))
        case other:
            raise BadInput(f'Faces has no answer to "{other}".')


def _gallery(work: Work) -> Gallery:
    gallery = read_gallery(Overlay(new=None, old=work.state))
    if gallery is None:
        raise BadInput(
            f'There is nobody in the collection "{work.request.key}" yet. Drop pictures into its folder first.'
        )
    return gallery
