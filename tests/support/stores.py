"""How a test runs an app on a store."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tense import App
from tense.testing.harness import Harness

Run = Callable[[App], AbstractAsyncContextManager[Harness]]
"""Runs an app; a second run in the same test finds what the first one left."""

WITH_TURNS = ["memory", "sqlite"]
"""Stores on which a handler in its transaction keeps every other out."""

MISSING_TABLE: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
BROKEN_RULE: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)
"""What the drivers raise for a table that is not there, and for a row that breaks a rule of its table."""

try:
    import asyncpg
except ModuleNotFoundError:
    pass
else:
    MISSING_TABLE += (asyncpg.UndefinedTableError,)
    BROKEN_RULE += (asyncpg.UniqueViolationError,)
