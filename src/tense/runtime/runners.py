"""Runners: a bounded number of long-lived tasks that work off strands."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from tense.ports.spawn import Spawn
from tense.runtime.lane import Strand

log = logging.getLogger("tense")

BREATH = 32
"""After how many deliveries in a row a runner lets the loop turn."""


class Runners:
    """Works off strands, at most `concurrency` at once, in the order in which they became ready.

    `work` runs the first delivery of a strand and takes it off; `after` is called when a strand may have run dry;
    `resting` when a runner finds nothing to do. A task for each message would cost more than the dispatch.
    """

    def __init__(self, spawn: Spawn, name: str, concurrency: int, work: Callable[[Strand], Awaitable[None]]) -> None:
        self._spawn = spawn
        self._name = name
        self._concurrency = concurrency
        self._work = work
        self._ready: deque[Strand] = deque()
        self._idle: list[asyncio.Future[Strand]] = []
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._stopping = False
        self.after: Callable[[Strand], None] = _nothing
        self.resting: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> bool:
        """Whether a strand waits for a runner."""
        return bool(self._ready)

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
            if self._idle:
                self._idle.pop().set_result(self._ready.popleft())
            elif len(self._tasks) < self._concurrency:
                task = self._spawn.task(self._run(self._ready.popleft()), f"tense {self._name}")
                self._tasks[task] = None
                task.add_done_callback(self._tasks.pop)
            else:
                return

    async def stop(self, limit: float) -> None:
        """Start nothing new, wait at most `limit` seconds for what runs, then cancel it."""
        self._stopping = True
        for waiting in self._idle:
            waiting.cancel()
        self._idle.clear()
        if not self._tasks:
            return
        tasks = list(self._tasks)
        await asyncio.wait(tasks, timeout=limit)
        late = [task for task in tasks if not task.done()]
        for task in late:
            log.warning("%s: a handler did not end within %g s and is cancelled", self._name, limit)
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)

    async def _run(self, strand: Strand | None) -> None:
        rounds = 0
        while strand is not None:
            if strand.items and not strand.lane.lease.lost:
                await self._work(strand)
                rounds += 1
            strand = self._next(strand)
            if rounds >= BREATH:
                rounds = 0
                await asyncio.sleep(0)
            if strand is None and not self._stopping:
                rounds = 0
                strand = await self._rest()

    def _next(self, strand: Strand) -> Strand | None:
        if strand.items and not strand.lane.lease.lost:
            self._ready.append(strand)
        self.after(strand)
        return self._ready.popleft() if self._ready else None

    async def _rest(self) -> Strand:
        self.resting()
        waiting: asyncio.Future[Strand] = asyncio.get_running_loop().create_future()
        self._idle.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting in self._idle:
                self._idle.remove(waiting)
            raise


def _nothing(_strand: Strand) -> None:
    """Before the owner says what follows."""
