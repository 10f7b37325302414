"""The relay's hands: key by key in order, with patience for a transport that is away and none for what it refuses."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from tense.errors import MessageTooLargeError, StoreError
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.settlement import Buried
from tense.ports.delivery import Delivery
from tense.runtime.relay_hands import Hands, Left
from tense.runtime.relay_parcel import RELAY, parcel
from tense.testing.chance import SeededChance
from tense.testing.clock import HandClock


class Transport:
    """Notes what it is offered; `fails` names bodies that it does not take, with the error."""

    def __init__(self) -> None:
        self.offered: list[str] = []
        self.open: dict[str, asyncio.Future[bool]] = {}
        self.fails: dict[str, BaseException] = {}
        self.waits = False

    def accept(self, envelope: Envelope) -> "bool | asyncio.Future[bool]":
        name = envelope.body.decode()
        self.offered.append(name)
        if (error := self.fails.get(name)) is not None:
            raise error
        if not self.waits:
            return True
        future = self.open[name] = asyncio.get_running_loop().create_future()
        return future


def batch(*names: str) -> list[Delivery]:
    """Deliveries of the outbox; the letter before the number is the key, and `-` is none."""
    found = []
    for position, name in enumerate(names):
        metadata = Metadata(id=name, kind="event", type="t", partitionkey=None if name[0] == "-" else name[0])
        outside = parcel(Envelope(metadata=metadata, body=name.encode(), service="s"))
        found.append(Delivery(consumer=RELAY, lane=0, position=position, metadata=outside.metadata, body=outside.body))
    return found


class Carrying:
    """Hands at work on a batch, and the clock that their patience goes by."""

    def __init__(self, *names: str) -> None:
        self.transport = Transport()
        self.clock = HandClock()
        self.hands = Hands(self.transport.accept, self.clock, SeededChance(1))
        self.mine = True
        self._batch: Sequence[Delivery] = batch(*names)

    def begin(self) -> "asyncio.Task[dict[int, Buried]]":
        return asyncio.ensure_future(self.hands.over(self._batch, lambda: self.mine))


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_keys_are_offered_at_once_and_the_second_of_each_after_its_first() -> None:
    carrying = Carrying("a1", "a2", "b1", "-1", "-2", "b2", "a3")
    carrying.transport.waits = True
    task = carrying.begin()
    await turns()
    first = list(carrying.transport.offered)
    for future in carrying.transport.open.values():
        future.set_result(True)
    await turns()
    second = carrying.transport.offered[len(first) :]
    task.cancel()

    assert first == ["a1", "b1", "-1", "-2"]
    assert second == ["a2", "b2"]


async def test_what_was_not_taken_is_not_overtaken_by_the_next_of_its_key() -> None:
    carrying = Carrying("a1", "a2", "b1", "b2")
    carrying.transport.fails["a1"] = StoreError("away")
    task = carrying.begin()
    await turns()
    before = list(carrying.transport.offered)
    del carrying.transport.fails["a1"]
    await carrying.clock.wind(1)

    assert await task == {}
    assert before == ["a1", "b1"]
    assert carrying.transport.offered == ["a1", "b1", "a1", "b2", "a2"]


async def test_patience_never_ends_and_grows_up_to_ten_seconds() -> None:
    carrying = Carrying("a1")
    carrying.transport.fails["a1"] = StoreError("away")
    task = carrying.begin()
    await turns()
    tries = [len(carrying.transport.offered)]
    for _ in range(6):
        await carrying.clock.wind(60)
        tries.append(len(carrying.transport.offered))
    carrying.transport.fails.clear()
    await carrying.clock.wind(11)

    assert await task == {}
    assert tries[-1] > 40
    assert all(6 <= later - earlier <= 13 for earlier, later in itertools.pairwise(tries[1:]))


async def test_what_is_refused_is_told_and_the_next_of_its_key_goes_on() -> None:
    carrying = Carrying("a1", "a2", "b1")
    carrying.transport.fails["a1"] = MessageTooLargeError("t", 9, 8)

    refused = await carrying.begin()

    assert list(refused) == [0]
    assert refused[0].reason == "refused"
    assert refused[0].strand is None
    assert "MessageTooLargeError" in refused[0].error
    assert carrying.transport.offered == ["a1", "b1", "a2"]


async def test_whoever_lost_the_lane_offers_nothing_more() -> None:
    carrying = Carrying("a1", "a2")
    carrying.transport.waits = True
    task = carrying.begin()
    await turns()
    carrying.mine = False
    carrying.transport.open["a1"].set_result(True)

    with pytest.raises(Left):
        await task
    assert carrying.transport.offered == ["a1"]


async def test_a_stop_waits_for_no_transport_that_is_away() -> None:
    carrying = Carrying("a1")
    carrying.transport.fails["a1"] = StoreError("away")
    task = carrying.begin()
    await turns()

    carrying.hands.stop()

    with pytest.raises(Left):
        await task
    assert carrying.transport.offered == ["a1"]


async def test_when_one_lane_gets_through_the_others_try_at_once() -> None:
    carrying = Carrying("a1")
    carrying.transport.fails["a1"] = StoreError("away")
    task = carrying.begin()
    await turns()
    carrying.transport.fails.clear()

    await carrying.hands.over(batch("b1"), lambda: True)
    await turns()

    assert task.done()
    assert carrying.transport.offered == ["a1", "b1", "a1"]
