"""Joining the transaction of a SQLAlchemy Session or Connection, sync or async: through the driver beneath it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from tense.errors import NotSupportedError
from tense.messages.envelope import Envelope
from tense.ports.joining import Joint, always

Placed = Sequence[tuple[Envelope, int]]


class SqlAlchemyJoint:
    """Writes through what the user hands in; it begins the transaction as SQLAlchemy would, and commits nothing."""

    def __init__(self, session: Any, address: str, joint_for: Callable[[object, str], Joint]) -> None:
        self._session = session
        self._address = address
        self._joint_for = joint_for

    def write(self, envelopes: Placed, now: float) -> None:
        """Write within the session's transaction."""
        if self._is_awaited:
            raise NotSupportedError("this session is awaited: use `async with app.outbox(session)`.")
        session = self._session
        connection = session if isinstance(session, Connection) else session.connection()
        # The drivers begin at their first statement, and not all of them by themselves.
        connection.exec_driver_sql("SELECT 1")
        self._joint_for(connection.connection.driver_connection, self._address).write(envelopes, now)

    async def write_async(self, envelopes: Placed, now: float) -> None:
        """As `write`, for AsyncSession and AsyncConnection."""
        if not self._is_awaited:
            self.write(envelopes, now)
            return
        session = self._session
        connection = await session.connection() if hasattr(session, "connection") else session
        await connection.exec_driver_sql("SELECT 1")
        raw = await connection.get_raw_connection()
        await self._joint_for(raw.driver_connection, self._address).write_async(envelopes, now)

    def said(self) -> Callable[[], bool]:
        """Savepoints of a session are not looked at."""
        return always

    def wake(self) -> None:
        """Nothing: polling finds it."""

    @property
    def _is_awaited(self) -> bool:
        # Importing the async classes to ask for them needs greenlet, which who has no such session need not have.
        return any(cls.__module__.startswith("sqlalchemy.ext.asyncio") for cls in type(self._session).__mro__)
