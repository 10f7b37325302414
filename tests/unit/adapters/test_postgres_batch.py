"""A batch: what several units say first goes in one go; whoever leaves is undone, and the others stay."""

import asyncio
import gc
import weakref
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from tense.adapters.stores.postgres.batch import BACK, Batch, First, Waiter

INSERT = "INSERT INTO t (a) VALUES ($1)"


class Transaction:
    """The transaction of a batch, and its connection: keeps what happened."""

    held_for = 6.0
    patience = 5.0

    def __init__(self, *fail: int) -> None:
        self.happened: list[Any] = []
        self._fail = fail
        self._calls = 0

    async def enter(self, *, batched: int = 0) -> Any:
        self.happened.append(f"enter {batched}")
        return self

    def ahead(self, words: str) -> None:
        self.happened.append(words)

    async def together(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        assert text == INSERT
        self._calls += 1
        self.happened.append([row[0] for row in rows])
        if self._calls in self._fail:
            raise OSError("gone")

    def terminate(self) -> None:
        self.happened.append("terminate")

    def promise(self) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    def stay(self, entries: Sequence[Any]) -> None:
        self.happened.append(("stay", [entry[0] for entry in entries]))

    async def undo(self) -> None:
        self.happened.append("undo")

    def give_up(self, entries: Sequence[Any], error: Exception) -> None:
        self.happened.append(("give up", [entry[0] for entry in entries], str(error)))

    def put_back(self, waiters: Sequence[Waiter]) -> None:
        self.happened.append(("put back", [waiter.first.values[0] for waiter in waiters if waiter.first]))

    def spawn(self, work: "Coroutine[Any, Any, None]", name: str) -> None:
        self.task = asyncio.get_running_loop().create_task(work, name=name)


def waiters(*values: int) -> list[Waiter]:
    return [Waiter(asyncio.get_running_loop().create_future(), First(INSERT, [value])) for value in values]


async def said(host: Transaction, waiting: list[Waiter]) -> list[First]:
    firsts = [waiter.first for waiter in waiting if waiter.first is not None]
    await Batch(host, firsts).say(waiting)
    return firsts


def end(first: First, name: str) -> "asyncio.Future[None]":
    ending: Any = name
    return first.end(ending)


async def test_it_is_over_when_everybody_ended() -> None:
    host, waiting = Transaction(), waiters(1, 2, 3)
    one, two, three = await said(host, waiting)

    assert [waiter.turn.result() for waiter in waiting] == [True, True, True]
    assert one.held_for == 2.0
    end(two, "two")
    end(one, "one")
    assert host.happened == ["enter 3", [1, 2, 3]]
    end(three, "three")
    assert host.happened[2:] == [("stay", ["two", "one", "three"])]


async def test_nothing_of_it_is_left_to_the_garbage_collector() -> None:
    host, waiting = Transaction(), waiters(1, 2)
    collecting = gc.isenabled()
    gc.disable()
    try:
        one, two = await said(host, waiting)
        seen = weakref.ref(one.batch)
        end(one, "one")
        end(two, "two")
        del one, two, waiting
        assert seen() is None
    finally:
        if collecting:
            gc.enable()


async def test_who_leaves_is_undone_at_once_and_what_the_others_said_is_said_again() -> None:
    host, waiting = Transaction(), waiters(1, 2, 3)
    one, two, three = await said(host, waiting)
    end(one, "one")

    await two.undo()

    assert host.happened[2:] == [BACK, [1, 3]]
    end(three, "three")
    assert host.happened[4:] == [("stay", ["one", "three"])]


async def test_whoever_leaves_meanwhile_is_undone_too() -> None:
    host, waiting = Transaction(), waiters(1, 2, 3)
    one, two, three = await said(host, waiting)
    leaving = [asyncio.create_task(first.undo()) for first in (one, two)]
    await asyncio.gather(*leaving)
    end(three, "three")

    assert host.happened[-2:] == [[3], ("stay", ["three"])]


async def test_if_everybody_leaves_all_is_undone() -> None:
    host = Transaction()
    one, two = await said(host, waiters(1, 2))

    await asyncio.gather(one.undo(), two.undo())

    assert host.happened[2:] == ["undo"]


async def test_who_gave_up_while_it_was_said_is_undone() -> None:
    host, waiting = Transaction(), waiters(1, 2)
    waiting[0].turn.cancel()
    _, two = await said(host, waiting)
    end(two, "two")
    await host.task

    assert host.happened[2:] == [BACK, [2], ("stay", ["two"])]


async def test_what_cannot_be_said_together_is_said_by_each() -> None:
    host, waiting = Transaction(1), waiters(1, 2)
    firsts = await said(host, waiting)

    assert host.happened[2:] == [("put back", [1, 2]), "undo"]
    assert [first.refused for first in firsts] == [True, True]
    assert not any(waiter.turn.done() or first.batch for waiter, first in zip(waiting, firsts, strict=True))


async def test_what_cannot_be_said_again_runs_again() -> None:
    host = Transaction(2)
    one, two, three = await said(host, waiters(1, 2, 3))
    end(one, "one")

    await three.undo()
    end(two, "two")

    assert host.happened[2:] == [
        BACK,
        [1, 2],
        ("give up", ["one"], "gone"),
        "undo",
        ("give up", ["two"], "gone"),
    ]


@pytest.mark.parametrize("when", [1, 2], ids=["first", "again"])
async def test_a_server_that_does_not_answer_is_not_waited_for(when: int, monkeypatch: pytest.MonkeyPatch) -> None:
    host, waiting = Transaction(), waiters(1, 2)
    host.patience = 0.01
    original, calls = host.together, [0]

    async def silent(text: str, rows: Sequence[Sequence[Any]]) -> None:
        calls[0] += 1
        await (asyncio.Event().wait() if calls[0] == when else original(text, rows))

    monkeypatch.setattr(host, "together", silent)
    one, two = await said(host, waiting)
    if when == 2:
        await one.undo()
        end(two, "two")

    assert "terminate" in host.happened
    assert host.happened[-1] == ("undo" if when == 1 else ("give up", ["two"], ""))


async def test_a_cancelled_batch_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    host, waiting, begun = Transaction(), waiters(1, 2), asyncio.Event()

    async def never(text: str, rows: Sequence[Sequence[Any]]) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(host, "together", never)
    saying = asyncio.create_task(said(host, waiting))
    await begun.wait()
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying

    assert all(waiter.turn.cancelled() for waiter in waiting)
