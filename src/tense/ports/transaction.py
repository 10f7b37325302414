"""Transaction and Snapshot: the database as a handler sees it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from tense.errors import WorkflowError

ENDS = re.compile(
    r"""(?:\s | --[^\n]*(?:\n|\Z) | /\*.*?\*/ | ;)*
    (COMMIT | END | ABORT | PREPARE\s+TRANSACTION | ROLLBACK(?!(?:\s+(?:WORK|TRANSACTION))?\s+TO\b))\b""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""Words that end a transaction, at the beginning of a statement; `ROLLBACK TO` ends only a part of it."""

Row: TypeAlias = Sequence[Any]
"""One row of a result: values in the order of the query's columns."""


class Snapshot(Protocol):
    """Reads of what is committed. Waits for nobody and keeps nobody waiting; writes are refused."""

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row of a query. Parameters are written `:name` on every store."""
        ...

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row of a query, or None."""
        ...

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row, or None."""
        ...


class Transaction(Snapshot, Protocol):
    """The unit of work of one handler: what it writes commits together with its messages, mark and outcome.

    On SQLite the first use takes the process's turn, reads included, and keeps it until the handler ends: talk to the
    outside world before. Commit and rollback are not the handler's to call: return, or raise.

    Raises:
        WorkflowError: used after the handler ended, or to end the transaction.
    """

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement; gives the number of rows it changed."""
        ...

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement once for each row of parameters; gives the number of rows changed."""
        ...

    def begin(self) -> AbstractAsyncContextManager[None]:
        """A part that can be undone on its own: an exception that leaves it undoes what was written within it."""
        ...


@lru_cache(maxsize=1024)
def refuse_ending(statement: str) -> None:
    """Refuse a statement that would end a handler's transaction, which others may share.

    Raises:
        WorkflowError: it is one.
    """
    if (found := ENDS.match(statement)) is not None:
        text = (
            f"{found[1].upper()} would end the transaction in which this handler's messages and mark stand, and others' "
            "with them. It commits when the handler returns and is undone when it raises; put a part that may be "
            "undone into `async with db.begin():`."
        )
        raise WorkflowError(text)
