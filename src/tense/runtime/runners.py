"""Runners: a bounded number of long-lived tasks that work off strands."""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from tense.ports.delivery import Delivery
from tense.ports.spawn import Spawn
from tense.runtime.headstart import Started, start
from tense.runtime.lane import Lane, Strand
from tense.runtime.runner import Runner

log = logging.getLogger("tense")

BREATH = 32
"""After how many deliveries in a row a runner lets the loop turn."""

AT_ONCE = 256
"""After how many that began at once the next one waits for a turn of the loop."""

Given: TypeAlias = tuple[Strand, Started | None]
"""What a resting runner is woken with: a strand, and its first delivery where that began already."""


class Rest:
    """Where a runner waits while it has nothing to do. `context` is what its deliveries begin with."""

    __slots__ = ("begun", "context", "given", "runner")

    given: "asyncio.Future[Given]"
    begun: Given | None

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.context = contextvars.copy_context()

    def taken(self) -> Given | None:
        """What it has to go on with although it was cancelled: what began before, or was given just before."""
        if self.begun is not None or self.given.cancelled():
            return self.begun
        return self.given.result()


class Runners:
    """Works off strands, at most `concurrency` at once, in the order in which they became ready.

    `work` runs the first delivery of a strand and takes it off; `after` is called when a strand may have run dry;
    `resting` when a runner finds nothing to do. A task for each message would cost more than the dispatch.
    """

    def __init__(
        self, spawn: Spawn, name: str, concurrency: int, work: Callable[[Strand], Coroutine[Any, Any, None]]
    ) -> None:
        self._spawn = spawn
        self._name = name
        self._concurrency = concurrency
        self._work = work
        self._ready: deque[Strand] = deque()
        self._idle: list[Rest] = []
        self._tasks: dict[asyncio.Task[None], Runner | None] = {}
        self._stopping = False
        self._starting = False
        self._in_a_row = 0
        self.after: Callable[[Strand], None] = _nothing
        self.resting: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> bool:
        """Whether a strand waits for a runner."""
        return bool(self._ready)

    @property
    def would_rest(self) -> bool:
        """Whether all that is ready leaves a runner, or room for one, with nothing to do."""
        free = self._concurrency - len(self._tasks) + len(self._idle)
        return free > len(self._ready) or not self._ready

    def add(self, strand: Strand) -> None:
        """A strand is ready; `hand_out` gives it a runner."""
        self._ready.append(strand)

    def discard(self, strand: Strand) -> None:
        """A strand is ready no more."""
        if strand in self._ready:
            self._ready.remove(strand)

    def hand_out(self) -> None:
        """Give ready strands to resting runners, or to new ones while there may be more."""
        while self._ready:
            if (rest := self._rested()) is not None:
                rest.given.set_result((self._ready.popleft(), None))
            elif len(self._tasks) < self._concurrency:
                task = self._spawn.task(self._run(self._ready.popleft()), f"tense {self._name}")
                self._tasks[task] = None
                task.add_done_callback(self._ended)
            else:
                return

    def begin(self, lane: Lane, delivery: Delivery) -> bool:
        """Begin now with what nothing of its lane stands before; False if no runner rests.

        What of it must wait goes on in a runner. Now and then it is refused, so that whoever asks in a circle lets the loop
        turn; and while another begins, so that a chain of messages does not become a chain of calls.
        """
        self._in_a_row += 1
        busy = self._starting or self._ready or self._in_a_row > AT_ONCE
        rest = self._idle.pop() if self._idle and not busy else None
        if rest is None or (rest.given.done() and (rest := self._rested()) is None):
            self._in_a_row = 0
            return False
        strand = lane.strand_at_once(delivery, rest.runner)
        self._starting = True
        try:
            started = start(self._work(strand), rest.runner.task, rest.context.copy())
        except BaseException as error:  # noqa: BLE001 - it is the runner's, not that of whoever sent the message
            if not rest.given.done():
                rest.given.set_exception(error)
            return True
        finally:
            self._starting = False
        if started is not None:
            lane.open(strand)
            if rest.given.done():
                rest.begun = (strand, started)
            else:
                rest.given.set_result((strand, started))
            return True
        if not rest.given.done():
            self._idle.append(rest)
        if strand.items:
            self._done_with(strand)
        elif lane.strands:
            # Else nothing came to stand in its lane, so there is nothing to close, and it left the room that there was.
            self.after(strand)
        if self._ready:
            # What became ready while this runner was lent found none that rests.
            self.hand_out()
        return True

    async def stop(self, limit: float) -> None:
        """Start nothing new, wait at most `limit` seconds for what runs, then cancel it."""
        self._stopping = True
        for rest in self._idle:
            rest.given.cancel()
        self._idle.clear()
        if not self._tasks:
            return
        tasks = list(self._tasks)
        await asyncio.wait(tasks, timeout=limit)
        late = [task for task in tasks if not task.done()]
        for task in late:
            log.warning("%s: a handler did not end within %g s and is cancelled", self._name, limit)
            if (runner := self._tasks.get(task)) is not None:
                runner.stopping = True
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)

    async def _run(self, strand: Strand | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        runner, rounds = Runner(task), 0
        self._tasks[task] = runner
        rest = Rest(runner)
        while strand is not None:
            if strand.items and not strand.lane.lease.lost:
                strand.runner = runner
                await self._work(strand)
                rounds += 1
            strand = self._next(strand)
            if task.cancelling():
                # Whoever cancelled it: another runner goes on with what it would have had.
                self._ready.extend([] if strand is None else [strand])
                return
            if rounds >= BREATH:
                rounds = 0
                await asyncio.sleep(0)
            if strand is None and not self._stopping:
                rounds = 0
                strand = await self._wait(rest)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(task, None)
        if not self._stopping:
            self.hand_out()

    def _next(self, strand: Strand) -> Strand | None:
        self._done_with(strand)
        return self._ready.popleft() if self._ready else None

    def _done_with(self, strand: Strand) -> None:
        if strand.items and not strand.lane.lease.lost:
            self._ready.append(strand)
        self.after(strand)

    def _rested(self) -> Rest | None:
        """A runner that rests, to be given something; one that somebody cancelled just now takes nothing any more."""
        while self._idle:
            rest = self._idle.pop()
            if not rest.given.done():
                return rest
        return None

    async def _wait(self, rest: Rest) -> Strand:
        """The next strand, after going on with what began meanwhile."""
        self.resting()
        rest.begun = None
        rest.given = asyncio.get_running_loop().create_future()
        self._idle.append(rest)
        try:
            strand, started = await rest.given
        except asyncio.CancelledError as error:
            if rest in self._idle:
                self._idle.remove(rest)
            given = rest.taken()
            if given is None:
                raise
            strand, started = given
            if started is None:
                self._ready.append(strand)
                raise
            # A handler that began elsewhere, in this task's name, cancelled it: it is told where it waits.
            started.error = error
        if started is not None:
            await started
        return strand


def _nothing(_strand: Strand) -> None:
    """Before the owner says what follows."""
