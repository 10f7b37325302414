"""The race windows of transactions that others share or bring: handlers' groups, an outbox's, a cancel's, and a pair's marks."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asked import Asked
from interleaving import Script, Session, orders
from stage import READER, Stage, observing, settled, stage

from tense.adapters.stores.postgres.joining import AsyncpgJoint
from tense.messages.metadata import Metadata
from tense.messages.outcome import Cancelled
from tense.ports.delivery import Delivery, Lease
from tense.rules.lanes import lane_of
from tense.testing.conformance.bench import INBOX, LANES, NULL, Bench, soon

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

MOST = int(os.environ.get("TENSE_INTERLEAVINGS", "25"))
INSERT = "INSERT INTO effects VALUES (:name)"
GONE = Cancelled("changed my mind")


@pytest.fixture
async def observer(postgres: str) -> AsyncIterator[Any]:
    async with observing(postgres) as connection:
        await connection.execute("CREATE TABLE effects (name text, tx bigint DEFAULT txid_current())")
        yield connection


async def handle(bench: Bench, delivery: Delivery) -> None:
    """As a handler does that writes a row and publishes an event."""
    unit = bench.store.unit(delivery, bench.lease(delivery))
    name = delivery.body.decode()
    await unit.transaction().execute(INSERT, name=name)
    await soon(unit.finish(NULL, [bench.event(delivery.body, key="k")]))


async def read(bench: Bench, times: int) -> list[bytes]:
    """What a subscriber is handed out, settled each time."""
    found = []
    for _ in range(times):
        for delivery in await bench.claim(READER):
            found.append(delivery.body)
            await bench.settle(delivery)
    return found


async def say(scene: Stage, connection: Any, bench: Bench, body: bytes) -> None:
    """An event in a transaction of the user's own, behind a row of theirs; it is still open."""
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO effects VALUES ($1)", body.decode())
    event = (bench.event(body, key="k"), lane_of("k", LANES))
    await AsyncpgJoint(connection, scene.address).write_async([event], scene.clock.now())


async def committing(scene: Stage, connection: Any, bench: Bench, body: bytes) -> tuple[Session, Script]:
    """One that said its event before all others begin, and commits late."""
    await say(scene, connection, bench, body)
    session = Session()
    return session, lambda: session.connection(connection).execute("COMMIT")


async def test_a_reader_passes_by_no_event_of_handlers_that_share_a_commit(postgres: str, observer: Any) -> None:
    user, shared = await Asked(postgres).connect(), 0
    for order in orders((7, 1, 9), MOST):
        async with stage(postgres, observer) as scene:
            worker, reader = await scene.enter(takes=[INBOX]), await scene.enter(takes=[READER])
            await worker.accept(*(worker.command(name, key=name.decode()) for name in (b"first", b"a", b"b")))
            first, *both = await worker.claim()
            await handle(worker, first)
            del worker.store._company._groups[1:]  # type: ignore[attr-defined]  # both go into the only one

            late = await committing(scene, user, reader, b"late")
            *_, found = await scene.play(
                order,
                scene.gated(worker, lambda w=worker, both=both: asyncio.gather(*(handle(w, each) for each in both))),
                late,
                scene.gated(reader, lambda reader=reader: read(reader, 5)),
            )
            found += await read(reader, 2)

            assert sorted(found) == [b"a", b"b", b"first", b"late"], order
            assert await scene.value("SELECT count(*) FROM effects") == 4
            shared += await scene.value("SELECT count(DISTINCT tx) FROM effects WHERE name IN ('a', 'b')") == 1
            await observer.execute("DELETE FROM effects")
    await user.close()
    assert shared > MOST // 2, "handlers did not share"


async def test_a_reader_passes_by_no_event_of_an_outbox(postgres: str, observer: Any) -> None:
    user, other = [await Asked(postgres).connect() for _ in range(2)]
    for order in orders((4, 1, 9), MOST):
        async with stage(postgres, observer) as scene:
            reader, session = await scene.enter(takes=[READER]), Session()

            async def whole(scene: Stage = scene, session: Session = session, reader: Bench = reader) -> None:
                gated = session.connection(user)
                await say(scene, gated, reader, b"one")
                await gated.execute("COMMIT")

            late = await committing(scene, other, reader, b"late")
            *_, found = await scene.play(
                order, (session, whole), late, scene.gated(reader, lambda reader=reader: read(reader, 7))
            )
            found += await read(reader, 2)

            assert sorted(found) == [b"late", b"one"], order
    await user.close()
    await other.close()


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_cancel_says_its_news_if_it_came_in_time_and_only_then(
    postgres: str, observer: Any, claimed: bool
) -> None:
    for order in orders((5, 8), MOST):
        async with stage(postgres, observer) as scene:
            worker, sender = await scene.enter(takes=True), await scene.enter(takes=False)
            envelope = worker.command(b"x")
            await worker.accept(envelope)
            before = await worker.claim() if claimed else []

            async def work(worker: Bench = worker, before: Any = before) -> bool:
                for delivery in before or await worker.claim():
                    await worker.settle(delivery, NULL, worker.event(b"handled"))
                    return True
                return False

            async def cancel(sender: Bench = sender, id_: str = envelope.metadata.id) -> bool:
                return await sender.store.cancel(id_, GONE, lambda *_: sender.event(b"news"))

            handled, cancelled = await scene.play(order, scene.gated(worker, work), scene.gated(sender, cancel))

            assert [handled is True, cancelled] in ([True, False], [False, True]), (order, handled, cancelled)
            said = [bytes(row[0]) for row in await observer.fetch("SELECT body FROM log")]
            assert said == [b"news" if cancelled else b"handled"], order
            outcome = bytes(await scene.value(f"SELECT outcome FROM command WHERE id = '{envelope.metadata.id}'"))
            assert (b"changed my mind" in outcome) == cancelled, order


async def test_of_two_owners_that_end_one_message_of_another_store_one_leaves_all_and_the_other_nothing(
    postgres: str, observer: Any
) -> None:
    metadata = Metadata(id="one", kind="command", type="kit.Do")
    for order in orders((5, 5), MOST):
        async with stage(postgres, observer) as scene:
            owners = [await scene.enter(takes=False) for _ in range(2)]

            async def end(bench: Bench, number: int) -> None:
                given = Delivery(
                    consumer="kit", lane=0, position=number, metadata=metadata, body=b"", origin="elsewhere"
                )
                unit = bench.store.unit(given, Lease("kit", 0, number))
                await unit.transaction().execute(INSERT, name=f"{number}")
                try:
                    await soon(unit.finish(NULL, [bench.event(b"%d" % number)]))
                finally:
                    await unit.undo()

            answers = await scene.play(
                order, *(scene.gated(bench, lambda b=bench, n=n: end(b, n)) for n, bench in enumerate(owners, 1))
            )

            winners = [str(number) for number, answer in enumerate(answers, 1) if settled(answer)]
            assert len(winners) == 1, (order, answers)
            assert [row[0] for row in await observer.fetch("SELECT name FROM effects")] == winners, order
            assert [row[0].decode() for row in await observer.fetch("SELECT body FROM log")] == winners, order
            assert await scene.value("SELECT count(*) FROM mark") == 1
            await observer.execute("DELETE FROM effects")
