"""Marks: what a store remembers of deliveries that another store made, with the rows that they wrote."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tense.cli.opened import opened
from tense.errors import LeaseLostError
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.outcome import Completed, Failed
from tense.messages.settlement import Buried, Done, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer, Instance
from tense.ports.store import Want
from tense.runtime.load import LANES

WELL = Done(Completed(msgspec.Raw(b'"paid"')))
BADLY = Buried(reason="exhausted", error="no", traceback="...", outcome=Failed("exhausted: no"), strand="key")
READER = Consumer(name="reader<box.events", service="reader", channel="box.events", kind="subscription", lanes=LANES,
                  types=("said",), from_start=True)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    address = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres")
    async with opened(address, create=True) as found:
        yield found


def delivered(message_id: str = "one", *, redriven: int = 0, position: int = 7) -> Delivery:
    metadata = Metadata(id=message_id, kind="command", type="orders.PlaceOrder")
    return Delivery(consumer="orders", lane=0, position=position, metadata=metadata, body=b"{}", origin="elsewhere",
                    redriven=redriven)  # fmt: skip


def said(message_id: str) -> Envelope:
    metadata = Metadata(id=message_id, kind="event", type="said", partitionkey="k")
    return Envelope(metadata=metadata, body=b"{}", service="box")


def lease() -> Lease:
    return Lease("orders", 0, 3)


async def soon(answer: Any) -> Any:
    return await answer if hasattr(answer, "__await__") else answer


async def end(store: Any, delivery: Delivery, settlement: Settlement, *outgoing: Envelope) -> None:
    await soon(store.unit(delivery, lease()).finish(settlement, outgoing))


async def written(store: Any) -> list[str]:
    """The ids of what stands in the outgoing log, in order."""
    await store.provision([READER])
    now = 0.0
    instance = Instance(id="me", host="h", pid=1, version="1", started=now, until=now + 1e12)
    await store.announce(instance)
    leases = await store.acquire(READER, LANES, now)
    found = await soon(store.claim(READER, [Want(each, -1, 100) for each in leases], 100))
    return [delivery.metadata.id for delivery in found]


@pytest.mark.parametrize("settlement", [WELL, BADLY, Done()], ids=["outcome", "burial", "event"])
async def test_how_a_delivery_of_another_store_ended_is_remembered(store: Any, settlement: Settlement) -> None:
    await end(store, delivered(), settlement)

    assert await soon(store.marks([delivered("other", position=6), delivered()])) == {7: settlement}


async def test_the_mark_commits_with_the_rows_and_the_messages(store: Any) -> None:
    unit = store.unit(delivered(), lease())
    await unit.transaction().execute("CREATE TABLE stock (count INTEGER)")
    await unit.transaction().execute("INSERT INTO stock VALUES (3)")

    await soon(unit.finish(WELL, [said("a"), said("b")]))

    assert await store.snapshot().fetch_value("SELECT count FROM stock") == 3
    assert await written(store) == ["a", "b"]


@pytest.mark.parametrize("writes", [True, False], ids=["with rows", "without rows"])
async def test_of_two_that_ran_one_message_the_second_leaves_nothing(store: Any, writes: bool) -> None:
    first = store.unit(delivered("make"), lease())
    await first.transaction().execute("CREATE TABLE stock (count INTEGER)")
    await soon(first.finish(Done(), ()))
    await end(store, delivered(), WELL)

    late = store.unit(delivered(position=9), lease())
    if writes:
        await late.transaction().execute("INSERT INTO stock VALUES (3)")
    with pytest.raises(LeaseLostError, match="somebody else"):
        await soon(late.finish(BADLY, [said("a")]))
    await late.undo()

    assert await store.snapshot().fetch_value("SELECT count(*) FROM stock") == 0
    assert await soon(store.marks([delivered()])) == {7: WELL}
    assert await written(store) == []


async def test_one_that_ended_before_keeps_none_of_its_neighbours_from_their_end(store: Any) -> None:
    await end(store, delivered("old"), WELL)

    ends = [store.unit(delivered(name), lease()).finish(WELL, [said(name)]) for name in ("new", "old", "newer")]

    await ends[0]
    with pytest.raises(LeaseLostError):
        await ends[1]
    await ends[2]
    assert await written(store) == ["new", "newer"]


async def test_what_came_back_from_the_dead_letters_is_another_delivery(store: Any) -> None:
    await end(store, delivered(), BADLY)

    await end(store, delivered(redriven=1), WELL)

    assert await soon(store.marks([delivered()])) == {7: BADLY}
    assert await soon(store.marks([delivered(redriven=1)])) == {7: WELL}


async def test_what_a_subscription_has_passed_can_be_forgotten_and_nothing_else(store: Any) -> None:
    for number in range(6):
        await soon(store.accept(said(f"m{number}")))
    await store.provision([READER])
    await store.announce(Instance(id="me", host="h", pid=1, version="1", started=0.0, until=1e12))
    leases = await store.acquire(READER, LANES, 0.0)
    found = await soon(store.claim(READER, [Want(each, -1, 100) for each in leases], 100))
    at = {each.lane: each for each in leases}
    await soon(store.unit(found[0], at[found[0].lane]).finish(BADLY, ()))
    await soon(store.unit(found[3], at[found[3].lane]).finish(Done(), ()))
    await store.settled()

    assert await store.forget(READER, 2) == 2
    assert await store.forget(READER, 100) == 1
    assert await store.forget(READER, 100) == 0
    fresh = [Want(Lease(each.consumer, each.lane, each.token), 0, 100) for each in leases]
    left = await soon(store.claim(READER, fresh, 100))
    assert [delivery.metadata.id for delivery in left if delivery.position > found[3].position] == ["m4", "m5"]
    assert [letter.id for letter in await store.dead()] == ["m0"]
