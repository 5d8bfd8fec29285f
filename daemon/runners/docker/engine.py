"""Owns the talk with the Docker engine: what it is asked, and its answers as our types. The only user of docker-py.

An engine that does not answer is RunnerUnavailable; one that answers but does not do it is the value Declined.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException

from daemon.errors import RunnerUnavailable
from daemon.runners.docker.answers import Container, Facts, Image, container_of, facts_of, image_of, listed_of

T = TypeVar("T")

LOCAL = "unix:///var/run/docker.sock"
"""Where an engine is if nothing says otherwise."""
OLDEST = "1.41"
"""The version of the Engine API that is needed: that of Docker 20.10."""
PATIENCE = 30.0
"""Seconds for an answer; making and starting a container takes seconds on a busy machine."""
QUICK = 2.0
"""Seconds for the answer to whether the engine is there."""
SULK = 4.0
"""Seconds for which an engine that did not answer is not asked again whether it is there."""
PULL_PATIENCE = 300.0
"""Seconds without any word from a registry after which a pull is given up."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The engine answered, but did not do it. why: in its words."""

    status: int
    why: str


class Engine:
    """One engine. May be used by several threads. outages: how often it did not answer."""

    def __init__(self, address: str = "") -> None:
        """Afterwards nothing was asked yet. address: as DOCKER_HOST has it; empty: that, else this machine's."""
        self._address, self._where = address, address
        self._client: docker.APIClient | None = None
        self._lock = threading.Lock()
        self._silent_since = 0.0
        self._facts: Facts | None = None
        self.outages = 0

    # ------------------------------------------------------------ is it there

    def answers(self) -> None:
        """Afterwards it has answered just now. Raises RunnerUnavailable, at once where it was silent just before."""
        if self._silent_since and time.monotonic() - self._silent_since < SULK:
            raise RunnerUnavailable(self._silent("it did not a moment ago"))
        client = self._new(QUICK)
        try:
            self._ask(lambda _: client.ping())
        finally:
            client.close()

    def facts(self) -> Facts:
        """What it says about itself; asked once, and again after an outage."""
        if (facts := self._facts) is None:
            facts = self._facts = facts_of(self._certain(lambda c: c.info()))
        return facts

    def group(self) -> int | None:
        """The group that may use it by its socket; None where it is talked to otherwise."""
        path = _socket(self._where)
        return path.stat().st_gid if path is not None and path.exists() else None

    def close(self) -> None:
        """Afterwards no connection is kept; it may be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    # ------------------------------------------------------------ containers

    def find(self, name_or_id: str) -> Container | None:
        """The container, or None if there is none."""
        match self._ask(lambda c: c.inspect_container(name_or_id)):
            case Declined(status=404):
                return None
            case Declined(why=why):
                raise RunnerUnavailable(f"The Docker engine cannot look at {name_or_id}: {why}")
            case told:
                return container_of(told)

    def listing(self, label: str) -> tuple[Container, ...]:
        """All containers with a label (``name=value``), ended ones too; without times and ends."""
        told = self._certain(lambda c: c.containers(all=True, filters={"label": [label]}))
        return tuple(listed_of(one) for one in told)

    def create(self, name: str, config: Mapping[str, Any]) -> str | Declined:
        """The id of a new container of this name."""
        told = self._ask(lambda c: c.create_container_from_config(dict(config), name))
        return told if isinstance(told, Declined) else str(told["Id"])

    def start(self, container: str) -> Declined | None:
        """Afterwards it runs, or has run; None."""
        return _only_declined(self._ask(lambda c: c.start(container)))

    def signal(self, container: str, number: int) -> None:
        """Afterwards it has the signal, or is over; one that is paused goes on to hear it."""
        self._ask(lambda c: c.kill(container, number))

    def remove(self, container: str) -> None:
        """Afterwards it is gone, whatever it did, or is going."""
        self._ask(lambda c: c.remove_container(container, force=True, v=True))

    def wait(self, container: str, seconds: float) -> int | None:
        """The exit status of a container as soon as it is over; None if it is not so in time or is gone."""
        until = time.monotonic() + seconds
        while (seen := self.find(container)) and time.monotonic() < until:
            if not seen.alive and seen.state != "created":
                return seen.status
            time.sleep(0.05)
        return None

    def memory(self, container: str) -> int:
        """The most memory in bytes that it is known to have held; 0: not known."""
        told = self._ask(lambda c: c.stats(container, stream=False, one_shot=True))
        memory = {} if isinstance(told, Declined) else told.get("memory_stats", {})
        return int(memory.get("max_usage") or memory.get("usage") or 0)

    def log(self, container: str, taken_in: Callable[[Any], None] = lambda _: None) -> Iterator[bytes]:
        """All that it printed and prints until it is over, in order. taken_in: gets what ``close`` ends the wait of."""
        stream = self._ask(lambda c: c.logs(container, stream=True, follow=True))
        if isinstance(stream, Declined):
            return
        taken_in(stream)
        try:
            yield from stream
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return  # the engine went away, or the wait was ended: whoever asks finds out by asking again
        finally:
            _close(stream)

    # ------------------------------------------------------------ images

    def image(self, reference: str) -> Image | None:
        """The image of a reference on this machine, or None."""
        told = self._ask(lambda c: c.inspect_image(reference))
        return None if isinstance(told, Declined) else image_of(reference, told)

    def pull(self, reference: str) -> str | None:
        """Why the image could not be fetched; None: it is here now."""
        client = self._new(PULL_PATIENCE)
        repository, tag = docker.utils.parse_repository_tag(reference)
        try:
            told = self._ask(lambda _: list(client.pull(repository, tag or "latest", stream=True, decode=True)))
        finally:
            client.close()
        if isinstance(told, Declined):
            return told.why
        return next((str(line["error"]) for line in told if "error" in line), None)

    # ------------------------------------------------------------ within

    def _certain(self, ask: Callable[[docker.APIClient], T]) -> T:
        told = self._ask(ask)
        if isinstance(told, Declined):
            raise RunnerUnavailable(f"The Docker engine declined: {told.why}")
        return told

    def _ask(self, ask: Callable[[docker.APIClient], T]) -> T | Declined:
        try:
            told = ask(self._connected())
        except APIError as error:
            return Declined(int(error.status_code or 0), str(error.explanation or error).strip())
        except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self._silent_since, self._facts = time.monotonic(), None
            self.outages += 1
            self.close()
            raise RunnerUnavailable(self._silent(str(error))) from error
        self._silent_since = 0.0
        return told

    def _connected(self) -> docker.APIClient:
        """The connection, made anew after an outage: the engine that comes back may be another version."""
        with self._lock:
            if self._client is None:
                self._client = self._new(PATIENCE)
            else:
                _knock(self._where)
            return self._client

    def _new(self, patience: float) -> docker.APIClient:
        address = {"base_url": self._address} if self._address else docker.utils.kwargs_from_env()
        self._where = str(address.get("base_url") or LOCAL)
        try:
            _knock(self._where)
            client = docker.APIClient(**address, timeout=patience, version="auto")
        except (DockerException, OSError) as error:
            self._silent_since, self._facts = time.monotonic(), None
            self.outages += 1
            raise RunnerUnavailable(self._silent(str(error))) from error
        if docker.utils.version_lt(client.api_version, OLDEST):
            client.close()
            raise RunnerUnavailable(f"The Docker engine is too old (API {client.api_version}); 20.10 or newer will do.")
        return client

    def _silent(self, why: str) -> str:
        where = f" at {self._address}" if self._address else ""
        return f"The Docker engine{where} does not answer ({why}). Jobs wait until it does."


def _knock(address: str) -> None:
    """Nothing where somebody listens at a socket of this machine, else OSError.

    docker-py would find out as well, but leaves a handle open then, for each time that it was asked.
    """
    path = _socket(address)
    if path is not None:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(QUICK)
            tried.connect(str(path))


def _socket(address: str) -> Path | None:
    """The socket of this machine that an address names; None for any other."""
    return Path("/" + address.removeprefix("unix:").lstrip("/")) if address.startswith("unix:") else None


def _only_declined(told: Any) -> Declined | None:
    return told if isinstance(told, Declined) else None


def _close(stream: Any) -> None:
    try:
        stream.close()
    except (OSError, DockerException, AttributeError):
        return  # it was closed by the other side
