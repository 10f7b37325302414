"""The loop thread behind the blocking client ends tidily."""

import asyncio
import os
import threading

import pytest

from tense.runtime.blocking import LoopThread


def test_what_is_still_under_way_ends_before_its_loop() -> None:
    thread = LoopThread()

    async def begin() -> "asyncio.Task[None]":
        return asyncio.create_task(asyncio.sleep(60))

    task = thread.run(begin())

    thread.stop()

    assert task.cancelled()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_waits_until_the_loop_stands_still() -> None:
    thread = LoopThread()
    lock = threading.Lock()
    stop = threading.Event()

    async def work() -> None:
        while not stop.is_set():
            with lock:
                os.urandom(64)
            await asyncio.sleep(0)

    working = asyncio.run_coroutine_threadsafe(work(), thread.loop)
    taken = []
    for _ in range(50):
        child = os.fork()
        if not child:
            os._exit(int(lock.locked()))
        taken.append(os.waitpid(child, 0)[1])
    stop.set()
    working.result(10)
    thread.stop()

    assert taken == [0] * 50
