"""SqlAlchemyUnit: the project's own AsyncSession is the unit of work of its handlers."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import TextClause, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.util import await_only

from tense.errors import NotSupportedError, RefusedWriteError, RegistrationError, StoreError, TenseError, WorkflowError
from tense.ports.session import Enter
from tense.ports.transaction import Row, Transaction, refuse_ending

log = logging.getLogger("tense")

UNKNOWN = ("08", "53", "57", "58", "XX")
"""Classes of SQLSTATE after which nobody knows what the server did: lost connections, shutdowns, faults of its own."""

NOT_AWAITED = (
    "SqlAlchemyUnit() needs an async_sessionmaker, and was given {given}. Tense awaits the commit of each message; a "
    "blocking session would stop the loop for everybody. Make one with async_sessionmaker(create_async_engine(...)): "
    "postgresql+asyncpg, postgresql+psycopg and sqlite+aiosqlite are known to work."
)

NOT_YOURS = (
    "a handler committed its AsyncSession, which is Tense's to commit: together with the mark, the outcome and the "
    "messages, when the handler returns. For a part that can be undone on its own, use session.begin_nested()."
)


class SqlAlchemyUnit:
    """Opens the project's session for each message: `App(..., unit_of_work=SqlAlchemyUnit(sessions))`.

    Handlers ask for `AsyncSession`. What they write through it commits together with their mark, outcome and messages,
    or not at all; it is closed in any case. `Transaction` is the same transaction.

    Raises:
        RegistrationError: not an `async_sessionmaker`.
    """

    def __init__(self, sessions: async_sessionmaker[Any]) -> None:
        if not isinstance(sessions, async_sessionmaker):
            raise RegistrationError(NOT_AWAITED.format(given=type(sessions).__name__))
        self._sessions = sessions

    @property
    def name(self) -> str:
        """The class of its sessions."""
        return self._sessions.class_.__name__

    def gives(self, kind: type) -> bool:
        """AsyncSession, or the subclass that the sessionmaker makes."""
        return issubclass(kind, AsyncSession) and issubclass(self._sessions.class_, kind)

    def session(self, enter: Enter) -> "OpenSession":
        """A session for one message."""
        return OpenSession(self._sessions(), enter)


class OpenSession:
    """One of the project's sessions, while a message is handled."""

    def __init__(self, session: AsyncSession, enter: Enter) -> None:
        self._session = session
        self._enter = enter
        self._committing = False
        event.listen(session.sync_session, "after_begin", self._begins)
        event.listen(session.sync_session, "before_commit", self._commits)

    @property
    def begun(self) -> bool:
        """Whether it was used."""
        session = self._session
        return session.in_transaction() or bool(session.new or session.dirty or session.deleted)

    def given(self, kind: type) -> object:
        """The AsyncSession itself."""
        if not isinstance(self._session, kind):
            text = f"this app's unit of work has an {type(self._session).__name__} and no {kind.__module__}.{kind.__name__}"
            raise NotSupportedError(text)
        return self._session

    def transaction(self) -> Transaction:
        """Plain SQL within the session's transaction."""
        return SqlAlchemyTransaction(self._session)

    async def flush(self) -> object:
        """Write what waits to be written."""
        try:
            await self._session.flush()
            connection = await self._session.connection()
            driver: Any = (await connection.get_raw_connection()).driver_connection
            # SQLAlchemy begins on asyncpg with its first statement, and ours go past it.
            in_transaction = getattr(driver, "is_in_transaction", None)
            if in_transaction is not None and not in_transaction():
                await connection.exec_driver_sql("SELECT 1")
        except TenseError:
            raise
        except Exception as error:
            raise RefusedWriteError(str(error)) from error
        return driver

    async def commit(self) -> None:
        """Commit the session."""
        self._committing = True
        try:
            await self._session.commit()
        except TenseError:
            raise
        except Exception as error:
            if is_refusal(error):
                raise RefusedWriteError(str(error)) from error
            text = f"it is not known whether the session was committed: {error}"
            raise StoreError(text) from error

    async def close(self) -> None:
        """Roll back what is open and give the connection back."""
        try:
            await self._session.close()
        except Exception as error:  # noqa: BLE001 - a connection that cannot even be rolled back is thrown away
            log.warning("a session could not be closed and its connection is thrown away: %s", error)
            try:
                await self._session.invalidate()
            except Exception:
                log.exception("the connection could not be thrown away either")

    def _begins(self, _session: Any, transaction: Any, connection: Any) -> None:
        if transaction.nested:
            return
        first = await_only(self._enter(connection.connection.driver_connection))
        if first is not None:
            connection.exec_driver_sql(first)

    def _commits(self, session: Any) -> None:
        if not self._committing and not session.in_nested_transaction():
            raise WorkflowError(NOT_YOURS)


def is_refusal(error: Exception) -> bool:
    """Whether the database answered that it will not commit, so that nothing of it is kept."""
    if not isinstance(error, DBAPIError):
        # Raised by the project's own listeners before anything was committed, as a validation would.
        return not isinstance(error, OSError | TimeoutError)
    if error.connection_invalidated:
        return False
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, IntegrityError) if state is None else not state.startswith(UNKNOWN)


class SqlAlchemyTransaction:
    """Plain SQL within a session's transaction, with `:name` parameters."""

    __slots__ = ("_session",)

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement."""
        return await self._run(sql, dict(values or named))

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement for each row."""
        return sum([await self._run(sql, dict(row)) for row in rows])

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        return [tuple(row) for row in (await self._session.execute(_allowed(sql), dict(values or named))).all()]

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        row = (await self._session.execute(_allowed(sql), dict(values or named))).first()
        return None if row is None else tuple(row)

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetch_one(sql, values, **named)
        return None if row is None else row[0]

    def begin(self) -> AbstractAsyncContextManager[None]:
        """A part that can be undone on its own."""
        return self._part()

    @asynccontextmanager
    async def _part(self) -> AsyncIterator[None]:
        async with self._session.begin_nested():
            yield

    async def _run(self, sql: str, values: dict[str, Any]) -> int:
        result: Any = await self._session.execute(_allowed(sql), values)
        return max(0, int(result.rowcount))


def _allowed(sql: str) -> TextClause:
    refuse_ending(sql)
    return text(sql)
