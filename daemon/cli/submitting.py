"""``visaged submit``: files from anywhere become one drop in an inbox, which nobody sees before it is whole."""

from __future__ import annotations

import difflib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daemon.cli.exits import DaemonError, Exit
from daemon.cli.holding import is_running
from daemon.cli.making import marker_of
from daemon.cli.opening import configuration, database, pipelines, reading
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Settings
from daemon.config import Config, Inbox, configured
from daemon.errors import CannotDo, InboxOffline
from daemon.folders import sync_folder
from daemon.model import ACTIVE, Job, Status
from daemon.moves import copy, rename_new
from daemon.names import numbered, numbered_file, safe, shown
from daemon.store import Store
from daemon.view.snapshot import place_of
from daemon.watch.scan import ignores

LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Where a drop should go. None: the inbox's root, no key, its own name, the first inbox."""

    lane: str | None = None
    key: str | None = None
    name: str | None = None
    inbox: str | None = None


def submit(settings: Settings, paths: Sequence[Path], wish: Wish, *, wait: bool, json: bool) -> Exit:
    """Afterwards the files lie in the inbox as one drop; wait: and it is done (OK) or has failed (FAILED)."""
    config = configuration(settings)
    if wait and not is_running(config):
        raise DaemonError("No daemon is running, so there is nothing to wait for: `visaged run` starts one.")
    inbox = _inbox(config, wish.inbox)
    began = time.time()
    top = drop(paths, inbox, wish, folder_of(config, inbox, wish))
    if not wait:
        say_json({"inbox": inbox.name, "path": inbox.path / top}) if json else say(f"Dropped as {inbox.path / top}.")
        return Exit.OK
    if not json:
        say(f"Dropped as {inbox.path / top}. Waiting until it is done …")
    return _follow(config, inbox, top, began, json=json)


def folder_of(config: Config, inbox: Inbox, wish: Wish) -> Path:
    """The folder of an inbox that a drop goes to. Raises CannotDo for a lane or a key that there cannot be."""
    if marker_of(inbox.path) is None:
        raise InboxOffline(f"{inbox.path} has no marker: mount its share, or run `visaged init` if it is new.")
    if wish.lane is None:
        if wish.key:
            raise CannotDo("A key needs its lane: add --lane.")
        return inbox.path
    enabled = configured(config, pipelines())
    if wish.lane not in enabled:
        close = difflib.get_close_matches(wish.lane, enabled, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise CannotDo(f"There is no lane {shown(wish.lane)}. {hint}The lanes are {', '.join(enabled)}.")
    if wish.key is None:
        return inbox.path / wish.lane
    if not enabled[wish.lane].keyed:
        raise CannotDo(f"{wish.lane} keeps nothing between jobs, so it takes no key: leave --key out.")
    return inbox.path / wish.lane / safe(wish.key)


def drop(paths: Sequence[Path], inbox: Inbox, wish: Wish, folder: Path) -> str:
    """Afterwards paths lie in folder as one item, by one rename; given back: its path below the inbox.

    Several paths become one folder. A name that is used gets a number. Raises CannotDo for what cannot be dropped.
    """
    name = _name(paths, wish.name)
    if ignores(inbox.ignore)(name):
        raise CannotDo(f"An item called {shown(name)} would never be looked at: give it another --name.")
    scratch = inbox.path / f".visaged-submit-{uuid.uuid4().hex}"
    scratch.mkdir()
    try:
        held = scratch / "item"
        if len(paths) == 1:
            _copy(paths[0], held)
        else:
            held.mkdir()
            for path in paths:
                _copy(path, held / path.name)
            sync_folder(held)
        folder.mkdir(parents=True, exist_ok=True)
        return str(_into_place(held, folder / name).relative_to(inbox.path))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _inbox(config: Config, name: str | None) -> Inbox:
    names = [inbox.name for inbox in config.inboxes]
    if name is None or name in names:
        return config.inboxes[names.index(name) if name else 0]
    raise CannotDo(f"There is no inbox {shown(name)}. The inboxes are {', '.join(names)}.")


def _name(paths: Sequence[Path], wanted: str | None) -> str:
    whole = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - links are not to be followed for a name
    for path in whole:
        if not path.exists():
            raise CannotDo(f"There is nothing at {shown(str(path))}.")
    if len({path.name for path in whole}) < len(whole):
        raise CannotDo("Two of these have the same name; put them into one folder and submit that.")
    if len(whole) > 1:
        return safe(wanted or "__".join(path.stem for path in whole))
    only = whole[0]
    if wanted and not only.is_dir():
        return safe(wanted) + ("" if wanted.lower().endswith(only.suffix.lower()) else only.suffix)
    return safe(wanted) if wanted else only.name


def _copy(src: Path, dst: Path) -> None:
    source = src.resolve()
    if any(path.is_symlink() for path in source.rglob("*")) if source.is_dir() else False:
        raise CannotDo(f"{shown(str(src))} holds links, which are not followed: put the files themselves there.")
    try:
        copy(source, dst)
    except OSError as error:
        raise CannotDo(f"{shown(str(src))} could not be copied: {error.strerror or error}.") from error


def _into_place(held: Path, wanted: Path) -> Path:
    number = numbered if held.is_dir() else numbered_file
    for n in range(1, 10_000):
        place = wanted.with_name(number(wanted.name, n))
        with suppress(FileExistsError):
            rename_new(held, place)
            sync_folder(place.parent)
            return place
    raise CannotDo(f"There are too many drops called {shown(wanted.name)} in {wanted.parent}.") from OSError(
        errno.EEXIST
    )


# ---------------------------------------------------------------- waiting for the end


def _follow(config: Config, inbox: Inbox, top: str, began: float, *, json: bool) -> Exit:
    told = ""
    with reading(database(config)) as store:
        while True:
            job = next((job for job in store.took(inbox.name, top) if job.updated >= began), None)
            if job and job.status not in ACTIVE and (job.status is not Status.RETURNED or job.restore_to):
                return _ended(job, store, json=json)
            why = "" if job else _why(store, inbox, top)
            if why and why != told and not json:
                say(f"It {why}." if why.startswith("waits") else f"Not taken yet: {why}.")
                told = why
            if not is_running(config):
                raise DaemonError(
                    "The daemon has stopped; the drop stays in the inbox and is taken when it runs again."
                )
            time.sleep(LOOK_SECONDS)


def _why(store: Store, inbox: Inbox, top: str) -> str:
    return next((w.why for w in store.waiting() if w.inbox == inbox.name and top in w.tops), "")


def _ended(job: Job, store: Store, *, json: bool) -> Exit:
    place = place_of(job, store.inboxes())
    done = job.status is Status.DONE
    if json:
        say_json({"job": job, "place": place})
    elif done:
        say(f"Done: {place}")
    else:
        complain(f"{shown(job.item)}: {job.status}. {shown(job.reason or '')} Its files are in {place}.")
    return Exit.OK if done else Exit.FAILED
