"""A subscription's past on PostgreSQL, fed to it again."""

import asyncio

import pytest

from tense import App
from tense.runtime.engine import Seams
from tense.runtime.replay import Replay, remembering
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn
from words import Log, OrderPlaced, publisher, subscriber

pytestmark = pytest.mark.server("postgres")


async def test_a_replay_feeds_what_was_handled_again_and_moves_no_mark(postgres: str) -> None:
    log = Log()
    app = App(publisher(), subscriber("email", log))
    engine = app.engine(postgres)
    await engine.start(tuple(app.registry.services))
    spawn = SystemSpawn()
    try:
        for number in range(5):
            await engine.client.publish(OrderPlaced(order_id="a", number=number))
        async with asyncio.timeout(10):
            while len(log) < 5:
                await asyncio.sleep(0.01)
        await engine.worker.quiet()
        (subscription,) = [c for c in app.registry.consumers if c.kind == "subscription"]
        store = remembering(engine.store)
        before = await store.cursors(subscription)

        report = await Replay(app, store, Seams(SystemClock(), SystemChance(), spawn)).run(subscription.name)

        assert (report.handled, report.failed) == (5, 0)
        assert log == [f"a.{n}" for n in range(5)] * 2
        assert await store.cursors(subscription) == before
    finally:
        spawn.close()
        await engine.stop()
