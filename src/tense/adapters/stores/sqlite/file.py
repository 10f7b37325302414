"""The file: connections, settings that make a commit durable, migration, and errors in plain words."""

import sqlite3
from pathlib import Path

from tense.adapters.stores.sqlite.schema import VERSION, steps
from tense.errors import StoreBusyError, StoreError, StoreFullError, StoreUnusableError

CACHE = 16_000
"""Kilobytes of pages kept in memory: the ends of every lane, however deep the backlog is."""

PATIENCE = 5.0
"""Seconds to wait for another process's lock while opening."""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection with explicit transactions, usable from the loop's thread and its aside, never both at once.

    Raises:
        StoreUnusableError, StoreBusyError, StoreFullError: in plain words.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        try:
            _settle_in(connection, write=write)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return connection


def _settle_in(connection: sqlite3.Connection, *, write: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    if not write:
        connection.execute("PRAGMA query_only = ON")
        return
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        text = f"it cannot keep a write-ahead log here (mode {mode}); a network file system cannot be used"
        raise sqlite3.OperationalError(text)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    # What a savepoint or a statement would undo is kept in a file of its own as soon as it is a few pages, otherwise.
    connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:  # noqa: PLR2004 - FULL
        text = "it does not keep synchronous=FULL, so a power cut would lose what was accepted"
        raise sqlite3.OperationalError(text)


def check_place(path: Path) -> None:
    """Refuse a path where no store can be, before SQLite words it badly.

    Raises:
        StoreUnusableError: no folder, or not a file.
    """
    if not path.parent.is_dir():
        text = f"{path}: the folder {path.parent} does not exist. Make it first."
        raise StoreUnusableError(text)
    if path.exists() and not path.is_file():
        text = f"{path} is not a file."
        raise StoreUnusableError(text)


def migrate(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the tables to this version, in one transaction; gives the version found.

    Raises:
        StoreUnusableError: the file was made by a newer Tense.
    """
    try:
        found = _version(connection)
        if found == VERSION:
            return found
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(connection)
            _refuse_newer(found, path)
            for statement in steps(found):
                connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return found


def _version(connection: sqlite3.Connection) -> int:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tense_meta'").fetchone() is None:
        return 0
    row = connection.execute("SELECT value FROM tense_meta WHERE name = 'schema'").fetchone()
    return 0 if row is None else int(row[0])


def _refuse_newer(found: int, path: Path) -> None:
    if found > VERSION:
        text = f"{path} was made by a newer Tense (schema {found}, this one knows {VERSION}). Upgrade this process."
        raise StoreUnusableError(text)


MEANINGS: tuple[tuple[str, type[StoreError], str], ...] = (
    ("not a database", StoreUnusableError, "is not a SQLite database. Nothing was changed; give another file"),
    ("malformed", StoreUnusableError, "is damaged. Stop, copy the file, and restore a backup"),
    (
        "readonly",
        StoreUnusableError,
        "cannot be written by this user. Check the permissions of the file and its folder",
    ),
    (
        "read-only",
        StoreUnusableError,
        "cannot be written by this user. Check the permissions of the file and its folder",
    ),
    ("unable to open", StoreUnusableError, "cannot be opened by this user. Check the permissions of its folder"),
    ("full", StoreFullError, "has no room: the disk is full. What was accepted is kept; free some space"),
    ("locked", StoreBusyError, "is locked by another process for too long"),
    ("busy", StoreBusyError, "is locked by another process for too long"),
)


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """SQLite's error as one of ours, that says what and what next."""
    said = str(error).lower()
    for sign, kind, meaning in MEANINGS:
        if sign in said:
            return kind(f"{path} {meaning} ({error}).")
    return StoreError(f"{path}: {error}. Nothing that was accepted before is lost.")
