"""The boundary between the daemon and its pipelines: what is declared, what is asked, what is answered.

Standard library alone, because both sides import it: the daemon to read a pipeline's declaration,
a stage (in a process, a container or a cluster job) to read its request and to leave its result.
Nothing but files crosses the boundary; their layout below the job folder is::

    in/                         what the user dropped (an archive: its content). Read only
    request.json                Request
    progress.jsonl              one Progress a line, appended by the stages
    logs/<stage>.log            what the stage printed
    stages/<stage>/             the stage's own folder ([/<shard>] if sharded); it may write only here
    stages/<stage>/result.json  Result, written last
    stages/<stage>/refusal.json Refusal, when the stage ends with EXIT_BAD_INPUT or EXIT_UNREADY
    state/                      the revision of the key's state to read (pipelines that remember). Read only
    published.jsonl             what the user sees of the key's tree now (pipelines that publish one)

All paths in these files are relative to the job folder and are text: bytes that are not UTF-8 are kept as lone
surrogates (PEP 383), and JSON is written in ASCII, so every file name survives the way there and back.
"""

from pipelines.contract.claiming import Claim, Drop, Entry, Refused, Wanting
from pipelines.contract.declaration import Command, Gpus, Loose, Parameter, Pipeline, Publish, Stage, Takes
from pipelines.contract.exchange import (
    EXIT_BAD_INPUT,
    EXIT_UNREADY,
    Fault,
    Input,
    Progress,
    Refusal,
    Request,
    Result,
    dump,
    read_refusal,
    read_request,
    read_result,
    stage_folder,
    write_atomic,
)
from pipelines.contract.options import checked, option, setting, settings
from pipelines.contract.serving import BadInput, StageFunction, Unready, Work, cores, memory, serve
from pipelines.contract.tree import TREE, Leaf, Place, Shown, read_leaves, read_shown, write_lines
from pipelines.contract.weights import Weights

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_UNREADY",
    "TREE",
    "BadInput",
    "Claim",
    "Command",
    "Drop",
    "Entry",
    "Fault",
    "Gpus",
    "Input",
    "Leaf",
    "Loose",
    "Parameter",
    "Pipeline",
    "Place",
    "Progress",
    "Publish",
    "Refusal",
    "Refused",
    "Request",
    "Result",
    "Shown",
    "Stage",
    "StageFunction",
    "Takes",
    "Unready",
    "Wanting",
    "Weights",
    "Work",
    "checked",
    "cores",
    "dump",
    "memory",
    "option",
    "read_leaves",
    "read_refusal",
    "read_request",
    "read_result",
    "read_shown",
    "serve",
    "setting",
    "settings",
    "stage_folder",
    "write_atomic",
    "write_lines",
]
