"""``visaged demo``: two heads of our own go through a real inbox, and the pictures are shown where they are."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from daemon.cli.checking import nowhere
from daemon.cli.exits import Exit
from daemon.cli.heads import make_demo_heads
from daemon.cli.making import make
from daemon.cli.opening import database, reading
from daemon.cli.printing import complain, say
from daemon.cli.running import run_with
from daemon.cli.settings import Level, Settings
from daemon.cli.submitting import Wish, drop
from daemon.config import Config
from daemon.doctor import Finding, State, examine
from daemon.gpus import discover
from daemon.model import Job, Status
from daemon.names import shown
from daemon.view import Snapshot
from daemon.view.snapshot import place_of

LANE = "morph"
ITEM = "heads-of-ada-and-bruno"
NEEDED = ("OpenGL", "video", "packages of morph")
MOST = 12
"""How many names of a result are listed."""


def demo(settings: Settings, folder: Path) -> Exit:
    """Afterwards a morph of two heads lies below folder, and stdout says where; folder may hold an earlier demo."""
    looked = examine(nowhere(Path.cwd()), discover())
    missing = tuple(f for f in looked if f.what in NEEDED and f.state is State.BAD)
    if missing:
        return _lacking(missing)
    config, _ = make(Settings(), folder, edit=_hasty)
    lane = _near(config.inboxes[0].path / LANE)
    say(f"Making two heads, Ada and Bruno, and dropping them into {lane}/ (this takes some seconds) …")
    top = _drop_heads(config)
    quiet = replace(settings, log_level=settings.log_level or Level.WARNING)
    end = run_with(config, quiet, once=True, lines=Quarters())
    with reading(database(config)) as store:
        job = next(iter(store.took(config.inboxes[0].name, top)), None)
        place = place_of(job, store.inboxes()) if job else None
    if job is None or job.status is not Status.DONE or place is None:
        return _failed(config, job, end)
    if job.answered_by:
        say("These two heads were morphed here before: the result was already there, and nothing was made again.")
    say(_pictures(Path(place)))
    say(_next(config))
    return Exit.OK


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


def _drop_heads(config: Config) -> str:
    """The heads' path below the inbox, where they lie by the same way as any ``visaged submit``."""
    inbox = config.inboxes[0]
    with tempfile.TemporaryDirectory(prefix="visaged-demo-") as scratch:
        heads = Path(scratch, ITEM)
        heads.mkdir()
        make_demo_heads(heads)
        return drop([heads], inbox, Wish(lane=LANE), inbox.path / LANE)


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
    reason = shown(job.reason or f"it is {job.status}") if job else "nothing took the heads"
    complain(f"The demo did not come to its end: {reason}")
    say(f"  {_command()} --config {_near(config.path)} explain {job.id if job else ITEM}")
    return end or Exit.FAILED


def _pictures(place: Path) -> str:
    """Where the pictures are: what a person would open first stands first."""
    order = {".mp4": 0, ".png": 1, ".jpg": 1}
    found = sorted(place.iterdir(), key=lambda p: (order.get(p.suffix, 2 if p.is_dir() else 3), p.name))
    lines = ["", f"The morph is in {_near(place)}/", *(f"  {_near(path)}{_inside(path)}" for path in found[:MOST])]
    return "\n".join(lines)


def _inside(path: Path) -> str:
    return f"/ ({sum(1 for _ in path.iterdir())} files)" if path.is_dir() else ""


def _next(config: Config) -> str:
    inbox, results = config.inboxes[0].path, config.inboxes[0].results
    own = f"{_command()} --config {_near(config.path)}"
    return (
        "\nNow with meshes of your own: two or more OBJ, PLY, GLB, STL or FBX in a folder.\n"
        f"  {own} run\n"
        f"  cp -r MY_MESHES {_near(inbox / LANE)}/\n"
        f"  {own} status --follow\n"
        f"  ls {_near(results / LANE)}/"
    )


def _command() -> str:
    """How this command is called here: by its name, or by its path where that is not searched."""
    return "visaged" if shutil.which("visaged") else _near(Path(sys.argv[0]))


def _near(path: Path) -> str:
    """The path as a person types it here: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
