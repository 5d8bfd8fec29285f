"""What config.toml may say: its tables, keys, defaults and their meaning. The reference is made from these types."""

from __future__ import annotations

import grp
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from daemon.config.containers import Environment, Mounts, Network, NetworkOrAuto, RunArguments, User
from daemon.config.quantities import (
    CoresOrAuto,
    CountOrAuto,
    Duration,
    DurationOrAuto,
    DurationOrEver,
    FileMode,
    Folder,
    RootFolder,
    Size,
    SizeOrAuto,
    Spelled,
    listed,
)
from daemon.model import Take


def key(default: Any, about: str) -> Any:
    """A key with its default as config.toml spells it, and its sentence for the reference."""
    return Field(default=default, description=about)


def _group(value: str) -> str:
    try:
        if value:
            grp.getgrnam(value)
    except (KeyError, ValueError) as error:
        raise ValueError("it must be a group of this machine (`getent group` lists them)") from error
    return value


def _gpus(value: Any) -> Any:
    if value in ("auto", "none") or (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        return listed(value)
    raise ValueError('it must be "auto", "none" or an array of UUIDs in quotes (`visaged doctor` shows them)')


def _take(value: Any) -> Take:
    if value not in list(Take):
        raise ValueError('it must be "move", "copy" or "reference"')
    return Take(value)


def _inboxes(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        raise ValueError("an inbox is written [[inbox]], in two pairs of brackets, with its keys below")
    return listed(value)


def _cron(value: str) -> str:
    if value not in ("", "auto"):
        from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - slow, and hardly ever needed

        try:
            CronTrigger.from_crontab(value)
        except ValueError as error:
            raise ValueError('it must be five fields of cron, such as "30 2 * * *"') from error
    return value


Cron = Annotated[str, AfterValidator(_cron), Spelled("cron")]
Group = Annotated[str, AfterValidator(_group), Spelled("name")]
Globs = Annotated[tuple[str, ...], BeforeValidator(listed), Spelled("array of globs")]
Command = Annotated[tuple[str, ...], BeforeValidator(listed), Spelled("array of words")]
GpuChoice = Annotated[
    Literal["auto", "none"] | tuple[str, ...], BeforeValidator(_gpus), Spelled('"auto", "none" or array of UUIDs')
]
TakeChoice = Annotated[Take, BeforeValidator(_take), Spelled('"move", "copy" or "reference"')]
InboxName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$"), Spelled("letters, digits, - and _")]
Defaults = Annotated[Mapping[str, Mapping[str, Any]], Spelled("table for each pipeline")]


class Table(BaseModel):
    """A table of config.toml: unknown keys are refused, values are of their type, nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class Daemon(Table):
    """The daemon: where its folders are, how much it may run at once, how long it waits and keeps."""

    root: RootFolder = key(
        ".",
        "Where the folders are; relative to the folder of config.toml. Every relative path of this file is below it.",
    )
    work: Folder = key("work", "Folder of the jobs that are under way.")
    archive: Folder = key("archive", "Folder where the inputs of finished jobs stay.")
    failed: Folder = key("failed", "Folder where inputs go that could not be used, each with a WHY.txt.")
    state: Folder = key("state", "Folder of the database and of what pipelines remember. Never on a network share.")
    models: Folder = key(
        "models", "Folder of the weights that pipelines need; `visaged models` shows and fetches them."
    )
    fetch_models: bool = key(
        True,  # noqa: FBT003 - the value of the key
        "Whether weights that a drop needs and that are not here are fetched before its first stage.",
    )
    runner: Literal["local", "docker"] = key(
        "local", "Where stages run: as processes of this machine, or in containers of a Docker engine."
    )
    slots: CountOrAuto = key("auto", 'How many stages run at once; "auto": one for each core.')
    cpus: CoresOrAuto = key(
        "auto", 'How many cores all running stages use together; "auto": all that the daemon may use.'
    )
    memory: SizeOrAuto = key(
        "auto", 'How much memory all running stages use together; "auto": nine tenths of the machine\'s.'
    )
    settle_seconds: Duration = key(5.0, "Seconds for which a drop must not change before it is taken.")
    probe_patience: Duration = key(
        60, "How long a file that looks unfinished is waited for before its stage judges it."
    )
    partner_timeout: Duration = key(
        "24h",
        "How long a drop waits for a missing partner, such as a second mesh or a sound's first video, before it fails.",
    )
    disk_min: Size = key("2 GB", "Free space of the work disk under which no job is started.")
    unpack_limit: Size = key("50 GB", "Size to which one dropped archive may unpack; a larger one is refused.")
    retention: DurationOrEver = key("7d", 'How long the work folders of finished and failed jobs stay; "": for ever.')
    archive_retention: DurationOrEver = key("", 'How long archived inputs stay before they are deleted; "": for ever.')
    tree_seconds: Duration = key(
        30, "How often result trees that people may edit (faces) are looked at for changes; 0: only before each run."
    )
    umask: FileMode = key("002", "Permissions that results do not get, as octal digits.")
    group: Group = key("", 'Group that results belong to; "": the group of the daemon.')
    notify: Command = key(
        [], "Program and arguments that are run when a job ends, told of it as JSON on standard input."
    )
    log_level: Literal["debug", "info", "warning", "error"] = key("info", "The least important message that is logged.")


class Inbox(Table):
    """A watched folder. Write [[inbox]] once for each; without any there is one with these defaults."""

    name: InboxName = key("inbox", "Its name in messages and in the database; each inbox has its own.")
    path: Folder = key(
        "inbox", "The folder that is watched; each folder in it with a pipeline's name is that pipeline's lane."
    )
    results: Folder = key("results", "Where its results appear.")
    mode: Literal["auto", "events", "polled"] = key(
        "auto", 'How changes are noticed; "auto": by events, and by looking again on network shares.'
    )
    take: TakeChoice = key(
        "move",
        "What happens to the originals: moved to the archive, or copied or read in place and left where they are.",
    )
    ignore: Globs = key([], 'Names that are never looked at, such as "*.bak".')
    defaults: Defaults = key(
        {}, "Options for what is dropped here, by pipeline: [inbox.defaults.morph] with frames = 21."
    )


class GpuTable(Table):
    """The GPUs that stages may use."""

    use: GpuChoice = key("auto", '"auto": all, "none": none, or the UUIDs of some.')


class DockerTable(Table):
    """The Docker engine, and what holds for the containers of all pipelines that run there."""

    address: str = key("", 'Where the engine is; "": as DOCKER_HOST says, else /var/run/docker.sock.')
    pull: Literal["never", "missing", "always"] = key(
        "never", "When images are fetched from their registry; `make images` builds those of visaged here."
    )
    network: Network = key("none", "Network of the stages; none of visaged's needs one.")
    user: User = key("auto", 'User of the stages, by number; "auto": the daemon\'s, so that it owns what they make.')
    probe_image: str = key(
        "", 'Image in which it is proved that containers see the work folder; "": any of a pipeline that is here.'
    )


class PipelineTable(Table):
    """What holds for every stage of a pipeline, and its options."""

    enabled: bool = key(True, "Whether drops for this pipeline are taken.")  # noqa: FBT003 - the value of the key
    runner: Literal["auto", "local", "docker"] = key("auto", 'Where its stages run; "auto": as in [daemon].')
    cpus: CoresOrAuto = key("auto", 'Cores for each of its stages; "auto": what the stage asks for.')
    memory: SizeOrAuto = key("auto", 'Memory for each of its stages; "auto": what the stage asks for.')
    timeout: DurationOrAuto = key("auto", 'Time after which a stage is stopped; "auto": what the stage asks for.')
    nightly: Cron = key(
        "auto", 'When its nightly work is done, as five fields of cron; "auto": at two in the night; "": never.'
    )
    image: str = key("auto", 'Image of its containers, without a tag; "auto": visaged/ and the name of the pipeline.')
    tag: str = key("latest", "Tag of that image.")
    pull: Literal["auto", "never", "missing", "always"] = key(
        "auto", 'When the image is fetched; "auto": as in [docker].'
    )
    user: User = key("auto", 'User of its containers, by number; "auto": as in [docker].')
    network: NetworkOrAuto = key("auto", 'Network of its containers; "auto": as in [docker].')
    shm: SizeOrAuto = key("auto", 'Shared memory of its containers; "auto": what the stage asks for.')
    environment: Environment = key({}, "Variables that its stages find in their containers.")
    mounts: Mounts = key([], "Folders that its containers see and cannot change, such as weights.")
    run_args: RunArguments = key([], "More arguments of `docker run`; what would loosen the container is refused.")
    options: Mapping[str, Any] = Field(default={}, description="Its options, complete.")


class Config(Table):
    """All of config.toml. Only the wiring sees it whole; everybody else gets the few values they need.

    path: the file. inboxes: at least one. pipelines: a table for every pipeline, whether the file has it or not.
    """

    path: Path
    daemon: Daemon
    inboxes: Annotated[tuple[Inbox, ...], BeforeValidator(_inboxes)] = Field(alias="inbox")
    gpus: GpuTable
    docker: DockerTable
    pipelines: Mapping[str, PipelineTable]
