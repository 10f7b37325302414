"""DjangoUnit: the ORM's transaction is the unit of work of the project's handlers."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import Error, IntegrityError, connections, transaction

from tense.django.drivers import driver_in_thread
from tense.django.plain import DjangoTransaction
from tense.errors import NotSupportedError, RefusedWriteError, StoreError
from tense.ports.session import Enter, Session
from tense.ports.transaction import Transaction

T = TypeVar("T")

log = logging.getLogger("tense")

UNKNOWN = ("08", "53", "57", "58", "XX")
"""Classes of SQLSTATE after which nobody knows what the server did: lost connections, shutdowns, faults of its own."""

BOUND_TO_FAIL = (
    "a statement failed within an atomic block without a savepoint, so that Django can only roll back. Let the error leave "
    "the handler, or put `with transaction.atomic()` around what may fail."
)

CLOSED = "the handler closed Django's connection, and what it wrote went with it. Opening and closing is Tense's here."


class DjangoUnit:
    """Opens a transaction of the ORM for each message: `App(..., unit_of_work=DjangoUnit())`.

    What a plain `def` handler writes with the ORM commits together with its mark, outcome and messages, or not at all. It
    runs in a thread that has its transaction open from the beginning, as within `transaction.atomic()`. An `async def`
    handler has it if it asks for a `Transaction`. `using` is the alias of the database, that of the app's store.
    """

    def __init__(self, using: str = "default") -> None:
        self.using = using
        self._idle: list[ThreadPoolExecutor] = []

    @property
    def name(self) -> str:
        """In messages."""
        return "transaction of Django's ORM"

    def gives(self, kind: type) -> bool:
        """Nothing: the ORM finds its connection by itself."""
        del kind
        return False

    def session(self, enter: Enter) -> "DjangoSession":
        """A transaction for one message, in a thread of its own from its beginning to its end."""
        return DjangoSession(self, enter)

    async def run(self, session: Session, work: Callable[[], T]) -> T:
        """Run a plain handler within it."""
        assert isinstance(session, DjangoSession)
        await session.begin()
        return await session.there(work)

    def take(self) -> ThreadPoolExecutor:
        """A thread that nobody uses."""
        return self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="tense-django")

    def give(self, thread: ThreadPoolExecutor) -> None:
        """It may be used again."""
        self._idle.append(thread)


class DjangoSession:
    """One transaction, while a message is handled."""

    def __init__(self, unit: DjangoUnit, enter: Enter) -> None:
        self._unit = unit
        self._enter = enter
        self._thread: ThreadPoolExecutor | None = None
        self._atomic: Any = None
        self._wrapper: Any = None
        self._driver: object = None
        self._hooks: list[Callable[[], object]] = []

    @property
    def begun(self) -> bool:
        """Whether the transaction was opened."""
        return self._atomic is not None

    def given(self, kind: type) -> object:
        """Nothing: the ORM finds its connection by itself.

        Raises:
            NotSupportedError: always.
        """
        text = f"DjangoUnit has no {kind.__module__}.{kind.__name__}: use the ORM, or ask for a Transaction."
        raise NotSupportedError(text)

    def transaction(self) -> Transaction:
        """Plain SQL in the same transaction, for `async def` handlers."""
        return DjangoTransaction(self)

    async def there(self, work: Callable[[], T]) -> T:
        """Run a function in the transaction's thread, which is opened with its first use."""
        if self._thread is None:
            self._thread = self._unit.take()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def begin(self) -> Any:
        """Open the transaction, when the store says that it may begin; gives the driver's own connection."""
        if self._atomic is None:
            self._driver = await self.there(self._open)
            if (first := await self._enter(self._driver)) is not None:
                await self.there(lambda: self._wrapper.connection.execute(first))
        return self._wrapper.connection

    async def flush(self) -> object:
        """The ORM writes at once; gives what the store writes through."""
        await self.begin()
        if self._wrapper.closed_in_transaction:
            raise RefusedWriteError(CLOSED)
        if self._wrapper.needs_rollback:
            raise RefusedWriteError(BOUND_TO_FAIL)
        return self._driver

    async def commit(self) -> None:
        """Commit."""
        await self.there(self._commit)

    async def close(self) -> None:
        """Roll back what is open, do what was to be done after the commit, and give the thread back."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        leaving = asyncio.get_running_loop().run_in_executor(thread, self._leave)
        leaving.add_done_callback(lambda _: self._unit.give(thread))
        await asyncio.shield(leaving)

    def _open(self) -> object:
        wrapper = self._wrapper = connections[self._unit.using]
        wrapper.close_if_unusable_or_obsolete()
        wrapper.ensure_connection()
        if wrapper.vendor == "sqlite":
            # The lock is taken when it is this process's turn: by `enter`.
            wrapper.transaction_mode = None
        atomic = transaction.atomic(using=self._unit.using)
        atomic.__enter__()
        self._atomic = atomic
        return driver_in_thread(wrapper.connection, self.there)

    def _commit(self) -> None:
        # What is to be done after the commit must not seem to be a fault of the commit.
        hooks, self._wrapper.run_on_commit = self._wrapper.run_on_commit, []
        try:
            self._end(None)
        except Error as error:
            if is_refusal(error):
                raise RefusedWriteError(str(error)) from error
            text = f"it is not known whether the ORM's transaction was committed: {error}"
            raise StoreError(text) from error
        self._hooks = [hook for _, hook, _ in hooks]

    def _leave(self) -> None:
        wrapper = self._wrapper
        try:
            if self._atomic is not None:
                self._end(Undone())
        except Error as error:
            log.warning("a transaction of the ORM could not be rolled back, and its connection is closed: %s", error)
            wrapper.close()
        for hook in self._hooks:
            try:
                hook()
            except Exception:
                log.exception("what transaction.on_commit was to call failed; the message is handled")
        if wrapper is not None:
            wrapper.close_if_unusable_or_obsolete()

    def _end(self, error: Exception | None) -> None:
        atomic, self._atomic = self._atomic, None
        atomic.__exit__(type(error) if error else None, error, None)


class Undone(Exception):  # noqa: N818 - told to Django's block, never to anybody else
    """The message's work is undone."""


def is_refusal(error: Exception) -> bool:
    """Whether the database answered that it will not commit, so that nothing of it is kept."""
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, IntegrityError) if state is None else not state.startswith(UNKNOWN)
