"""When a consumer reads on: a claim costs a commit, so it should be worth one; but no runner rests for that."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tense.messages.metadata import Metadata
from tense.messages.settlement import Done
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.store import Want
from tense.runtime.consumer import ConsumerLoop
from tense.runtime.system import SystemSpawn
from tense.testing.clock import HandClock

LOG = Consumer(name="kit<log", service="kit", channel="log", kind="subscription", lanes=2)
INBOX = Consumer(name="kit", service="kit", channel="kit", kind="inbox", lanes=2)
PREFETCH = 256


class Shelf:
    """A store with messages in lanes, each with a key, that counts what is claimed."""

    def __init__(self, lanes: Mapping[int, Sequence[str]]) -> None:
        self.left = {
            lane: [self._delivery(lane, place, key) for place, key in enumerate(keys)] for lane, keys in lanes.items()
        }
        self.claims: list[int] = []

    def claim(self, _consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        found: list[Delivery] = []
        for want in wanted:
            most = min(want.most, limit - len(found))
            left = self.left[want.lease.lane]
            found += left[:most]
            del left[:most]
        self.claims.append(len(found))
        return found

    def held(self, _lease: Lease) -> set[str]:
        return set()

    def next_due(self, _consumer: Consumer) -> None:
        return None

    @staticmethod
    def _delivery(lane: int, place: int, key: str) -> Delivery:
        metadata = Metadata(id=f"{lane}.{place}", kind="command", type="kit.Do", partitionkey=key)
        return Delivery(consumer="kit", lane=lane, position=place, metadata=metadata, body=b"")


class Hands:
    """Work that goes on for a key while it is let."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun: list[str] = []
        self._let: dict[str, asyncio.Semaphore] = {}

    def let(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self._let.setdefault(key, asyncio.Semaphore(0)).release()

    async def perform(self, delivery: Delivery, *_: Any) -> Done:
        key = str(delivery.metadata.partitionkey)
        self.begun.append(delivery.metadata.id)
        await self._let.setdefault(key, asyncio.Semaphore(0)).acquire()
        self.done.append(delivery.metadata.id)
        return Done()


@asynccontextmanager
async def reading(
    shelf: Shelf, hands: Hands, concurrency: int, consumer: Consumer = INBOX
) -> AsyncIterator[ConsumerLoop]:
    seams = (HandClock(), SystemSpawn())
    loop = ConsumerLoop(consumer, shelf, hands, seams, concurrency)  # type: ignore[arg-type]  # the parts that reading uses
    loop.grant([Lease(consumer.name, lane, 1) for lane in shelf.left])
    try:
        yield loop
    finally:
        await loop._runners.stop(0)


async def turn() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_while_others_wait_for_a_runner_more_is_read_when_half_is_through() -> None:
    shelf, hands = Shelf({0: [f"{n}" for n in range(1000)]}), Hands()
    async with reading(shelf, hands, concurrency=4) as loop:
        assert (sum(shelf.claims), loop.room()) == (PREFETCH, 0)
        before = len(shelf.claims)
        for n in range(PREFETCH // 2):
            hands.let(f"{n}")
        await turn()
        assert len(hands.done) == PREFETCH // 2
        assert len(shelf.claims) == before

        hands.let(f"{PREFETCH // 2}")
        await turn()
        assert shelf.claims[before:] == [PREFETCH // 2 + 1]


@pytest.mark.parametrize("consumer", [INBOX, LOG], ids=["keys", "lanes"])
async def test_a_runner_does_not_rest_behind_a_busy_one_while_others_stand_in_the_store(consumer: Consumer) -> None:
    hot, others = ["hot"] * (PREFETCH * 3 // 4), [f"{n}" for n in range(1000)]
    shelf, hands = Shelf({0: hot, 1: others}), Hands()
    async with reading(shelf, hands, 64, consumer):
        for key in others:
            hands.let(key)
        async with asyncio.timeout(10):
            while len(hands.done) < len(others):
                await asyncio.sleep(0)

    assert "0.0" in hands.begun
    assert "0.0" not in hands.done


async def test_as_a_busy_key_that_fills_the_hands_goes_on_others_are_read() -> None:
    others = [f"{n}" for n in range(1000)]
    shelf, hands = Shelf({0: ["hot"] * 1000, 1: others}), Hands()
    async with reading(shelf, hands, concurrency=16):
        for key in others:
            hands.let(key)
        for _ in range(50):
            await turn()
        before = len(hands.done)
        assert before < len(others)

        hands.let("hot", 10)
        for _ in range(50):
            await turn()

        assert len(hands.done) > before + 20


async def test_what_goes_with_lost_lanes_makes_room_for_the_rest() -> None:
    shelf, hands = Shelf({lane: [f"{lane}.{n}" for n in range(400)] for lane in range(3)}), Hands()
    async with reading(shelf, hands, concurrency=1) as loop:
        await turn()
        for lane in (0, 1):
            lease = loop.leases()[lane]
            lease.lost = True
            loop.lost(lease)
        await turn()

        assert len(shelf.claims) > 1
