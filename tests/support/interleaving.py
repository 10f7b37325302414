"""Scripted sessions: several coroutines that speak to one server, statement by statement, in an order that a test gives."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import combinations
from typing import Any

from asyncpg.transaction import Transaction

SPOKEN = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "run", "say", "many", "together")

Script = Callable[[], Awaitable[object]]


class Session:
    """One of them. Each of its statements waits until the session is told to go on."""

    def __init__(self) -> None:
        self._gate = asyncio.Event()
        self._at_gate = asyncio.Event()
        self.pid = 0
        self.free = False

    async def pass_gate(self) -> None:
        if self.free:
            return
        self._at_gate.set()
        await self._gate.wait()
        self._gate.clear()

    def let_go(self) -> None:
        self._at_gate.clear()
        self._gate.set()

    @property
    def waits(self) -> bool:
        return self._at_gate.is_set()

    def connection(self, inner: Any) -> Any:
        """The connection, speaking through this session's gate."""
        return _Gated(inner, self)

    @asynccontextmanager
    async def pool(self, inner: Any) -> AsyncIterator[Any]:
        async with inner.connection() as connection:
            yield self.connection(connection)


class GatedPool:
    """A pool whose connections speak through a gate."""

    def __init__(self, inner: Any, session: Session) -> None:
        self._inner = inner
        self._session = session

    def connection(self) -> Any:
        return self._session.pool(self._inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def gate(pool: Any, session: Session) -> None:
    """Have the connections of a pool that are taken and given back speak through a gate."""
    take, give = pool.take, pool.give

    async def taken() -> Any:
        return session.connection(await take())

    pool.take, pool.give = taken, lambda gated: give(gated._inner)


class _Gated:
    """An asyncpg connection: every statement is a step, those of its transactions included."""

    def __init__(self, inner: Any, session: Session) -> None:
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_session", session)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in SPOKEN:
            return found

        async def spoken(*given: Any, **named: Any) -> Any:
            self._session.pid = self._inner.get_server_pid()
            await self._session.pass_gate()
            return await found(*given, **named)

        return spoken

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._inner, name, value)

    def transaction(self) -> Transaction:
        return Transaction(self, None, False, False)


async def in_order(order: Sequence[int], scripts: Sequence[tuple[Session, Script]], observer: Any) -> list[Any]:
    """Run scripts, a statement of script `order[0]` first, then one of `order[1]`, ...; what each gave or raised.

    One that is blocked by another's lock is passed over until it can go on.
    """
    tasks = [asyncio.ensure_future(script()) for _, script in scripts]
    for index in order:
        session, task = scripts[index][0], tasks[index]
        await _still(session, task, observer)
        if session.waits:
            session.let_go()
            await _still(session, task, observer)
    for session, _ in scripts:
        session.free = True
        session.let_go()
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)


async def _still(session: Session, task: "asyncio.Future[object]", observer: Any) -> None:
    """Return when the session waits for its turn, is at its end, or is blocked by another."""
    while not (session.waits or task.done()):
        if session.pid and await observer.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", session.pid):
            return
        await asyncio.sleep(0)


def orders(lengths: Sequence[int], most: int, seed: int = 0) -> Iterator[tuple[int, ...]]:
    """Every order in which steps of so many scripts can follow each other; a sample of `most` if there are more."""
    every = list(_merged(lengths)) if _count(lengths) <= 20_000 else None
    chance = random.Random(seed)
    if every is not None and len(every) <= most:
        yield from every
        return
    for _ in range(most):
        if every is not None:
            yield chance.choice(every)
        else:
            steps = [index for index, length in enumerate(lengths) for _ in range(length)]
            chance.shuffle(steps)
            yield tuple(steps)


def _count(lengths: Sequence[int]) -> int:
    from math import comb

    total, count = 0, 1
    for length in lengths:
        total += length
        count *= comb(total, length)
    return count


def _merged(lengths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if len(lengths) == 1:
        yield (0,) * lengths[0]
        return
    total, last = sum(lengths), len(lengths) - 1
    for rest in _merged(lengths[:-1]):
        for places in combinations(range(total), lengths[last]):
            steps, others = set(places), iter(rest)
            yield tuple(last if place in steps else next(others) for place in range(total))
