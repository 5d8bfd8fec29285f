"""The front end of a name, with its weights."""

from __future__ import annotations

from pipelines.contract import Work, cores
from pipelines.talking_head.listen.front import FrontEnd
from pipelines.talking_head.listen.joined import Joined
from pipelines.talking_head.listen.mel import Mel
from pipelines.talking_head.listen.speech import Speech
from pipelines.talking_head.weights import EMBEDDING, MELSPECTROGRAM


def front_of(work: Work, name: str) -> FrontEnd:
    """The front end, open. Raises KeyError for a name that none has."""
    if name == Mel.name:
        return Mel()
    if name not in {Speech.name, Joined.name}:
        raise KeyError(name)
    speech = Speech(work.weights(MELSPECTROGRAM), work.weights(EMBEDDING), cores())
    return speech if name == Speech.name else Joined(speech)
