"""The turn among sessions of other libraries on one file: however who waits for it ends, the next one gets it."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from tense.adapters.stores.sqlite.guest import GuestTurns, SqliteGuest
from tense.adapters.stores.sqlite.turnwatch import TurnWatch
from tense.testing.clock import HandClock

Done = Callable[[BaseException | None], None]


class Asked:
    """The turn of a file that another process has, and the thread in which it is waited for."""

    def __init__(self) -> None:
        self.waiting: list[Done] = []
        self.given = 0

    def try_take(self) -> bool:
        return False

    def take(self) -> None: ...

    def give(self) -> None:
        self.given += 1

    def run(self, _work: Callable[[], None], done: Done) -> None:
        self.waiting.append(done)


@pytest.mark.parametrize("comes", ["before it is cancelled", "afterwards"])
async def test_a_turn_that_comes_for_who_is_cancelled_goes_to_the_next(comes: str) -> None:
    asked = Asked()
    seam: Any = asked
    turns = GuestTurns((seam, seam), seam, TurnWatch(HandClock()))
    guest = cast("SqliteGuest", object())
    first = asyncio.create_task(turns.take(guest))
    await asyncio.sleep(0)

    if comes == "before it is cancelled":
        asked.waiting.pop()(None)
        first.cancel()
    else:
        first.cancel()
        await asyncio.sleep(0)
        asked.waiting.pop()(None)
    with pytest.raises(asyncio.CancelledError):
        await first

    assert asked.given == 1
    second = asyncio.create_task(turns.take(guest))
    await asyncio.sleep(0)
    asked.waiting.pop()(None)
    await asyncio.wait_for(second, 5)
