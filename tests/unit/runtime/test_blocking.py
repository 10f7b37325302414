"""The loop thread behind the blocking client ends tidily."""

import asyncio

from tense.runtime.blocking import LoopThread


def test_what_is_still_under_way_ends_before_its_loop() -> None:
    thread = LoopThread()

    async def begin() -> "asyncio.Task[None]":
        return asyncio.create_task(asyncio.sleep(60))

    task = thread.run(begin())

    thread.stop()

    assert task.cancelled()
