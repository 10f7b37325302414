"""Harness: an app run in memory on a clock that a test winds."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from typing_extensions import TypeVar

from tense.ports.records import DeadLetter
from tense.ports.store import Store
from tense.runtime.app import App
from tense.runtime.client import Client
from tense.runtime.engine import Engine, Seams
from tense.runtime.system import SystemSpawn
from tense.testing.chance import SeededChance
from tense.testing.clock import HandClock

T = TypeVar("T")

STILL, STILL_AFAR = 0.002, 0.3
"""Seconds of real time without an end, after which nothing more is thought to happen by itself; where a server must answer."""


class Harness:
    """A running app: its `client`, its `clock`, and the moment when nothing is left to do."""

    def __init__(self, engine: Engine, clock: HandClock) -> None:
        self.engine = engine
        self.clock = clock

    @property
    def client(self) -> Client:
        """The client of the running app."""
        return self.engine.client

    async def idle(self) -> None:
        """Return when every message that may be handled now is handled. What waits for its time goes on waiting."""
        await self.engine.worker.quiet()
        await self.clock.wind(0)
        await self.engine.worker.quiet()

    async def later(self, span: float | timedelta) -> None:
        """Wind the clock by seconds or a timedelta, then wait until idle."""
        await self.clock.wind(span)
        await self.idle()

    async def until(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives; the clock jumps from timer to timer wherever nothing else happens.

        A failing handler is thus retried at once, and who waits in vain is told so and does not hang.
        """
        task = asyncio.ensure_future(work)
        still = STILL_AFAR if self.engine.store.capabilities.remote else STILL
        while not task.done():
            await self.clock.wind(0)
            await asyncio.wait([task], timeout=still)
            if not task.done():
                await self.clock.wind(self.clock.until_next() or 0.0)
        return task.result()

    async def dead(self) -> Sequence[DeadLetter]:
        """The dead letters, in the order they died."""
        return await self.engine.store.dead()


@asynccontextmanager
async def harness(app: App, *, store: str | Store = "memory:", seed: int = 0) -> AsyncGenerator[Harness]:
    """Run every service of an app, by default in memory, with virtual time and ids that follow from `seed`."""
    clock = HandClock()
    engine = app.engine(store, Seams(clock, SeededChance(seed), SystemSpawn()))
    await engine.start(tuple(app.registry.services))
    try:
        yield Harness(engine, clock)
    finally:
        await engine.stop()
