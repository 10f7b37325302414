"""The pool of connections: what comes for one who does not wait any more goes to the next."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("asyncpg")


class Line:
    """A connection that can only end."""

    def __init__(self) -> None:
        self.ended = False

    def is_closed(self) -> bool:
        return self.ended

    def is_in_transaction(self) -> bool:
        return False

    def terminate(self) -> None:
        self.ended = True


async def test_room_that_comes_for_who_is_cancelled_goes_to_the_next() -> None:
    from tense.adapters.stores.postgres.pool import Pool

    async def connect() -> Any:
        return Line()

    pool = Pool(connect, 1)
    broken = await pool.take()
    first, second = asyncio.create_task(pool.take()), asyncio.create_task(pool.take())
    await asyncio.sleep(0)

    broken.terminate()
    pool.give(broken)
    first.cancel()

    assert not (await asyncio.wait_for(second, 5)).is_closed()
