"""Sessions: the user's own way to the database, opened by Tense for one message at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from typing_extensions import TypeVar

from tense.ports.transaction import Transaction

Enter: TypeAlias = Callable[[object], Awaitable[str | None]]
"""Called with the driver's connection each time a transaction of the session is about to begin on it. What it gives is
the statement with which the transaction is to begin, if there is to be one."""


class Session(Protocol):
    """One session, for one message. It holds nothing until its first use, and is used by one task at a time.

    Whose session it is commits and closes it; a handler that commits it is refused with WorkflowError.
    """

    @property
    def begun(self) -> bool:
        """Whether it was used: something is read, written, or waits to be written."""
        ...

    def given(self, kind: type) -> object:
        """The session as handlers know it.

        Raises:
            NotSupportedError: it is nothing of this kind.
        """
        ...

    def transaction(self) -> Transaction:
        """The same transaction, for handlers that ask for a `Transaction`."""
        ...

    async def flush(self) -> object:
        """Write what waits to be written; gives the driver's connection, in its open transaction.

        Raises:
            RefusedWriteError: it cannot be written.
        """
        ...

    async def commit(self) -> None:
        """Commit.

        Raises:
            RefusedWriteError: the database refused; nothing is kept.
            StoreError: it is not known whether anything is kept.
        """
        ...

    async def close(self) -> None:
        """Undo what is not committed, and give the connection back. Never raises; a second call does nothing."""
        ...


T = TypeVar("T")


@runtime_checkable
class ThreadSessions(Protocol):
    """Sessions that belong to one thread each, as Django's connections do. Plain `def` handlers run in that thread."""

    async def run(self, session: Session, work: Callable[[], T]) -> T:
        """Begin the session, if it is not begun, and run a function in its thread. Whatever it raises is raised.

        Raises:
            LeaseLostError: another worker owns the lane.
        """
        ...


@runtime_checkable
class RunsPlain(Protocol):
    """A unit of work that may have a thread of its own for plain handlers."""

    def run_plain(self, work: Callable[[], T]) -> "asyncio.Future[T] | None":
        """Run a function there; None where any thread will do."""
        ...


class Sessions(Protocol):
    """Opens sessions: what `App(unit_of_work=...)` is given."""

    @property
    def name(self) -> str:
        """What it gives, in a message: `AsyncSession`."""
        ...

    def gives(self, kind: type) -> bool:
        """Whether a handler may ask for this type."""
        ...

    def session(self, enter: Enter) -> Session:
        """A session for one message. Costs nothing until it is used."""
        ...
