"""The kit on a pair of stores: three properties read otherwise where two stores are one."""

import asyncio
from pathlib import Path

import pytest

from tense.errors import LeaseLostError
from tense.ports.delivery import Delivery
from tense.runtime.load import LANES
from tense.runtime.relay_parcel import RELAY
from tense.testing.conformance.bench import LEASE, Bench, Kit
from tense.testing.conformance.suite import StoreConformance


class PairConformance(StoreConformance):
    """Every property of the kit; those three stand here in their own words."""

    def kit(self, place: Path) -> Kit:
        return Kit(self, place)  # type: ignore[arg-type]  # a suite is its adapter

    def test_a_sender_leaves_no_consumer(self, tmp_path: Path) -> None:
        """The relay is a consumer, and belongs to who has services."""

        async def check(kit: Kit) -> None:
            async with kit.bench() as bench:
                await bench.accept(bench.command())
                owned = {lag.consumer: lag.owned for lag in await bench.store.lags()}
                assert owned == {"kit": 4, RELAY: LANES}

        asyncio.run(check(self.kit(tmp_path)))

    def test_an_id_is_used_once(self, tmp_path: Path) -> None:
        """What a handler said under an id that the transport knows with another body is refused there, and kept."""

        async def check(kit: Kit) -> None:
            async with kit.bench() as bench:
                await bench.accept(bench.command(b"1", id="twice"), bench.command())
                for delivery in await bench.claim():
                    if delivery.metadata.id != "twice":
                        await bench.settle(delivery, None, bench.command(b"2", id="twice"), bench.command(b"child"))
                (letter,) = await bench.store.dead()
                assert (letter.id, letter.type, letter.body, letter.reason) == ("twice", "kit.Do", b"2", "refused")
                assert [delivery.body for delivery in await bench.claim()] == [b"child"]

        asyncio.run(check(self.kit(tmp_path)))

    def test_a_zombie_settles_nothing(self, tmp_path: Path) -> None:
        """Of a zombie and its heir one commits, whoever is first; the other learns how it ended, and runs nothing."""

        async def check(kit: Kit) -> None:
            async with kit.bench() as zombie:
                await zombie.accept(zombie.command())
                (had,) = await zombie.claim()
                kit.later(LEASE + 1)
                async with kit.bench() as heir:
                    (got,) = await heir.claim()
                    assert got.ended is None
                    with pytest.raises(LeaseLostError):
                        await zombie.settle(had, None, zombie.command(b"child"))
                    with pytest.raises(LeaseLostError):
                        await heir.settle(got, None, heir.command(b"child"))
                    await heir.give()
                    await heir.take()
                    (again, child) = await ended_first(heir, 2)
                    assert (again.metadata.id, again.ended is None) == (had.metadata.id, False)
                    assert child.body == b"child"
                    await heir.settle(again)
                    assert await heir.claim() == []

        asyncio.run(check(self.kit(tmp_path)))


async def ended_first(bench: Bench, count: int) -> list[Delivery]:
    """So many that can be claimed, what ended already in front; an outbox waits for transactions of others that are open."""
    found: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            await bench.store.settled()
            found += await bench.claim()
            await asyncio.sleep(0.01)
    return sorted(found, key=lambda delivery: delivery.ended is None)
