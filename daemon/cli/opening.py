"""What most commands begin with: the configuration, and the database for reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.cli.settings import Settings
from daemon.config import Config, find, load
from daemon.errors import ConfigError, StoreError
from daemon.store import Store, open_reader
from pipelines.contract import Pipeline
from pipelines.registry import BrokenPipeline
from pipelines.registry import pipelines as registered


def pipelines() -> dict[str, Pipeline]:
    """Every pipeline by its name. Raises ConfigError for one that cannot be used."""
    try:
        return registered()
    except BrokenPipeline as error:
        raise ConfigError(str(error)) from error


def configuration(settings: Settings) -> Config:
    """The configuration that the command line names, else the one that is found. Raises ConfigError."""
    return load(find(settings.config, Path.cwd()), pipelines())


@contextmanager
def reading(database: Path) -> Iterator[Store]:
    """Within, the database can be asked, while a daemon writes to it. Raises StoreError where there is none."""
    try:
        connection = open_reader(database)
        try:
            yield Store(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"The database {database} cannot be read: {error}.") from error


def database(config: Config) -> Path:
    """Where the database is."""
    return config.daemon.state / "visaged.db"
