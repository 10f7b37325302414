"""What a node of a simulated fleet has instead of the system: a clock, tasks, threads, neighbours."""

import sqlite3
import traceback
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import TypeVar

from tense.adapters.stores.sqlite.neighbours import Bell, Turns
from tense.testing.simulation.disk import Turn, WouldWaitError
from tense.testing.simulation.loop import SimulatedLoop

if TYPE_CHECKING:
    import asyncio

    from tense.testing.simulation.node import Node

T = TypeVar("T")

EPOCH = 1_750_000_000.0


class SimulatedClock:
    """A `Clock` on virtual time; `jumped` tells by how many seconds the wall's clock is wrong just now."""

    def __init__(self, loop: SimulatedLoop, jumped: Callable[[], float]) -> None:
        self._loop = loop
        self._jumped = jumped

    def now(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self._jumped() + self._loop.time()

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._loop.time()

    def call_later(self, delay: float, callback: Callable[[], object]) -> Any:
        """Call once."""
        return self._loop.call_later(delay, callback)

    async def sleep(self, delay: float) -> None:
        """Wait."""
        waiting = self._loop.create_future()
        timer = self._loop.call_later(delay, _wake, waiting)
        try:
            await waiting
        finally:
            timer.cancel()


class SimulatedSpawn:
    """A `Spawn` whose threads are jobs on the loop."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def task(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Run a coroutine beside the caller, at this node."""
        task: asyncio.Task[T] = self._node.loop.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def thread(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Run a blocking function after a while; its result comes after another."""
        loop = self._node.loop
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - handed to who waits
                loop.call_later(self._node.latency(), _fail, future, error)
            else:
                loop.call_later(self._node.latency(), _finish, future, result)

        loop.call_later(self._node.latency(), run)
        return future

    def aside(self, name: str) -> "SimulatedAside":
        """A thread of its own: commits, and waiting for the turn."""
        del name
        return SimulatedAside(self._node)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            where = " < ".join(
                f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}"
                for frame in reversed(traceback.extract_tb(error.__traceback__)[-5:])
            )
            self._node.loop.troubles.append(
                f"{self._node.name}: task {task.get_name()!r} ended with {error!r} at {where}"
            )


class SimulatedAside:
    """Runs jobs one after the other: each begins late, and is known to have ended later still.

    In between the node may be killed, right before or right after its job; the disk may fail the job; a node that is cut
    off waits until it is healed.
    """

    def __init__(self, node: "Node") -> None:
        self._node = node

    def run(self, work: Callable[[], None], done: Callable[[BaseException | None], None]) -> None:
        """Run a job."""
        context = copy_context()
        self._node.loop.call_later(self._node.latency(), self._attempt, work, done, context, context=context)

    def close(self) -> None:
        """Nothing to end: jobs end before the store closes."""

    def _attempt(
        self, work: Callable[[], None], done: Callable[[BaseException | None], None], context: Context
    ) -> None:
        node = self._node

        def again() -> None:
            node.loop.call_soon(self._attempt, work, done, context, context=context)

        if node.cut and not node.has_turn:
            node.healed.append(again)
            return
        faults = node.faults
        if node.dies(faults.killed_before_commit):
            return
        error: BaseException | None = None
        if faults.happens(faults.failing_disk):
            error = sqlite3.OperationalError("disk I/O error")
        else:
            node.turn.again = again
            node.turn.aside = True
            try:
                work()
            except WouldWaitError:
                return
            except BaseException as raised:  # noqa: BLE001 - handed to who asked
                error = raised
            finally:
                node.turn.aside = False
        if not node.dies(faults.killed_after_commit):
            node.loop.call_later(node.latency(), done, error)


class SimulatedBell:
    """Wakes the other nodes after a while, or not at all: a wake-up is a hint."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._name = node.place.name

    def open(self, callback: Callable[[], None]) -> None:
        """Listen."""
        context, loop = copy_context(), self._node.loop
        self._node.disk.bells[self._name] = lambda: loop.call_later(self._node.latency(), callback, context=context)

    def poke(self) -> None:
        """Wake everybody else."""
        for name, ring in list(self._node.disk.bells.items()):
            if name != self._name and not self._node.faults.happens(self._node.faults.lost_wakes):
                ring()

    def close(self) -> None:
        """Stop listening."""
        self._node.disk.bells.pop(self._name, None)


class SimulatedNeighbours:
    """How a node's store meets those of the other nodes; it looks less often than on a machine, for its lease is short."""

    poll = 0.2

    def __init__(self, node: "Node") -> None:
        self._node = node

    def turns(self, path: Path) -> Turns:
        """The queue of this disk."""
        del path
        self._node.turn = Turn(self._node.disk, lambda: self._node.cut)
        return self._node.turn

    def bell(self, path: Path, instance: str) -> Bell:
        """The bells of this disk."""
        del path, instance
        return SimulatedBell(self._node)


def _wake(waiting: "asyncio.Future[None]") -> None:
    _finish(waiting, None)


def _finish(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
