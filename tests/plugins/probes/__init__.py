"""Pipelines for the tests, as a package of their own: ``noop`` (one stage), ``counted`` (keyed, sharded), ``ledger``
(remembers, shows a tree, has commands), and two that want a GPU: one that can do without, and one that cannot.
"""

from dataclasses import dataclass, replace

from pipelines.contract import (
    Claim,
    Command,
    Drop,
    Gpus,
    Loose,
    Parameter,
    Pipeline,
    Publish,
    Refused,
    Stage,
    Takes,
    Wanting,
    checked,
    option,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the stage behaves."""

    sleep: float = option(0.0, "Seconds to sleep.", least=0, most=600)
    crash: int = option(0, "How many attempts crash first.", least=0, most=100)
    refuse: str = option("", "Refuse the input with this sentence.")

    def __post_init__(self) -> None:
        checked(self)


def claim(drop: Drop) -> Claim | Wanting | Refused:
    """Every file with a known suffix has the role "file"; a ``.left`` waits for its ``.right``."""
    names = tuple(e.path for e in drop.entries if e.suffix in (".noop", ".left", ".right"))
    suffixes = {e.suffix for e in drop.entries}
    if not names:
        return Refused(f"There is no .noop file in {drop.name}.")
    if ".left" in suffixes and ".right" not in suffixes:
        return Wanting("its right half (.right)")
    return Claim(name=drop.name, roles={"file": names})


NOOP = Pipeline(
    name="noop",
    version="1",
    stages=(Stage(name="noop", cpus=0.25, timeout=600),),
    options=Options,
    kinds={".noop": "noop", ".left": "half", ".right": "half"},
    principal=("noop", "half"),
    claim=claim,
    loose=Loose.BY_STEM,
    publish=Publish.FOLDER,
    module="probes.noop",
)

LIKES_GPU = replace(NOOP, name="likes_gpu", stages=(replace(NOOP.stages[0], gpus=Gpus.OPTIONAL),), principal=("none",))
NEEDS_GPU = replace(NOOP, name="needs_gpu", stages=(replace(NOOP.stages[0], gpus=Gpus.REQUIRED),), principal=("none",))


def claim_counted(drop: Drop) -> Claim | Wanting | Refused:
    """Every ``.count`` file is counted."""
    names = tuple(e.path for e in drop.entries if e.suffix == ".count")
    return Claim(name=drop.name, roles={"file": names}) if names else Refused("There is no .count file.")


COUNTED = Pipeline(
    name="counted",
    version="1",
    stages=(
        Stage(name="split", cpus=0.25),
        Stage(name="each", cpus=0.25, sharded=True),
        Stage(name="join", cpus=0.25),
    ),
    options=Options,
    kinds={".count": "count"},
    principal=("count",),
    claim=claim_counted,
    loose=Loose.TOGETHER,
    publish=Publish.FILE,
    keyed=True,
    module="probes.counted",
)


def claim_ledger(drop: Drop) -> Claim | Wanting | Refused:
    """Every ``.entry`` file is entered."""
    names = tuple(e.path for e in drop.entries if e.suffix == ".entry")
    return Claim(name=drop.name, roles={"file": names}) if names else Refused("There is no .entry file.")


NOTE = Stage(name="note", cpus=0.25, recalls=True)
LEDGER = Pipeline(
    name="ledger",
    version="1",
    stages=(NOTE,),
    options=Options,
    kinds={".entry": "entry"},
    principal=("entry",),
    claim=claim_ledger,
    loose=Loose.TOGETHER,
    publish=Publish.TREE,
    keyed=True,
    remembers=True,
    key_word="book",
    once=("crash",),
    module="probes.ledger",
    commands=(
        Command(
            name="ledger add",
            about="Note something.",
            stages=(NOTE,),
            parameters=(Parameter(name="text", about="What."),),
            commits=True,
        ),
        Command(name="ledger show", about="Show what is noted.", stages=(Stage(name="show", cpus=0.25),)),
        Command(
            name="ledger read",
            about="Read a file.",
            stages=(Stage(name="show", cpus=0.25),),
            parameters=(Parameter(name="file", about="Which.", takes=Takes.FILE),),
        ),
        Command(name="ledger edits", about="Read edits.", stages=(NOTE,), commits=True, hidden=True),
        Command(name="ledger night", about="What is done at night.", stages=(NOTE,), commits=True, hidden=True),
        Command(
            name="ledger rollback",
            about="Show what is noted again.",
            stages=(Stage(name="again", cpus=0.25, recalls=True),),
            commits=True,
            hidden=True,
        ),
    ),
    nightly="ledger night",
    edited="ledger edits",
    reverted="ledger rollback",
)
