"""``visaged rollback``: which revisions of a key's state there are, and back to one of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from daemon import revisions
from daemon.cli import logs
from daemon.cli.asking import job_of, refuse_paused
from daemon.cli.choosing import called, keys_known
from daemon.cli.exits import Exit
from daemon.cli.holding import is_running
from daemon.cli.opening import configuration, database, pipelines, reading
from daemon.cli.printing import complain, say, say_json
from daemon.cli.settings import Level, Settings
from daemon.config import Config, configured
from daemon.dispatch.orders import Verb
from daemon.dispatch.reverting import Reversal
from daemon.dispatch.site import key_folder
from daemon.errors import CannotDo
from daemon.model import Job, Status
from daemon.names import shown
from daemon.revisions import Revision
from daemon.store import Store, connect
from daemon.view.wording import count, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A revision as it is listed. at: wall clock, seconds. what: made it. bytes: of all its files. holds: now."""

    number: int
    at: float
    job: str
    what: str
    files: int
    bytes: int
    holds: bool


def rollback(settings: Settings, whose: tuple[str, str], to: int | None, *, json: bool) -> Exit:
    """Afterwards the key is as that revision left it, or (to: None) its revisions are listed and nothing has changed.

    whose: pipeline and key. Raises CannotDo where that cannot be, DaemonError where the daemon does not answer.
    """
    config = configuration(settings)
    logs.configure(settings.log_level or Level.WARNING, bars=False)
    pipeline, name = whose
    inbox, key = _meant(config, pipeline, name)
    root = config.daemon.state / pipeline / key_folder(inbox, key)
    if to is None:
        return _listed(config, root, f"visaged rollback {pipeline} {name}", json=json)
    if not is_running(config):
        refuse_paused(config)
    before = revisions.number_held(root), revisions.revisions(root)
    job = _returned(config, Reversal(pipeline=pipeline, inbox=inbox, key=key, revision=to))
    if job.status is not Status.DONE:
        reason = f"{shown(name)}: {shown(job.reason or str(job.status))}"
        say_json({"ok": False, "answer": reason}) if json else complain(reason)
        return Exit.FAILED
    held, known = before
    gone = _drops(config, revisions.jobs_in(known, held) - revisions.jobs_in(known, to))
    now = revisions.number_held(root)
    answer = _words(name, (to, now), gone, f"visaged rollback {pipeline} {name} --to {now - 1}")
    said = {"ok": True, "answer": answer, "revision": now, "undone": [drop.id for drop in gone]}
    say_json(said) if json else say(answer)
    return Exit.OK


def _meant(config: Config, pipeline: str, name: str) -> tuple[str, str]:
    """The inbox and the key. Raises CannotDo."""
    enabled = configured(config, pipelines())
    can = [each for each, declared in enabled.items() if declared.reverted]
    if pipeline not in can:
        raise CannotDo(f"{shown(pipeline)} is no pipeline that remembers. There are: {', '.join(can) or 'none'}.")
    return called(keys_known(config, pipeline), name, one=True)[0]


def _listed(config: Config, root: Path, again: str, *, json: bool) -> Exit:
    known = revisions.revisions(root)
    with reading(database(config)) as store:
        lines = [_line(revision, store.job(revision.job), revisions.number_held(root)) for revision in reversed(known)]
    if json:
        say_json([asdict(line) for line in lines])
        return Exit.OK
    say(
        "\n".join(_row(line) for line in lines)
        if lines
        else "Nothing is remembered yet, so there is nothing to go back to."
    )
    if len(lines) > 1:
        say(f"`{again} --to NUMBER` goes back to one of them.")
    return Exit.OK


def _line(revision: Revision, job: Job | None, held: int) -> Line:
    what = (job.item if job.command else f"the drop {job.item}") if job else "a job that is not known any more"
    return Line(
        number=revision.number,
        at=revision.at,
        job=revision.job,
        what=f"{what} (again as revision {revision.again})" if revision.again else what,
        files=len(revision.files),
        bytes=sum(stored.size for stored in revision.files.values()),
        holds=revision.number == held,
    )


def _row(line: Line) -> str:
    size = f"{count(line.files, 'file')}, {line.bytes / 1e6:,.1f} MB"
    return (
        f"{line.number:>5}  {moment(line.at):>12}  {size:<24}  {shown(line.what)}{'  <- holds' if line.holds else ''}"
    )


def _returned(config: Config, wish: Reversal) -> Job:
    store = Store(connect(database(config)))
    try:
        number = store.order(Verb.ROLLBACK.value, asdict(wish), time.time())
    finally:
        store.close()
    return job_of(config, number)


def _drops(config: Config, jobs: Iterable[str]) -> Sequence[Job]:
    with reading(database(config)) as store:
        found = (store.job(job) for job in sorted(jobs))
        return [job for job in found if job is not None and job.command is None]


def _words(name: str, numbers: tuple[int, int], gone: Sequence[Job], undo: str) -> str:
    to, now = numbers
    said = [f"{shown(name)} is as revision {to} left it; that is revision {now} now. `{undo}` takes this back."]
    if gone:
        drops = ", ".join(f"{shown(job.item)} (`visaged retry {job.id}`)" for job in gone)
        said.append(f"What was dropped since is not in it; its files stay in the archive. To add it again: {drops}.")
    return "\n".join(said)
