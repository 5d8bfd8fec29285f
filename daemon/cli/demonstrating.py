"""``visaged demo``: heads and pictures of our own go through a real inbox, and the results are shown where they are."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from daemon import models
from daemon.cli.checking import nowhere
from daemon.cli.exits import Exit
from daemon.cli.heads import make_demo_heads, make_demo_pictures
from daemon.cli.making import make
from daemon.cli.opening import database, pipelines, reading
from daemon.cli.printing import complain, say
from daemon.cli.running import run_with
from daemon.cli.settings import Level, Settings
from daemon.cli.submitting import Wish, drop, folder_of
from daemon.config import Config
from daemon.doctor import Finding, State, examine
from daemon.gpus import discover
from daemon.model import Job, Status
from daemon.names import shown
from daemon.view import Snapshot
from daemon.view.snapshot import place_of

LANE = "morph"
ITEM = "heads-of-ada-and-bruno"
FACES = "faces"
COLLECTION = "demo"
DAY = "a-day-out"
PAINTED = 0.7
"""The threshold of the demo's faces: painted heads look more alike to the networks than people do."""
NEEDED = ("OpenGL", "video", "packages of morph")
MOST = 12
"""How many names of a result are listed."""


def demo(settings: Settings, folder: Path) -> Exit:
    """Afterwards a morph of two heads and folders of four people lie below folder, and stdout says where.

    folder may hold an earlier demo. Where weights cannot be had, the faces are left out, and stdout says why.
    """
    looked = examine(nowhere(Path.cwd()), discover())
    missing = tuple(f for f in looked if f.what in NEEDED and f.state is not State.OK)
    if missing:
        return _lacking(missing)
    config, _ = make(Settings(), folder, edit=_hasty)
    quiet = replace(settings, log_level=settings.log_level or Level.ERROR)
    say(f"Making two heads, Ada and Bruno, and dropping them into {_near(_lane(config, LANE))}/ (some seconds) …")
    end, place = _done(config, quiet, _drop(config, ITEM, make_demo_heads, Wish(lane=LANE)))
    if place is None:
        return end
    say(_pictures(place))
    end = _faces(config, quiet)
    say(_next(config))
    return end


def _faces(config: Config, quiet: Settings) -> Exit:
    """Afterwards the pictures of four people are sorted into folders, or stdout says what they need."""
    faces = pipelines()[FACES]
    if absent := models.missing(faces, dataclasses.asdict(faces.options()), config.daemon.models):
        say(f"\nFaces need {absent[0].pack}: {absent[0].about}. {absent[0].licence}. Fetching it …")
        if failed := models.fetch(absent, config.daemon.models):
            say(f"So there are no faces in this demo. {failed.reason}")
            return Exit.OK
    say(f"\nTaking pictures of four people, and dropping them into {_near(_lane(config, FACES))}/{COLLECTION}/ …")

    def taken(folder: Path) -> None:
        make_demo_pictures(folder)
        (folder / "manifest.toml").write_text(f"[options]\nthreshold = {PAINTED}  # painted heads are much alike\n")

    end, place = _done(config, quiet, _drop(config, DAY, taken, Wish(lane=FACES, key=COLLECTION)))
    if place is not None:
        say(_people(place))
    return end


def _done(config: Config, settings: Settings, top: str) -> tuple[Exit, Path | None]:
    """How the daemon ended, and where the result of what lies at top is; None: it failed, and stderr says why."""
    end = run_with(config, settings, once=True, lines=Quarters())
    with reading(database(config)) as store:
        job = next(iter(store.took(config.inboxes[0].name, top)), None)
        place = place_of(job, store.inboxes()) if job else None
    if job is None or job.status is not Status.DONE or place is None:
        return _failed(config, job, end), None
    if job.answered_by:
        say("These two heads were morphed here before: the result was already there, and nothing was made again.")
    return Exit.OK, Path(place)


