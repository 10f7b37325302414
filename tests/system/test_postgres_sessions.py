"""The race windows of the statements: real sessions of the store, interleaved statement by statement."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asked import Asked
from interleaving import Session, in_order, orders
from stage import READER, observing, settled, stage

from tense.errors import DuplicateIdError
from tense.messages.outcome import Cancelled
from tense.messages.settlement import Again
from tense.testing.conformance.bench import NULL, Bench

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

MOST = int(os.environ.get("TENSE_INTERLEAVINGS", "25"))
"""How many orders of each scene are played; there are some hundreds."""


@pytest.fixture
async def observer(postgres: str) -> AsyncIterator[Any]:
    async with observing(postgres) as connection:
        yield connection


async def test_a_command_is_settled_by_its_old_owner_or_handed_to_its_new_one(postgres: str, observer: Any) -> None:
    for order in orders((4, 9), MOST):
        async with stage(postgres, observer) as scene:
            old, new = await scene.enter(takes=True), await scene.enter(takes=False)
            await old.accept(old.command(b"x"))
            (delivery,) = await old.claim()
            await scene.forget(old)

            async def take_over(new: Bench = new) -> list[bytes]:
                await new.take()
                return [found.body for found in await new.claim()]

            answer, found = await scene.play(
                order,
                scene.gated(old, lambda old=old, it=delivery: old.settle(it, NULL, old.event(b"said"))),
                scene.gated(new, take_over),
            )
            held = settled(answer)

            assert not (held and b"x" in found), f"settled and handed out again: {order}"
            later = found if held else found or await take_over()
            assert held != (b"x" in later), f"neither settled nor handed out: {order}"
            assert await scene.value("SELECT count(*) FROM log") == held, order
            assert await scene.value("SELECT count(*) FROM command WHERE outcome IS NOT NULL") == held, order


async def test_a_failed_event_waits_once_whoever_owns_its_lane(postgres: str, observer: Any) -> None:
    for order in orders((5, 9), MOST):
        async with stage(postgres, observer) as scene:
            old, new = await scene.enter(takes=True), await scene.enter(takes=False)
            await old.accept(old.event(b"x"))
            (delivery,) = await old.claim(READER)
            await scene.forget(old)
            again = Again(due=scene.clock.now(), error="on purpose")

            async def take_over(new: Bench = new) -> list[bytes]:
                await new.take(READER)
                backlog, waiting = await new.claim(READER), await new.due(READER)
                return [found.body for found in (*backlog, *waiting)]

            answer, found = await scene.play(
                order,
                scene.gated(old, lambda old=old, it=delivery, again=again: old.settle(it, again)),
                scene.gated(new, take_over),
            )
            held = settled(answer)
            found += [] if found else await take_over()

            assert found == [b"x"], f"{order}: {found}"
            assert await scene.value("SELECT count(*) FROM exception") == held, order


async def test_a_command_is_cancelled_or_handled_and_ends_once(postgres: str, observer: Any) -> None:
    gone = Cancelled("changed my mind")
    for order in orders((5, 5), MOST):
        async with stage(postgres, observer) as scene:
            worker, sender = await scene.enter(takes=True), await scene.enter(takes=False)
            envelope = worker.command(b"x")
            await worker.accept(envelope)

            async def handle(worker: Bench = worker) -> str:
                found = await worker.claim()
                for delivery in found:
                    await worker.settle(delivery, NULL, worker.event(b"said"))
                return "handled" if found else "nothing"

            handled, cancelled = await scene.play(
                order,
                scene.gated(worker, handle),
                scene.gated(
                    sender,
                    lambda sender=sender, id_=envelope.metadata.id: sender.store.cancel(id_, gone, lambda *_: None),
                ),
            )

            assert [handled == "handled", cancelled] in ([True, False], [False, True]), (order, handled, cancelled)
            outcome = bytes(await scene.value("SELECT outcome FROM command"))
            assert (b"changed my mind" in outcome) == cancelled, order
            assert await scene.value("SELECT count(*) FROM log") == (handled == "handled"), order


async def test_an_id_is_taken_once_whoever_comes_with_it(postgres: str, observer: Any) -> None:
    for order in orders((4, 3, 3), MOST):
        async with stage(postgres, observer) as scene:
            handler, same, other = [await scene.enter(takes=n == 0) for n in range(3)]
            await handler.accept(handler.command(b"parent"))
            (parent,) = await handler.claim()
            child, twin, wrong = (bench.command(body, id="child") for bench, body in
                                  ((handler, b"1"), (same, b"1"), (other, b"2")))  # fmt: skip

            answers = await scene.play(
                order,
                scene.gated(handler, lambda handler=handler, it=parent, child=child: handler.settle(it, NULL, child)),
                scene.gated(same, lambda same=same, twin=twin: same.accept(twin)),
                scene.gated(other, lambda other=other, wrong=wrong: other.accept(wrong)),
            )

            body = bytes(await scene.value("SELECT body FROM command WHERE id = 'child'"))
            by_handler, by_twin, by_other = (not isinstance(answer, DuplicateIdError) for answer in answers)
            assert (by_handler, by_twin, by_other) == ((False, False, True) if body == b"2" else (True, True, False))
            new = [answer for answer in answers[1:] if answer == [True]]
            assert len(new) <= 1, order
            assert await scene.value("SELECT count(*) FROM command WHERE id = 'child'") == 1


async def test_sessions_that_migrate_at_the_same_time_make_one_schema(postgres: str, observer: Any) -> None:
    from tense.adapters.stores.postgres.migrate import migrate
    from tense.adapters.stores.postgres.schema import VERSION

    schema = f"{Asked(postgres).schema}_m"
    connections = [await Asked(postgres).connect() for _ in range(3)]
    for order in orders((9, 9, 9), MOST // 2):
        scripts = []
        for connection in connections:
            session = Session()
            gated = session.connection(connection)
            scripts.append((session, lambda gated=gated: migrate(gated, schema, "here")))

        answers = await in_order(order, scripts, observer)

        assert answers == [None, None, None], order
        assert await observer.fetchval(f"SELECT value FROM {schema}.meta WHERE name = 'version'") == str(VERSION)
        await observer.execute(f"DROP SCHEMA {schema} CASCADE")
    await asyncio.gather(*(connection.close() for connection in connections))
