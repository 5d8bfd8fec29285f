"""Which runners a daemon has, each made from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from daemon.cli.opening import pipelines
from daemon.config import Config
from daemon.errors import ConfigError, RunnerUnavailable
from daemon.gpus import Capacity
from daemon.model import OnEnd, Runner, Take
from daemon.runners import LocalRunner
from daemon.runners.docker import Bind, Containers, DockerRunner, Pull
from daemon.runners.docker import Settings as DockerSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runners:
    """The runners by name."""

    by_name: Mapping[str, Runner]

    def capacity_at(self, whole: Capacity, name: str) -> Capacity:
        """What of the capacity a runner can give."""
        runner = self.by_name.get(name)
        if isinstance(runner, DockerRunner) and runner.without_gpus:
            return replace(whole, gpus=(), why_no_gpus=runner.without_gpus)
        return whole

    def close(self) -> None:
        """Afterwards none of them watches; stages run on."""
        for runner in self.by_name.values():
            runner.close()


def hired(config: Config, names: Iterable[str], on_end: OnEnd) -> Runners:
    """The runners of these names. Raises ConfigError where one cannot work as it is configured."""
    made: dict[str, Runner] = {}
    for name in sorted(set(names)):
        made[name] = _docker(config, on_end) if name == DockerRunner.name else _local(config, on_end)
    return Runners(made)


def docker_settings(config: Config) -> DockerSettings:
    """What the docker runner needs to know of the configuration."""
    known = pipelines()
    return DockerSettings(
        work=config.daemon.work.resolve(),
        pipelines={name: _containers(config, name, weighs=bool(known[name].weights)) for name in config.pipelines},
        address=config.docker.address,
        readable=tuple(inbox.path for inbox in config.inboxes if inbox.take is Take.REFERENCE),
        probe_image=config.docker.probe_image,
    )


def _containers(config: Config, pipeline: str, *, weighs: bool) -> Containers:
    own, everyone = config.pipelines[pipeline], config.docker
    host, more = own.run_args
    return Containers(
        image=_reference(f"visaged/{pipeline}" if own.image == "auto" else own.image, own.tag),
        pull=Pull(everyone.pull if own.pull == "auto" else own.pull),
        user=own.user or everyone.user,
        network=own.network or everyone.network,
        environment=own.environment,
        mounts=tuple(Bind(source, target) for source, target in own.mounts),
        models=config.daemon.models if weighs else None,
        shm=own.shm,
        host=host,
        config=more,
    )


def _reference(image: str, tag: str) -> str:
    """The image with its tag, unless it says itself which version is meant."""
    versioned = "@" in image or ":" in image.rpartition("/")[2]
    return image if versioned else f"{image}:{tag}"


def _local(config: Config, on_end: OnEnd) -> LocalRunner:
    return LocalRunner(config.daemon.work, on_end, models=config.daemon.models)


def _docker(config: Config, on_end: OnEnd) -> DockerRunner:
    runner = DockerRunner(docker_settings(config), on_end)
    try:
        runner.prove()
    except RunnerUnavailable as error:
        log.warning("stages wait", why=str(error))
    except ConfigError:
        runner.close()
        raise
    return runner
