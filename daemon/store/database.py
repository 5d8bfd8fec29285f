"""The database file: opening it, its pragmas, its numbered migrations, its backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import sqlite_utils

from daemon.errors import StoreError

MIGRATIONS = tuple(
    (int(file.name[:4]), file.read_text("utf-8"))
    for file in sorted(resources.files("daemon").joinpath("schema").iterdir(), key=lambda f: f.name)
    if file.name.endswith(".sql")
)
"""(number, SQL) of every migration, in order. ``PRAGMA user_version`` holds the number of the last one applied."""

PATIENCE = 600.0
"""Seconds that a transaction waits for somebody else who holds the file (a tool that the user opened it with)."""

APPLICATION_ID = 0x76697361
""""visa": marks a file as ours."""


def connect(path: Path) -> sqlite3.Connection:
    """The database at path, made or migrated to the newest schema, for the one writer.

    Raises StoreError where the file is not ours, is newer than this version or is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _open(path.as_uri())
    try:
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(
            f"{path} cannot be used as visaged's database ({error}). "
            "Move it away and run `visaged restore` with a backup, or start with a new one."
        ) from error
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """The database at path for reading only, while a daemon may write to it. Raises StoreError where there is none."""
    if not path.is_file():
        raise StoreError(f"There is no database at {path} yet: `visaged run` makes it.")
    return _open(path.as_uri() + "?mode=ro")


def _open(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if ours != APPLICATION_ID and sqlite_utils.Database(connection).table_names():
        raise StoreError(f"{path} is a database of another program. Set `state` in config.toml to another folder.")
    newest = MIGRATIONS[-1][0]
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer visaged (schema {version}, this one knows {newest}). "
            "Install that version again, or restore an older backup."
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 1000")
    for number, sql in MIGRATIONS:
        if number > version:
            stamp = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
            connection.executescript(f"BEGIN IMMEDIATE; {sql}; {stamp} COMMIT;")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Everything done within happens at once or not at all, and is on the disk afterwards."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def copy(source: Path, target: Path) -> None:
    """Afterwards target is a whole copy of the database at source, taken while a daemon may write to it."""
    reader = open_reader(source)
    writer = sqlite3.connect(target)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode = DELETE")
    finally:
        writer.close()
        reader.close()
