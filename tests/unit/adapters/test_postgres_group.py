"""Who may come into a transaction that is open: nobody who may know of something that was committed after it began."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tense.adapters.stores.postgres.group import BEGIN, SAVE, Group
from tense.adapters.stores.postgres.turns import Turns
from tense.runtime.system import SystemSpawn
from tense.testing.clock import HandClock


class Words:
    """A session that writes down what it is told to say."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.used = 0.0
        self.failed = False

    def ahead(self, words: str) -> None:
        self.said.append(words)


class OneSession:
    """A pool of one."""

    most = 1

    def __init__(self) -> None:
        self.session = Words()

    async def take(self) -> Words:
        return self.session

    def give(self, session: Words) -> None:
        assert session is self.session


class Commits:
    """Writes down who was committed with whom."""

    usual = 0.0

    def __init__(self) -> None:
        self.done: list[list[str]] = []

    def promise(self) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    async def run(self, session: Words, members: Sequence[tuple[str, Any]]) -> None:
        session.said.append("COMMIT")
        self.done.append([name for name, _ in members])

    def tell(self, members: Sequence[tuple[str, Any]], error: None) -> None:
        del error
        for _, future in members:
            future.set_result(None)


class Table:
    """A group and what it is made of."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.commits = Commits()
        self.pool = OneSession()
        around = SimpleNamespace(clock=HandClock(), spawn=SystemSpawn(), lease=30.0)
        core: Any = SimpleNamespace(shared=self.pool, units=self.pool, turns=self.turns, around=around)
        committing: Any = self.commits
        self.group = Group(core, committing)

    def end(self, name: str) -> "asyncio.Future[None]":
        ending: Any = name
        return self.group.end(ending)


@pytest.fixture
def table() -> Table:
    return Table()


async def test_who_was_ready_when_it_began_comes_in(table: Table) -> None:
    ready = table.turns.now()
    await table.group.turn(ready)
    second = asyncio.create_task(table.group.turn(ready))
    await asyncio.sleep(0)
    table.end("first")
    await second
    await table.end("second")

    assert table.commits.done == [["first", "second"]]
    assert [words for words in table.pool.session.said if words in (BEGIN, SAVE, "COMMIT")] == [BEGIN, SAVE, "COMMIT"]


@pytest.mark.parametrize("while_it_rests", [False, True])
async def test_who_got_ready_later_begins_another(table: Table, *, while_it_rests: bool) -> None:
    await table.group.turn(table.turns.now())
    await asyncio.sleep(0)
    later = table.turns.now()
    assert not table.group.takes(later)
    if while_it_rests:
        table.end("first")
        await table.group.turn(later)
    else:
        second = asyncio.create_task(table.group.turn(later))
        await asyncio.sleep(0)
        table.end("first")
        await second
    await table.end("second")

    assert table.commits.done == [["first"], ["second"]]
    assert [words for words in table.pool.session.said if words in (BEGIN, "COMMIT")] == [BEGIN, "COMMIT"] * 2


async def test_a_turn_of_the_loop_has_one_number(table: Table) -> None:
    first = table.turns.now()
    assert table.turns.now() == first
    await asyncio.sleep(0)
    assert table.turns.now() > first
