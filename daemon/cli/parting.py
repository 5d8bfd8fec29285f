"""``visaged forget``: all that is remembered of a key goes for good, after the user has said yes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from daemon import revisions
from daemon.cli import logs
from daemon.cli.asking import answer_to
from daemon.cli.choosing import called, keys_known
from daemon.cli.exits import Exit
from daemon.cli.opening import configuration, database, pipelines, reading
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Level, Settings
from daemon.config import Config, configured
from daemon.dispatch.forgetting import Parting, remains
from daemon.dispatch.orders import Verb
from daemon.dispatch.site import key_folder
from daemon.errors import CannotDo
from daemon.model import Take
from daemon.names import shown
from daemon.store import Store, connect
from daemon.view.wording import count
from pipelines.contract import Publish

PATIENCE = 600.0
"""Seconds in which what is on disk should be gone."""
NAMED = 5
"""Places of originals that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How. pictures: those in the tree go too. sure: nobody is asked."""

    pictures: bool
    sure: bool
    json: bool


def forget(settings: Settings, whose: tuple[str, str], how: Manner) -> Exit:
    """Afterwards nothing is remembered of the key, and what visaged made of it is gone; the answer says what stays.

    whose: pipeline and key. Raises CannotDo where that cannot be, or the user does not want it after all.
    """
    config = configuration(settings)
    logs.configure(settings.log_level or Level.WARNING, bars=False)
    pipeline, name = whose
    can = [each for each, declared in configured(config, pipelines()).items() if declared.remembers]
    if pipeline not in can:
        raise CannotDo(f"{shown(pipeline)} is no pipeline that remembers. There are: {', '.join(can) or 'none'}.")
    inbox, key = called(keys_known(config, pipeline), name, one=True)[0]
    wish = Parting(pipeline=pipeline, inbox=inbox, key=key, pictures=how.pictures)
    originals = tuple(_originals(config, wish))
    if not how.sure:
        _confirm(config, wish)
    store = Store(connect(database(config)))
    try:
        number = store.order(Verb.FORGET.value, asdict(wish), time.time())
    finally:
        store.close()
    answer = " ".join((answer_to(config, number), *_more(config, wish, originals)))
    say_json({"ok": True, "answer": answer, "originals": originals}) if how.json else say(answer)
    return Exit.OK


def _confirm(config: Config, wish: Parting) -> None:
    """Raises CannotDo where the user says no, or nobody can be asked."""
    root = config.daemon.state / wish.pipeline / key_folder(wish.inbox, wish.key)
    complain(
        f"{shown(wish.key)} will be forgotten for good: {count(len(revisions.numbers(root)), 'revision')} of what is "
        f"known, {_what_goes(wish)}. It cannot be taken back."
    )
    try:
        sure = typer.confirm("Forget it?", err=True)
    except typer.Abort as error:
        raise CannotDo("Nothing was done: say --yes where nobody can be asked.") from error
    if not sure:
        raise CannotDo("Nothing was done.")


def _what_goes(wish: Parting) -> str:
    """What else goes, and what stays of the results."""
    if pipelines()[wish.pipeline].publish is not Publish.TREE:
        return "and all that was said; what was made of it stays in its results"
    also = "also the pictures in its results, where their originals lie elsewhere too"
    stays = also if wish.pictures else "the sorted pictures stay"
    return f"all that was said, and what was made of it (sheets, crops, tables, reports); {stays}"


def _originals(config: Config, wish: Parting) -> Iterator[str]:
    """Where originals lie that stay."""
    inboxes = {inbox.name: inbox.path for inbox in config.inboxes}
    with reading(database(config)) as store:
        for job in store.of_key(wish.pipeline, wish.inbox, wish.key):
            there = [job.inputs_at] if job.take is Take.MOVE else [str(inboxes[job.inbox] / top) for top in job.tops]
            yield from (path for path in there if path is not None and Path(path).exists())


def _more(config: Config, wish: Parting, originals: Sequence[str]) -> Iterator[str]:
    """What else there is to know."""
    until = time.monotonic() + PATIENCE
    while any(gone.wish == wish for _, gone in remains(config.daemon.state)):
        if time.monotonic() > until:
            yield "What is on disk of it is still being removed; the log of the daemon says why it takes so long."
            return
        time.sleep(0.05)
    if originals:
        more = f" and {len(originals) - NAMED} more" if len(originals) > NAMED else ""
        yield f"The originals stay, remove them yourself: {', '.join(map(shown, originals[:NAMED]))}{more}."
    yield "Backups that you made still hold it."
