"""The front end of a name, with its weights; and what tells speech from silence."""

from __future__ import annotations

from pipelines.contract import BadInput, Work, cores
from pipelines.talking_head import own
from pipelines.talking_head.ingest.speech import Voice
from pipelines.talking_head.listen.front import FrontEnd
from pipelines.talking_head.listen.hearing import Activity, Ear
from pipelines.talking_head.listen.joined import Joined
from pipelines.talking_head.listen.mel import Mel
from pipelines.talking_head.listen.speech import Speech
from pipelines.talking_head.weights import EMBEDDING, MELSPECTROGRAM, VOICE, WHISPER, digests

_FILES = {
    "mel": (),
    "speech": (MELSPECTROGRAM, EMBEDDING),
    "speech+mel": (MELSPECTROGRAM, EMBEDDING),
    "whisper": (WHISPER,),
}
"""The files of weights of each front end that has some of visaged's."""

_NUMBERS = {"mel": 16 * 80, "speech": 96, "speech+mel": 96 + 8 * 20, "whisper": 512}
"""Numbers that each hears in a frame."""


def front_of(work: Work, name: str) -> FrontEnd:
    """The front end, open.

    Raises BadInput, with what to do, where its weights are not here or cannot be used, and KeyError for a name that
    none has.
    """
    ready(work, name)
    kind, _, folder = name.partition("/")
    if kind in own.KINDS:
        return _own(work, kind, folder)
    if kind == Mel.name:
        return Mel()
    if kind == "whisper":
        return _whisper(work)
    speech = Speech(work.weights(MELSPECTROGRAM), work.weights(EMBEDDING), cores())
    return speech if kind == Speech.name else Joined(speech)


def ear_of(work: Work, front: FrontEnd) -> Ear:
    """The front end with what tells speech from silence."""
    return Ear(front, activity_of(work))


def activity_of(work: Work) -> Activity:
    """What tells speech from silence, open."""
    return Activity(Voice(work.weights(VOICE)))


def numbers_of(work: Work, name: str) -> int:
    """How many numbers it hears in a frame."""
    kind, _, folder = name.partition("/")
    return _found(work, kind, folder).design.width if kind in own.KINDS else _NUMBERS[kind]


def weights_of(work: Work, name: str) -> dict[str, str]:
    """The SHA-256 of the files of weights of a front end that was opened, by name, for the receipt."""
    kind, _, folder = name.partition("/")
    if kind in own.KINDS:
        return {f"{folder}/{file}": digest for file, digest in _found(work, kind, folder).digests.items()}
    return digests(*_FILES[kind])


def ready(work: Work, name: str) -> None:
    """Afterwards it is known that the files of the front end are here, before anything is computed for it.

    Raises BadInput, with what to do, where they are not.
    """
    kind, _, folder = name.partition("/")
    if kind in own.KINDS:
        _found(work, kind, folder)
    elif not all(work.weights(file).is_file() for file in _FILES[kind]):
        raise BadInput(f"The weights of {kind} are not here. Fetch them: visaged models fetch {kind.partition('+')[0]}")


def _found(work: Work, kind: str, folder: str) -> own.Own:
    try:
        return own.find(kind, folder, work.weights(""))
    except ValueError as error:
        raise BadInput(str(error)) from error


def _own(work: Work, kind: str, folder: str) -> FrontEnd:
    import torch  # noqa: PLC0415  sounds alone, by another front end, do not need it

    from pipelines.talking_head.listen.wave import Wave  # noqa: PLC0415

    torch.set_num_threads(cores())
    try:
        return Wave(_found(work, kind, folder), folder)
    except ValueError as error:
        raise BadInput(str(error)) from error


def _whisper(work: Work) -> FrontEnd:
    import torch  # noqa: PLC0415  as above

    from pipelines.talking_head.listen.whisper import Whisper  # noqa: PLC0415

    torch.set_num_threads(cores())
    return Whisper(work.weights(WHISPER))
