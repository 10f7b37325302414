"""Units that come in the same turn of the loop begin together, in one batch."""

import asyncio
from types import SimpleNamespace
from typing import Any

from tense.adapters.stores.postgres.batch import First
from tense.adapters.stores.postgres.group import Group
from tense.testing.clock import HandClock

INSERT = "INSERT INTO orders VALUES ($1)"


class Wire:
    """A connection, as far as a group has one, that keeps what is said."""

    used = 0.0
    failed = False

    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []
        self._unsaid: list[str] = []

    def ahead(self, words: str) -> None:
        self._unsaid.append(words)

    async def together(self, text: str, rows: list[Any]) -> None:
        self.said.append((text, len(rows)))
        await asyncio.sleep(0)


class OneWire:
    """A pool of one."""

    most = 1

    def __init__(self) -> None:
        self.wire = Wire()
        self.taken = 0

    async def take(self) -> Wire:
        self.taken += 1
        return self.wire

    def give(self, wire: Wire) -> None:
        assert wire is self.wire


def group_on(pool: OneWire) -> Group:
    spawn = SimpleNamespace(task=lambda work, name: asyncio.ensure_future(work))
    around = SimpleNamespace(clock=HandClock(), spawn=spawn, lease=30.0)
    return Group(SimpleNamespace(shared=pool, around=around), SimpleNamespace(usual=0.01))  # type: ignore[arg-type]  # the parts that a turn uses


async def test_who_comes_in_one_turn_of_the_loop_is_said_with_the_first() -> None:
    pool = OneWire()
    group = group_on(pool)

    async with asyncio.timeout(5):
        await asyncio.gather(*(group.turn(First(INSERT, [n])) for n in range(5)))

    assert pool.wire.said == [(INSERT, 5)]


async def test_a_lone_one_has_its_turn() -> None:
    pool = OneWire()
    group = group_on(pool)
    first = First(INSERT, [1])

    assert await group.turn(first) is pool.wire
    assert (first.batch, pool.wire.said) == (None, [])


async def test_if_all_who_came_gave_up_the_next_one_begins_anew() -> None:
    pool = OneWire()
    group = group_on(pool)
    gone = [asyncio.ensure_future(group.turn(First(INSERT, [n]))) for n in range(3)]
    asyncio.get_running_loop().call_soon(lambda: [task.cancel() for task in gone])
    await asyncio.wait(gone, timeout=5)

    async with asyncio.timeout(5):
        assert await group.turn(First(INSERT, [9])) is pool.wire
    assert pool.taken == 1
    assert all(task.cancelled() for task in gone)


async def test_one_that_does_not_fit_waits_behind_those_who_came_first() -> None:
    pool = OneWire()
    group = group_on(pool)
    alike = [asyncio.ensure_future(group.turn(First(INSERT, [n]))) for n in range(2)]
    other = asyncio.ensure_future(group.turn())
    await asyncio.wait(alike, timeout=5)

    assert pool.wire.said == [(INSERT, 2)]
    assert not other.done()
    other.cancel()
