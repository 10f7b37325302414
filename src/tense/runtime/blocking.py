"""The client for code without a loop: Django views, Flask, scripts. One loop thread per process."""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Never
from weakref import WeakSet

from typing_extensions import TypeVar

from tense.errors import ClosedError
from tense.messages.kinds import CommandType, IsCommand, IsEvent
from tense.ports.records import Standing
from tense.ports.store import Store
from tense.runtime.client import Client
from tense.runtime.ticket import Ticket

if TYPE_CHECKING:
    from tense.runtime.app import App

R = TypeVar("R")
X = TypeVar("X")
C = TypeVar("C")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True, default=None)
X_co = TypeVar("X_co", covariant=True, default=Never)


class LoopThread:
    """A loop in a thread of its own, for this process only."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self.loop.run_forever, name="tense-client", daemon=True)
        self._thread.start()
        self._go_on = threading.Event()
        _open.add(self)

    @property
    def is_foreign(self) -> bool:
        """Whether this process is a forked child of the one that opened it."""
        return os.getpid() != self._pid

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for it.

        Raises:
            ClosedError: in a forked child, or on the loop's own thread.
        """
        if self.is_foreign:
            work.close()
            text = "this client was opened before the process forked; open it in the child"
            raise ClosedError(text)
        if threading.current_thread() is self._thread:
            work.close()
            text = "a blocking client cannot wait on its own loop's thread; use app.client() in async code"
            raise ClosedError(text)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        """End the loop and its thread. In a forked child this does nothing: they are the parent's."""
        _open.discard(self)
        if self.is_foreign:
            return
        self.run(_end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def hold(self) -> None:
        """Stop the loop where it holds no lock of a library, until `go_on`: a child would inherit the lock, held for ever."""
        if self.is_foreign or threading.current_thread() is self._thread:
            return
        self._go_on.clear()
        held = threading.Event()

        def wait() -> None:
            held.set()
            self._go_on.wait()

        with suppress(RuntimeError):  # it ends just now
            self.loop.call_soon_threadsafe(wait)
            held.wait(HOLD)

    def go_on(self) -> None:
        """Let the loop run again."""
        self._go_on.set()


HOLD = 1.0
"""Seconds that a fork waits for a loop to stand still."""

_open: "WeakSet[LoopThread]" = WeakSet()


def _hold_all() -> None:
    for thread in list(_open):
        thread.hold()


def _go_on() -> None:
    for thread in list(_open):
        thread.go_on()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold_all, after_in_parent=_go_on)


async def _end_tasks() -> None:
    """What is still under way here, such as a hint to others, ends before its loop does."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class BlockingTicket(Generic[R_co, X_co]):
    """A `Ticket` whose methods wait."""

    def __init__(self, thread: LoopThread, ticket: Ticket[R_co, X_co]) -> None:
        self._thread = thread
        self._ticket = ticket
        self.id = ticket.id

    def result(self, *, timeout: float = 30.0) -> R_co:
        """As `Ticket.result`."""
        return self._thread.run(self._ticket.result(timeout=timeout))

    def outcome(self, *, timeout: float = 30.0) -> R_co | X_co:
        """As `Ticket.outcome`."""
        return self._thread.run(self._ticket.outcome(timeout=timeout))

    def standing(self) -> Standing | None:
        """As `Ticket.standing`."""
        return self._thread.run(self._ticket.standing())

    def cancel(self) -> bool:
        """As `Ticket.cancel`."""
        return self._thread.run(self._ticket.cancel())


class BlockingClient:
    """A `Client` whose verbs wait. May be used from any thread of the process that opened it."""

    def __init__(self, thread: LoopThread, client: Client) -> None:
        self._thread = thread
        self._client = client

    def execute(self, command: IsCommand[R, X], /, *, timeout: float = 30.0, id: str | None = None) -> R:  # noqa: A002 - the field's name everywhere
        """As `Client.execute`."""
        return self._thread.run(self._client.execute(command, timeout=timeout, id=id))

    def outcome(self, command: IsCommand[R, X], /, *, timeout: float = 30.0, id: str | None = None) -> R | X:  # noqa: A002 - as above
        """As `Client.outcome`."""
        return self._thread.run(self._client.outcome(command, timeout=timeout, id=id))

    def send(
        self,
        command: IsCommand[R, X],
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - as above
    ) -> BlockingTicket[R, X]:
        """As `Client.send`."""
        ticket = self._thread.run(self._client.send(command, after=after, at=at, id=id))
        return BlockingTicket(self._thread, ticket)

    def ticket(self, command: CommandType[C, R, X], id: str, /) -> BlockingTicket[R, X]:  # noqa: A002 - as above
        """As `Client.ticket`."""
        return BlockingTicket(self._thread, self._client.ticket(command, id))

    def publish(self, event: IsEvent, /, *, id: str | None = None) -> None:  # noqa: A002 - as above
        """As `Client.publish`."""
        self._thread.run(self._client.publish(event, id=id))


@contextmanager
def blocking_client(app: "App", store: str | Store) -> Iterator[BlockingClient]:
    """Open a client on a loop thread of its own; leaving closes both, but in a forked child."""
    thread = LoopThread()
    try:
        engine = app.engine(store)
        thread.run(engine.start(()))
        try:
            yield BlockingClient(thread, engine.client)
        finally:
            if not thread.is_foreign:
                thread.run(engine.stop())
    finally:
        thread.stop()