class Quarters:
    """Shows progress as lines, a quarter at a time, for a demo whose output is read later."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self._shown = 0

    def __call__(self, shot: Snapshot) -> None:
        """Afterwards a line is printed if the demo's job has come a quarter further."""
        for one in shot.active:
            quarter = int(4 * (one.pace.fraction or 0.0)) if one.pace else 0
            if one.pace and quarter > self._shown:
                self._shown = quarter
                say(f"  {one.pace.done:g} of {one.pace.total:g} {one.pace.unit}")


def _drop(config: Config, item: str, make_it: Callable[[Path], None], wish: Wish) -> str:
    """The item's path below the inbox, where it lies by the same way as any ``visaged submit``."""
    inbox = config.inboxes[0]
    with tempfile.TemporaryDirectory(prefix="visaged-demo-") as scratch:
        made = Path(scratch, item)
        made.mkdir()
        make_it(made)
        return drop([made], inbox, wish, folder_of(config, inbox, wish))


def _lane(config: Config, lane: str) -> Path:
    return config.inboxes[0].path / lane


def _hasty(text: str) -> str:
    """The config.toml of a demo: nobody copies slowly into it."""
    return re.sub(r"^#settle_seconds = .*$", "settle_seconds = 1.0", text, flags=re.MULTILINE)


def _lacking(missing: tuple[Finding, ...]) -> Exit:
    for finding in missing:
        complain(finding.says)
    say("This mends it:")
    for fix in dict.fromkeys(finding.fix for finding in missing):
        say(f"  {fix}")
    return Exit.FAILED


def _failed(config: Config, job: Job | None, end: Exit) -> Exit:
    reason = shown(job.reason or f"it is {job.status}") if job else "nothing took what was dropped"
    complain(f"The demo did not come to its end: {reason}")
    say(f"  {_command()} --config {_near(config.path)} explain {job.id if job else config.inboxes[0].path}")
    return end or Exit.FAILED


def _pictures(place: Path) -> str:
    """Where the pictures are: what a person would open first stands first."""
    order = {".mp4": 0, ".png": 1, ".jpg": 1}
    found = sorted(place.iterdir(), key=lambda p: (order.get(p.suffix, 2 if p.is_dir() else 3), p.name))
    lines = ["", f"The morph is in {_near(place)}/", *(f"  {_near(path)}{_inside(path)}" for path in found[:MOST])]
    return "\n".join(lines)


def _people(place: Path) -> str:
    """Who was found, and what a person would do first."""
    people = sorted(path for path in (place / "people").iterdir() if path.is_dir())
    return "\n".join(
        [
            f"\nThe people are in {_near(place)}/",
            *(
                f"  {_near(path)}/ ({sum(1 for p in path.iterdir() if not p.name.startswith('.'))} files)"
                for path in people
            ),
            f"  {_near(place / 'contact-sheet.jpg')}",
            f"  {_near(place / 'report.html')}",
            "Rename a folder, and the person has that name; move a picture to whom it shows, and it stays there.",
        ]
    )


def _inside(path: Path) -> str:
    return f"/ ({sum(1 for _ in path.iterdir())} files)" if path.is_dir() else ""


def _next(config: Config) -> str:
    inbox, results = config.inboxes[0].path, config.inboxes[0].results
    own = f"{_command()} --config {_near(config.path)}"
    return (
        "\nNow with meshes of your own (two or more OBJ, PLY, GLB, STL or FBX in a folder), or with pictures.\n"
        f"  {own} run\n"
        f"  cp -r MY_MESHES {_near(inbox / LANE)}/\n"
        f"  cp -r MY_PICTURES {_near(inbox / FACES / 'family')}/\n"
        f"  {own} status --follow\n"
        f"  ls {_near(results / LANE)}/ {_near(results / FACES)}/"
    )


def _command() -> str:
    """How this command is called here: by its name, or by its path where that is not searched."""
    return "visaged" if shutil.which("visaged") else _near(Path(sys.argv[0]))


def _near(path: Path) -> str:
    """The path as a person types it here: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
