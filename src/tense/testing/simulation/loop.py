"""SimulatedLoop: an event loop whose time is virtual and whose order of events is a choice."""

import asyncio
import heapq
import zlib
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

from tense.testing.simulation.handle import Handle, TimedHandle
from tense.testing.simulation.tape import Tape

T = TypeVar("T")

MOST_STEPS = 400_000
"""Steps after which a run is said to go round in circles."""


class Place:
    """Where code runs: a node of the fleet, or the world around it.

    What runs at a place that is `dead` never runs again, not even its `finally`; at a place that is `paused` it waits.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.mark = name.encode()
        self.dead = False
        self.paused = False
        self.waiting: list[Handle] = []
        self.tasks: list[asyncio.Task[Any]] = []

    def keep(self, task: "asyncio.Task[Any]") -> None:
        """Keep a task from being collected: collecting one runs its `finally`."""
        self.tasks.append(task)
        if len(self.tasks) > 256:  # noqa: PLR2004 - now and then
            self.tasks = [task for task in self.tasks if not task.done()]


class StuckError(AssertionError):
    """Nothing can go on, or it goes on for ever."""


PLACE: ContextVar[Place] = ContextVar("place")


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Runs callbacks in turns. A turn runs all that is ready, in an order drawn from the tape, where time stands still.

    The order is legal: callbacks of one source (a future, a task, plain calls of a place) run first in, first out. When
    nothing is ready, time jumps to the next timer.
    """

    def __init__(self, tape: Tape, *, shuffled: bool) -> None:
        self.tape = tape
        self.shuffled = shuffled
        self.steps = 0
        self.trace = 0
        self.troubles: list[str] = []
        self.world = Place("world")
        self._now = 0.0
        self._ready: list[Handle] = []
        self._timers: list[tuple[float, int, TimedHandle]] = []
        self._count = 0
        self._closed = False

    # What asyncio asks for

    def time(self) -> float:
        """Virtual seconds since the run began."""
        return self._now

    def call_soon(  # type: ignore[override]  # the handle is our own
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Run in the next turn."""
        context = copy_context() if context is None else context
        handle = Handle(callback, args, context, context.get(PLACE) or self.world)
        if not self._closed:
            self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]  # the handle is our own
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Run after virtual seconds."""
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def call_at(  # type: ignore[override]  # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Run at a virtual moment."""
        context = copy_context() if context is None else context
        timer = TimedHandle(callback, args, context, context.get(PLACE) or self.world, when)
        if not self._closed:
            self._count += 1
            heapq.heappush(self._timers, (when, self._count, timer))
        return timer

    def create_future(self) -> "asyncio.Future[Any]":
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> Any:
        """A task; its name is the same in every run."""
        self._count += 1
        task = asyncio.Task(coro, loop=self, name=name or f"task {self._count}", context=context)
        where = copy_context() if context is None else context
        (where.get(PLACE) or self.world).keep(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what nobody caught: it fails the run."""
        if not self._closed:
            error = context.get("exception")
            self.troubles.append(f"{context.get('message')}: {error!r}" if error else str(context.get("message")))

    def get_debug(self) -> bool:
        """Never."""
        return False

    def is_running(self) -> bool:
        """Until it is closed."""
        return not self._closed

    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    # Running

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until the main coroutine ends; what else there is stays where it is.

        Raises:
            StuckError: nothing is ready and no timer is set, or there is no end.
        """
        asyncio._set_running_loop(self)  # noqa: SLF001 - the way of every loop
        try:
            task: asyncio.Task[T] = self.create_task(main, name="main")
            while not task.done():
                self._turn()
            return task.result()
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 - as above

    def close(self) -> None:
        """Take nothing more, and end what never will: only now may a `finally` of the dead run, for nothing hears it."""
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        ended: set[asyncio.Task[Any]] = set()
        # A `finally` may begin new tasks, which never start.
        while fresh := asyncio.all_tasks(self) - ended:
            ended |= fresh
            for task in fresh:
                left: Any = task
                left._log_destroy_pending = False  # noqa: SLF001 - it is meant to be pending
                with suppress(BaseException):
                    left.get_coro().close()

    def resume(self, place: Place) -> None:
        """A paused place goes on with what waited."""
        place.paused = False
        self._ready.extend(place.waiting)
        place.waiting = []

    def _turn(self) -> None:
        if not self._ready:
            self._jump()
        while self._timers and self._timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(self._timers)[2])
        self.trace = zlib.crc32(b"%.6f" % self._now, self.trace)
        batch, self._ready = self._ready, []
        if self.shuffled and len(batch) > 1:
            batch = self._mixed(batch)
        for handle in batch:
            self._step(handle)

    def _jump(self) -> None:
        while self._timers and (self._timers[0][2].is_cancelled or self._timers[0][2].place.dead):
            heapq.heappop(self._timers)
        if not self._timers:
            text = "nothing is ready and no timer is set: everybody waits for somebody else"
            raise StuckError(text)
        self._now = max(self._now, self._timers[0][0])

    def _step(self, handle: Handle) -> None:
        place = handle.place
        if handle.is_cancelled or place.dead:
            return
        if place.paused:
            place.waiting.append(handle)
            return
        self.steps += 1
        if self.steps > MOST_STEPS:
            text = f"no end after {MOST_STEPS:,} steps and {self._now:.0f} virtual seconds"
            raise StuckError(text)
        self.trace = zlib.crc32(place.mark, self.trace + len(handle.args))
        try:
            handle.context.run(handle.callback, *handle.args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as every loop does
            self.call_exception_handler({"message": f"in a callback of {place.name}", "exception": error})

    def _mixed(self, batch: list[Handle]) -> list[Handle]:
        sources: dict[object, list[Handle]] = {}
        for handle in batch:
            sources.setdefault(handle.source(), []).append(handle)
        queues = list(sources.values())
        mixed: list[Handle] = []
        while len(queues) > 1:
            picked = self.tape.draw(len(queues))
            mixed.append(queues[picked].pop(0))
            if not queues[picked]:
                del queues[picked]
        return mixed + queues[0]
