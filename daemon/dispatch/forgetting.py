"""A whole key is forgotten: at once it is as if it had never been; what is on disk of it goes in the background.

By one rename the key's state becomes ``.forgotten-<moment>-<key>`` beside it, with a note of what else is to go.
Whoever finds such a folder goes on with it, so that a kill at any point only delays it.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from daemon import tree
from daemon.dispatch import sources
from daemon.dispatch.keys import KEY, asides
from daemon.dispatch.site import Site, key_folder
from daemon.errors import CannotDo
from daemon.failpoints import Step, step
from daemon.folders import names_in, sync_folder
from daemon.model import ACTIVE
from daemon.names import shown, unused
from daemon.store import Store
from pipelines.contract import Publish, write_atomic

FORGOTTEN = ".forgotten-"
GONE = ".gone-"
NOTE = "forgotten.json"
UNMARKED = " Its results have lost their mark (.visaged-tree) and were left as they are: remove the folder yourself."
LEFT = " (forgotten)"
"""What stays of a tree is a folder of the user's, called as the key with this after it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What is wished. pictures: those in the tree go too, where their originals lie elsewhere."""

    pipeline: str
    inbox: str
    key: str
    pictures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is to go besides the state. tree: where it stood. aside: where it waits. jobs: whose work folders go."""

    wish: Parting
    tree: str
    aside: str
    jobs: tuple[str, ...]


class Forgetting:
    """Forgets keys. Called from the dispatcher's thread; what takes long is done by a thread of its own."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store = store
        self._site = site
        self._thread: threading.Thread | None = None

    def forget(self, wish: Parting, now: float) -> str:
        """Afterwards nothing is known of the key, and what is on disk of it is being removed. Raises CannotDo."""
        root = self._site.state / wish.pipeline / key_folder(wish.inbox, wish.key)
        if wish.pipeline not in self._site.pipelines or wish.inbox not in self._site.inboxes:
            raise CannotDo(f"{wish.pipeline} is not enabled in config.toml.")
        jobs = self._store.of_key(wish.pipeline, wish.inbox, wish.key)
        if active := [job for job in jobs if job.status in ACTIVE]:
            raise CannotDo(
                f"{shown(active[0].item)} is at work on {shown(wish.key)}: wait until it is done, or `visaged cancel "
                f"{active[0].id}`. Then ask again."
            )
        left = ""
        if (root / KEY).exists():
            place = self._site.tree(self._site.pipelines[wish.pipeline], wish.inbox, wish.key)
            if not place.parent.is_dir():
                raise CannotDo(f"{place.parent} is not there: mount its share, then ask again.")
            mark = f"{int(now * 1000)}-{root.name}"
            aside = place.with_name(f".visaged{FORGOTTEN.replace('.', '-')}{mark}")
            gone = Remains(wish=wish, tree=str(place), aside=str(aside), jobs=tuple(job.id for job in jobs))
            if place.is_dir() and not tree.is_ours(place, root):
                shows = self._site.pipelines[wish.pipeline].publish is Publish.TREE
                left = UNMARKED if shows else f" What was made of it stays: {shown(str(place))}."
            write_atomic(root / NOTE, json.dumps(asdict(gone)).encode("ascii"))
            root.rename(root.with_name(f"{FORGOTTEN}{mark}"))
            sync_folder(root.parent)
            step(Step.FORGET_STATE)
        self._store.forget_key(wish.pipeline, wish.inbox, wish.key)
        step(Step.FORGET_ROWS)
        self.go_on()
        return f"{shown(wish.key)} is forgotten.{left}"

    def go_on(self) -> None:
        """Afterwards no tree of a forgotten key stands where a new one may come, and the rest is being removed."""
        pending = tuple(remains(self._site.state))
        for root, gone in pending:
            try:
                _set_aside(root, gone)
            except OSError as error:
                log.warning("a tree waits to be removed", tree=gone.tree, why=str(error))
        if pending and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=sweep, args=(self._site,), name="forgetting")
            self._thread.start()


def remains(state: Path) -> Iterator[tuple[Path, Remains]]:
    """The folders of keys that were forgotten and are not removed yet, and what goes with each."""
    for path in sorted(state.glob(f"*/{FORGOTTEN}*/{NOTE}")):
        raw = json.loads(path.read_bytes())
        yield path.parent, Remains(**{**raw, "wish": Parting(**raw["wish"]), "jobs": tuple(raw["jobs"])})


def sweep(site: Site) -> None:
    """Afterwards all that is left of forgotten keys is gone, but for what cannot be removed now."""
    for root, gone in remains(site.state):
        try:
            _sweep(site, root, gone)
        except OSError as error:
            log.warning("a key that was forgotten is removed at the next start", key=gone.wish.key, why=str(error))
        else:
            log.info("forgotten", key=gone.wish.key)
    for doomed in site.state.glob(f"*/{GONE}*"):
        shutil.rmtree(doomed, ignore_errors=True)


def _sweep(site: Site, root: Path, gone: Remains) -> None:
    _set_aside(root, gone)
    aside, place = Path(gone.aside), Path(gone.tree)
    if tree.part(aside, tree.recorded(root), sources.at_hand(root) if gone.wish.pictures else ()):
        aside.rename(place.with_name(unused(f"{place.name}{LEFT}", names_in(place.parent))))
    step(Step.FORGET_TREE)
    for job in gone.jobs:
        shutil.rmtree(site.work / job, ignore_errors=True)
    for older in asides(site.state / gone.wish.pipeline / key_folder(gone.wish.inbox, gone.wish.key)):
        shutil.rmtree(older)
    doomed = root.with_name(f"{GONE}{root.name.removeprefix(FORGOTTEN)}")  # its note must not go before the rest
    root.rename(doomed)
    shutil.rmtree(doomed)


def _set_aside(root: Path, gone: Remains) -> None:
    """Afterwards the tree that the state at root is about does not stand where it stood. Raises OSError."""
    if tree.is_ours(Path(gone.tree), root):
        Path(gone.tree).rename(gone.aside)
