"""``visaged backup`` and ``visaged restore``: database, config.toml and what pipelines remember, and back."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.cli.holding import held
from daemon.cli.opening import configuration, database, pipelines
from daemon.cli.remembering import STATES, copy_states, put_states
from daemon.cli.settings import Settings
from daemon.config import Config, load
from daemon.errors import CannotDo, ConfigError, StoreError
from daemon.store import connect
from daemon.store.database import copy
from pipelines.contract import write_atomic

DATABASE = "visaged.db"
CONFIG = "config.toml"
_PACKED = (".tar.gz", ".tgz")


def backup(settings: Settings, target: Path) -> Path:
    """Afterwards target (``.tar.gz``, else a folder) holds the database, config.toml and all states.

    A daemon may run meanwhile.

    Raises CannotDo where target is there already.
    """
    config = configuration(settings)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CannotDo(f"{target} is there already and is not overwritten; choose another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".visaged-backup-", dir=target.parent) as scratch:
        folder = Path(scratch, "backup")
        folder.mkdir()
        copy(database(config), folder / DATABASE)
        shutil.copyfile(config.path, folder / CONFIG)
        copy_states(config, folder)
        if target.name.endswith(_PACKED):
            packed = Path(scratch, "packed")
            with tarfile.open(packed, "w:gz") as archive:
                for path in sorted(folder.iterdir()):
                    archive.add(path, arcname=path.name)
            packed.replace(target)
        else:
            folder.replace(target)
    return target


def restore(settings: Settings, source: Path, *, force: bool) -> tuple[str, ...]:
    """Afterwards the database is that of the backup; given back: what was done, in sentences.

    A database that was there is moved aside, and only with force. A config.toml that is there stays; without one
    the backup's is used. Raises DaemonError while a daemon runs, CannotDo, StoreError where the backup is damaged.
    """
    with _opened(source) as folder:
        said = list(_config(settings, folder))
        config = load(_config_path(settings), pipelines())
        with held(config):
            said += _database(config, folder / DATABASE, force=force)
            said += put_states(config, folder)
    return tuple(said)


def _config_path(settings: Settings) -> Path:
    try:
        return configuration(settings).path
    except ConfigError:
        path = settings.config or Path.cwd() / CONFIG
        if path.exists():
            raise
        return path


def _config(settings: Settings, folder: Path) -> Iterator[str]:
    path = _config_path(settings)
    if not path.exists():
        write_atomic(path, (folder / CONFIG).read_bytes())
        yield f"{path} is that of the backup."
    elif path.read_bytes() != (folder / CONFIG).read_bytes():
        kept = path.with_name("config.from-backup.toml")
        write_atomic(kept, (folder / CONFIG).read_bytes())
        yield f"{path} stays as it is; that of the backup differs and lies beside it as {kept.name}."


def _database(config: Config, source: Path, *, force: bool) -> Iterator[str]:
    path = database(config)
    if path.exists() and not force:
        raise CannotDo(f"There is a database at {path}. With --force it is moved aside and the backup takes its place.")
    fresh = path.with_name(f"{path.name}.restoring")
    fresh.unlink(missing_ok=True)
    shutil.copyfile(source, fresh)
    try:
        _checked(fresh)
    except StoreError:
        fresh.unlink(missing_ok=True)
        raise
    if path.exists():
        aside = path.with_name(f"{path.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
        yield f"The database that was there is now {aside}."
    fresh.replace(path)
    yield f"The database is that of the backup: {path}."


def _checked(path: Path) -> None:
    """Raises StoreError where the file is not a whole database of ours."""
    try:
        connection = connect(path)
    except StoreError as error:
        raise StoreError(f"The database in the backup cannot be used, and nothing was changed. {error}") from error
    try:
        problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        problems = [str(error)]
    finally:
        connection.close()
    if problems != ["ok"]:
        raise StoreError(f"The database in the backup is damaged ({'; '.join(problems)}); nothing was changed.")


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    """Within, the folder that holds the two files of a backup."""
    if source.is_dir():
        if not (source / DATABASE).is_file() or not (source / CONFIG).is_file():
            raise CannotDo(f"{source} is no backup of visaged: {DATABASE} and {CONFIG} should be in it.")
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="visaged-restore-") as scratch:
        try:
            with tarfile.open(source, "r:gz") as archive:
                for name in (DATABASE, CONFIG):
                    _unpack(archive, name, Path(scratch))
                states = [m for m in archive.getmembers() if m.name.startswith(f"{STATES}/")]
                archive.extractall(scratch, members=states, filter="data")
        except FileNotFoundError as error:
            raise CannotDo(f"There is no backup at {source}.") from error
        except PermissionError as error:
            raise CannotDo(f"{source} may not be read by you: {error.strerror}.") from error
        except (OSError, tarfile.TarError, zlib.error, KeyError, EOFError) as error:
            raise CannotDo(
                f"{source} is no backup of visaged, or not a whole one. A backup is the .tar.gz or the folder that "
                f"`visaged backup` made, with {DATABASE} and {CONFIG} in it."
            ) from error
        yield Path(scratch)


def _unpack(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(name)
    with content, (folder / name).open("wb") as file:
        shutil.copyfileobj(content, file)
