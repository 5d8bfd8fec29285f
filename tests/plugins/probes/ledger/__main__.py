"""The stages of the pipeline ``ledger``: it remembers each file that it was given, and shows it where it was put.

Its state is ``entries.json``, SHA-256 -> path in the tree, and ``notes.txt``, what it was told.
"""

import json
import sys
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
    for one in work.request.of("file"):
        entries.setdefault(one.sha256, f"files/{Path(one.path).name}")
    notes += "".join(f"{value}\n" for value in work.request.arguments.values() if isinstance(value, str))
    notes += f"{work.request.command or 'drop'} on {work.request.revision}\n"
    state, tree = work.folder / "state", work.folder / "tree"
    for folder in (state, tree):
        folder.mkdir(exist_ok=True)
    (state / "entries.json").write_text(json.dumps(entries))
    (state / "notes.txt").write_text(notes)
    (tree / "ledger.txt").write_text(notes)
    leaves = [Leaf(path=path, sha256=sha256, tag="entry") for sha256, path in entries.items()]
    write_lines(tree / TREE, [*leaves, Leaf(path="ledger.txt", file="ledger.txt")])
    return Result(publish="tree", state="state", answer="Noted.")


def show(work: Work) -> Result:
    """The answer is what is remembered."""
    entries, notes = remembered(work)
    files = [work.path(i).read_text() for i in work.request.of("file")]
    return Result(answer=notes + "".join(files), data={"entries": sorted(entries.values()), "given": files})


sys.exit(serve({"note": note, "show": show}))
