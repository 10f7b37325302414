"""Joining the transaction of a SQLAlchemy Session or Connection, sync or async: through the driver beneath it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, event

from tense.errors import NotSupportedError
from tense.messages.envelope import Envelope
from tense.ports.joining import Joint, always

Placed = Sequence[tuple[Envelope, int]]


TO_WAKE = "tense: joints to wake after the commit"
"""Where a session keeps them. A session that is rolled back wakes them at its next commit: one hint too many."""


class SqlAlchemyJoint:
    """Writes through what the user hands in; it begins the transaction as SQLAlchemy would, and commits nothing.

    A part of a session (`begin_nested`) that is rolled back takes along what was said within it. After a session's commit
    the workers are told; a Connection does not tell when it has committed.
    """

    def __init__(self, session: Any, address: str, joint_for: Callable[[object, str], Joint]) -> None:
        self._session = session
        self._address = address
        self._joint_for = joint_for
        self._undone: set[Any] = set()
        sync = getattr(session, "sync_session", session)
        self._sync = sync if hasattr(sync, "flush") else None
        self._watches = False

    def write(self, envelopes: Placed, now: float) -> None:
        """Write within the session's transaction."""
        if self._is_awaited:
            raise NotSupportedError("this session is awaited: use `async with app.outbox(session)`.")
        if not envelopes:
            return
        session = self._session
        connection = session if isinstance(session, Connection) else session.connection()
        driver = connection.connection.driver_connection
        if not _has_begun(connection, driver):
            connection.exec_driver_sql("SELECT 1")
        joint = self._joint_for(driver, self._address)
        joint.write(envelopes, now)
        self._wake_after_commit(joint)

    async def write_async(self, envelopes: Placed, now: float) -> None:
        """As `write`, for AsyncSession and AsyncConnection."""
        if not self._is_awaited:
            self.write(envelopes, now)
            return
        if not envelopes:
            return
        session = self._session
        connection = session if self._sync is None else await session.connection()
        driver = (await connection.get_raw_connection()).driver_connection
        if not _has_begun(connection, driver):
            await connection.exec_driver_sql("SELECT 1")
        joint = self._joint_for(driver, self._address)
        await joint.write_async(envelopes, now)
        self._wake_after_commit(joint)

    def said(self) -> Callable[[], bool]:
        """Whether the parts of the session that are open now were all kept; a Connection's parts are not looked at."""
        if self._sync is None:
            return always
        if not self._watches:
            event.listen(self._sync, "after_soft_rollback", self._note_undone)
            self._watches = True
        part, parts = self._sync.get_nested_transaction(), []
        while part is not None:
            parts.append(part)
            part = part.parent
        return lambda: self._undone.isdisjoint(parts)

    def leave(self) -> None:
        """Take the listener from the session, which may outlive many blocks."""
        if self._watches:
            event.remove(self._sync, "after_soft_rollback", self._note_undone)
            self._watches = False

    def wake(self) -> None:
        """Nothing: a session's commit does it by itself."""

    def _wake_after_commit(self, joint: Joint) -> None:
        sync = self._sync
        if sync is None:
            return
        if TO_WAKE not in sync.info:
            sync.info[TO_WAKE] = []
            event.listen(sync, "after_commit", _wake)
        sync.info[TO_WAKE].append(joint)

    def _note_undone(self, _session: Any, transaction: Any) -> None:
        self._undone.add(transaction)

    @property
    def _is_awaited(self) -> bool:
        # Importing the async classes to ask for them needs greenlet, which who has no such session need not have.
        return any(cls.__module__.startswith("sqlalchemy.ext.asyncio") for cls in type(self._session).__mro__)


def _has_begun(connection: Any, driver: Any) -> bool:
    """Whether SQLAlchemy and its driver have begun; both do so at their first statement, and asyncpg not by itself."""
    asked = getattr(driver, "is_in_transaction", None)
    return bool(connection.in_transaction() and (asked is None or asked()))


def _wake(session: Any) -> None:
    if session.in_nested_transaction():
        return
    joints, session.info[TO_WAKE] = session.info[TO_WAKE], []
    for joint in joints:
        joint.wake()
