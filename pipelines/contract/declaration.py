"""What a pipeline declares about itself: its stages, commands, kinds of files, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.contract.claiming import Claim, Drop, Refused, Wanting
from pipelines.contract.weights import Weights


class Gpus(StrEnum):
    """Whether a stage wants a GPU."""

    NONE = "none"
    OPTIONAL = "optional"  # waits for a GPU that exists, takes the CPU only where none does
    REQUIRED = "required"


class Publish(StrEnum):
    """How the result reaches the user (DESIGN.md section 3, step 8)."""

    FOLDER = "folder"  # <name>/ with everything in it, in one rename
    FILE = "file"  # <name>.<suffix>, then <name>.receipt.json
    TREE = "tree"  # the last stage says which file stands where (``tree``), and the key's whole folder becomes that


class Loose(StrEnum):
    """How loose files in the lane's root become items."""

    PAIR = "pair"  # all of them are one item of exactly two principal files and their companions
    TOGETHER = "together"  # what settled together is one item
    BY_STEM = "by_stem"  # files of one stem are one item


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a pipeline and what it needs to run.

    cpus: cores. gpu_memory, memory, shm: bytes (0: no wish). timeout: seconds.
    sharded: runs once for each line of the ``shards.json`` that the stage before wrote.
    when: options; where all of them are false or empty the stage is passed over. image: the last part of the name of
    its own image, where it does not run in the pipeline's ("": it does). recalls: it reads the key's state (with such
    options), so that it is done again where that has changed since.
    """

    name: str
    cpus: float = 1.0
    memory: int = 0
    gpus: Gpus = Gpus.NONE
    gpu_memory: int = 0
    shm: int = 0
    timeout: float = 24 * 3600.0
    sharded: bool = False
    when: tuple[str, ...] = ()
    image: str = ""
    recalls: bool | Callable[[Mapping[str, Any]], bool] = False

    def wanted(self, options: Mapping[str, Any]) -> bool:
        """Whether a job with these options has this stage."""
        return not self.when or any(options.get(name) for name in self.when)

    def reads_state(self, options: Mapping[str, Any]) -> bool:
        """Whether it reads the key's state in a job with these options."""
        return self.recalls(options) if callable(self.recalls) else self.recalls


class Takes(StrEnum):
    """What a parameter of a command is."""

    TEXT = "text"
    FILE = "file"  # a file or folder of the user's; its content comes as an input of the role that is the parameter's
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a command is told. required: positional, in the order of declaration; else an option. many: at least one."""

    name: str
    about: str
    takes: Takes = Takes.TEXT
    required: bool = True
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a user or the clock may ask of a pipeline besides drops: ``visaged <name>``, a job without an item.

    name: one or two words ("people rename"). stages: that run for it, with the pipeline's. parameters: come as
    ``Request.arguments``. commits: it changes the key's state and tree, in order with the jobs of the key; else it only
    reads what is there and answers (``Result.answer``) at once. keyed: it is about one key, ``--key`` on the command
    line; else about none. hidden: only the daemon asks it. weighs: it cannot do without the weights.
    heeds_options: its stages read options; else those that were said for the key may be such as cannot be had.
    """

    name: str
    about: str
    stages: tuple[Stage, ...]
    parameters: tuple[Parameter, ...] = ()
    commits: bool = False
    keyed: bool = True
    hidden: bool = False
    weighs: bool = False
    heeds_options: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What the daemon knows of a pipeline.

    kinds: suffix -> kind of file ("mesh", "texture", …): the types that it can use. principal: the kinds that
    make an item this pipeline's (routing by type). claim: pure; an item's files -> Claim | Wanting | Refused.
    module: run as ``python -m <module> <stage> <job folder>``. remembers: it keeps a state of each key.
    key_word: what its keys are called ("collection"). commands: by their names; nightly: the one that runs every night
    for each key, edited: the one that runs when the user has changed a key's tree, reverted: the one that shows a key's
    state again after the user went back to an earlier revision of it. weights: files that its stages need,
    needs: the names of those, for options, and spares: of these the ones without which its stages do the rest.
    own_pack: the files of a pack of the user's own in a folder; raises ValueError with a sentence where it is none.
    once: options that a manifest gives its own drop alone; all others hold for its key until another says otherwise.
    """

    name: str
    version: str
    stages: tuple[Stage, ...]
    options: type
    kinds: Mapping[str, str]
    principal: tuple[str, ...]
    claim: Callable[[Drop], Claim | Wanting | Refused]
    loose: Loose
    publish: Publish
    keyed: bool = False
    remembers: bool = False
    key_word: str = "key"
    module: str = ""
    commands: tuple[Command, ...] = ()
    nightly: str = ""
    edited: str = ""
    reverted: str = ""
    weights: tuple[Weights, ...] = ()
    needs: Callable[[Mapping[str, Any]], tuple[str, ...]] = field(default=lambda _: ())
    spares: Callable[[Mapping[str, Any]], tuple[str, ...]] = field(default=lambda _: ())
    own_pack: Callable[[Path], tuple[Weights, ...]] | None = None
    once: tuple[str, ...] = ()

    @property
    def run_as(self) -> str:
        """The module whose ``__main__`` serves the stages."""
        return self.module or f"pipelines.{self.name}"

    def command(self, name: str) -> Command:
        """The command of that name. Raises KeyError."""
        return {command.name: command for command in self.commands}[name]

    def stages_of(self, command: str | None, options: Mapping[str, Any]) -> tuple[Stage, ...]:
        """The stages of a job: of a drop (None) or of a command."""
        stages = self.stages if command is None else self.command(command).stages
        return tuple(stage for stage in stages if stage.wanted(options))

    def kind(self, path: str) -> str | None:
        """The kind of a file by its suffix, or None where this pipeline cannot use it."""
        return self.kinds.get(PurePosixPath(path).suffix.lower())
