"""The stages of the pipeline ``ledger``: it remembers each file that it was given, and shows it where it was put.

Its state is ``entries.json``, SHA-256 -> path in the tree, and ``notes.txt``, what it was told.
"""

import json
import sys
import time
from pathlib import Path

from pipelines.contract import TREE, BadInput, Leaf, Result, Work, read_shown, serve, write_lines


def remembered(work: Work) -> tuple[dict[str, str], str]:
    if work.state is None:
        return {}, ""
    return json.loads((work.state / "entries.json").read_text()), (work.state / "notes.txt").read_text()


def edited(work: Work, entries: dict[str, str]) -> dict[str, str]:
    """The entries as the user has arranged them."""
    now = dict(entries)
    for shown in read_shown(work.job / str(work.request.published)):
        if shown.was and not shown.path and shown.sha256 in now:
            del now[shown.sha256]
        elif shown.was and shown.tag == "entry":
            now[shown.sha256] = shown.path
    return now


def note(work: Work) -> Result:
    """Afterwards the new revision of the state lies in ``state``, and the tree that is wanted in ``tree``."""
    entries, notes = remembered(work)
    entries = edited(work, entries)
    if work.request.arguments.get("text") == "refuse":
        raise BadInput("Nothing may be called so.")
    time.sleep(work.request.options["sleep"])
    for one in work.request.of("file"):
        entries.setdefault(one.sha256, f"files/{Path(one.path).name}")
    notes += "".join(f"{value}\n" for value in work.request.arguments.values() if isinstance(value, str))
    notes += f"{work.request.command or 'drop'} on {work.request.revision}\n"
    state = work.folder / "state"
    state.mkdir(exist_ok=True)
    (state / "entries.json").write_text(json.dumps(entries))
    (state / "notes.txt").write_text(notes)
    return Result(publish=wanted(work, entries, notes), state="state", answer="Noted.")


def wanted(work: Work, entries: dict[str, str], notes: str) -> str:
    """Afterwards the tree that is wanted lies in the folder of that name."""
    tree = work.folder / "tree"
    tree.mkdir(exist_ok=True)
    (tree / "ledger.txt").write_text(notes)
    leaves = [Leaf(path=path, sha256=sha256, tag="entry") for sha256, path in entries.items()]
    write_lines(tree / TREE, [*leaves, Leaf(path="ledger.txt", file="ledger.txt")])
    return "tree"


def again(work: Work) -> Result:
    """Afterwards the tree that is wanted is that of the state, whatever was changed in it since."""
    return Result(publish=wanted(work, *remembered(work)))


def show(work: Work) -> Result:
    """The answer is what is remembered."""
    entries, notes = remembered(work)
    files = [work.path(i).read_text() for i in work.request.of("file")]
    return Result(answer=notes + "".join(files), data={"entries": sorted(entries.values()), "given": files})


sys.exit(serve({"note": note, "show": show, "again": again}))
