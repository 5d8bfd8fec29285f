"""Which keys of a pipeline a command is about, by the names that users give them."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.cli.opening import pipelines
from daemon.config import Config
from daemon.dispatch.keys import keys_of
from daemon.errors import CannotDo
from daemon.names import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The keys that a pipeline remembers. keys: inbox and name. word: what one is called ("collection")."""

    keys: tuple[tuple[str, str], ...]
    word: str

    @property
    def names(self) -> str:
        """All of them, for a sentence."""
        return ", ".join(shown(key) for _, key in self.keys)


def keys_known(config: Config, pipeline: str) -> Known:
    """All keys of a pipeline. Raises CannotDo where there is none."""
    keys, word = tuple(keys_of(config.daemon.state, pipeline)), pipelines()[pipeline].key_word
    if not keys:
        place = config.inboxes[0].path / pipeline
        raise CannotDo(f"There is no {word} yet. Files dropped into {place} make one.")
    return Known(keys=keys, word=word)


def called(known: Known, name: str, *, one: bool) -> tuple[tuple[str, str], ...]:
    """The keys of that name in any inbox, or ``name@inbox``. Raises CannotDo where there is none; one: or several."""
    found = tuple(each for each in known.keys if name in (each[1], f"{each[1]}@{each[0]}"))
    if not found:
        raise CannotDo(f"There is no {known.word} {shown(name)}. There are: {known.names}.")
    if len(found) > 1 and one:
        names = " or ".join(shown(f"{each[1]}@{each[0]}") for each in found)
        raise CannotDo(f"The {known.word} {shown(name)} is in several inboxes; say {names}.")
    return found
