"""What `cancel` says of a command on a pair is so: cancelled and without effects, or too late and done once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pairs import SHARED, Two

from tense.errors import LeaseLostError, StoreError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Cancelled, Outcome
from tense.messages.settlement import Again, Released
from tense.ports.delivery import Delivery, Lease
from tense.runtime.load import LANES, one_store, open_store
from tense.runtime.relay import Pair
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import INBOX, LEASE, NULL, Bench, soon

GONE = Cancelled("by its sender")
TABLE = "CREATE TABLE IF NOT EXISTS effects (id TEXT)"
INSERT = "INSERT INTO effects VALUES (:id)"


class Played:
    """One command on a pair, in the steps in which it goes through it; its row is its effect."""

    def __init__(self, two: Two, bench: Bench) -> None:
        self.two = two
        self.bench = bench
        self.store = bench.store
        self.command = bench.command(replyto="sender", id="asked")

    async def cancel(self) -> bool:
        return await self.store.cancel("asked", GONE, self.tell)

    def tell(self, delivery: Delivery, outcome: Outcome) -> Envelope:
        return self.bench.command(outcome.reason.encode(), id=f"news of {delivery.metadata.id}", service="sender")

    async def claimed(self) -> Delivery:
        (delivery,) = [*await self.bench.claim(), *await self.bench.due()]
        return delivery

    async def run(self, delivery: Delivery, lease: Lease | None = None) -> None:
        """As a worker does: what ended is told to the transport, anything else is handled."""
        unit = self.store.unit(delivery, lease or self.bench.lease(delivery))
        if delivery.ended is None:
            await unit.transaction().execute(TABLE)
            await unit.transaction().execute(INSERT, id=delivery.metadata.id)
        try:
            await soon(unit.finish(delivery.ended or NULL, ()))
        except BaseException:
            await unit.undo()
            raise
        await self.store.settled()

    async def fail(self, delivery: Delivery) -> None:
        await self.bench.settle(delivery, Again(due=self.bench.clock.now(), error="on purpose"))

    async def commits_without_telling(self, delivery: Delivery) -> None:
        """Handled, and then the transport is away."""
        self.two.points.arm("before finish", "raise")
        with pytest.raises(StoreError):
            await self.run(delivery)

    async def take_anew(self) -> None:
        await self.bench.give()
        await self.bench.take()

    async def lose(self) -> None:
        """As when the connection broke: what was in hands is counted as never handed out."""
        broker: Any = self.two.broker
        for lease in await self.bench.take():
            broker._core.lose(lease)
        await self.bench.take()

    async def put_back(self, delivery: Delivery) -> None:
        """As when the state is away while its mark is looked for."""
        assert isinstance(self.store, Pair)
        await soon(self.store.transport.unit(delivery, self.bench.lease(delivery)).finish(Released(), ()))
        await self.take_anew()

    async def end(self) -> tuple[int, str]:
        """Handle all that comes; then how many effects there are, and how it ended."""
        await self.store.settled()
        for _ in range(3):
            for delivery in [*await self.bench.claim(), *await self.bench.due()]:
                await self.run(delivery)
        assert isinstance(self.store, Pair)
        unit = self.store.state.snapshot()
        count = await unit.fetch_value("SELECT count(*) FROM effects")
        standing = await soon(self.store.standing("asked"))
        assert standing is not None
        assert standing.outcome is not None
        heard = await soon(self.store.standing("news of asked"))
        assert (heard is not None) == isinstance(standing.outcome, Cancelled)
        return int(count), type(standing.outcome).__name__


CANCELLED, DONE = (0, "Cancelled"), (1, "Completed")


@asynccontextmanager
async def bench_on(two: Two, name: str = "bench", clock: HandClock | None = None) -> AsyncIterator[Bench]:
    bench = Bench(one_store(two.state, two.store, LANES), clock or HandClock(), name)
    await bench.open(INBOX)
    try:
        yield bench
    finally:
        await bench.close()


@pytest.fixture
async def played(two: Two) -> AsyncIterator[Played]:
    async with bench_on(two) as bench:
        await bench.accept(bench.command(id="before"))
        (delivery,) = await bench.claim()
        unit = bench.store.unit(delivery, bench.lease(delivery))
        await unit.transaction().execute(TABLE)
        await soon(unit.finish(NULL, ()))
        yield Played(two, bench)


async def test_before_the_relay_carried_it_it_is_cancelled(played: Played) -> None:
    gate, at = asyncio.Event(), played.two.points.at

    async def waiting(place: str) -> None:
        if place == "before accept":
            await gate.wait()
        await at(place)

    await played.bench.accept(played.bench.command(id="sender"))
    sender = await played.claimed()
    played.two.points.at = waiting  # type: ignore[method-assign]
    await soon(played.store.unit(sender, played.bench.lease(sender)).finish(NULL, [played.command]))
    asked = asyncio.create_task(played.cancel())
    for _ in range(20):
        await asyncio.sleep(0)
    gate.set()

    assert await asked
    assert await played.end() == CANCELLED


async def test_before_it_is_claimed_it_is_cancelled_once(played: Played) -> None:
    await played.bench.accept(played.command)

    assert [await played.cancel(), await played.cancel()] == [True, False]
    assert await played.end() == CANCELLED


async def test_who_was_asked_twice_at_once_says_the_same(played: Played) -> None:
    await played.bench.accept(played.command)

    assert True in await asyncio.gather(played.cancel(), played.cancel())
    assert await played.end() == CANCELLED


@pytest.mark.parametrize("attempt", [1, 2])
async def test_once_it_is_claimed_it_is_too_late(played: Played, attempt: int) -> None:
    await played.bench.accept(played.command)
    if attempt == 2:
        await played.fail(await played.claimed())
    delivery = await played.claimed()

    assert not await played.cancel()
    await played.run(delivery)
    assert not await played.cancel()
    assert await played.end() == DONE


async def test_between_two_attempts_it_is_cancelled(played: Played) -> None:
    await played.bench.accept(played.command)
    await played.fail(await played.claimed())

    assert await played.cancel()
    assert await played.end() == CANCELLED


@pytest.mark.parametrize("two", SHARED, indirect=True)
@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("after", ["its lane was given back", "its lane was lost", "it was put back"])
async def test_once_its_effects_stand_it_is_too_late_whoever_knows_of_them(
    played: Played, attempt: int, after: str
) -> None:
    await played.bench.accept(played.command)
    if attempt == 2:
        await played.fail(await played.claimed())
    await played.commits_without_telling(await played.claimed())
    if after == "its lane was lost":
        await played.lose()
    else:
        await played.take_anew()
    if after == "it was put back":
        await played.put_back(await played.claimed())

    assert not await played.cancel()
    assert await played.end() == DONE


@pytest.mark.parametrize("two", SHARED, indirect=True)
async def test_who_takes_it_while_it_is_cancelled_commits_nothing(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    await played.bench.accept(played.command)
    taken: list[Delivery] = []
    cancel = played.two.broker.cancel

    async def claiming(*given: Any) -> bool:
        try:
            return await cancel(*given)
        finally:
            taken.extend(await played.bench.claim())

    monkeypatch.setattr(played.two.broker, "cancel", claiming)
    answer = await played.cancel()
    with pytest.raises(LeaseLostError):
        await played.run(taken[0])
    await played.take_anew()

    assert answer
    assert await played.end() == CANCELLED


@pytest.mark.parametrize("two", SHARED, indirect=True)
@pytest.mark.parametrize("again", [False, True])
async def test_who_dies_while_he_cancels_leaves_it_cancelled(played: Played, *, again: bool) -> None:
    await played.bench.accept(played.command)
    asked, at = [0], played.two.points.at

    async def dying(place: str) -> None:
        asked[0] += place == "before cancel"
        if place == "before cancel" and asked[0] == 2:
            raise StoreError("away")
        await at(place)

    played.two.points.at = dying  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        await played.cancel()
    if again:
        assert await played.cancel()

    assert await played.end() == CANCELLED


@pytest.mark.parametrize("two", SHARED[:1], indirect=True)
async def test_a_worker_that_wakes_up_after_it_was_cancelled_commits_nothing(two: Two) -> None:
    clock = HandClock()
    async with bench_on(two, "asleep", clock) as asleep:
        one = Played(two, asleep)
        await asleep.accept(asleep.command(id="before"), one.command)
        before, had = sorted(await asleep.claim(), key=lambda delivery: delivery.position)
        await one.run(before)
        # Nobody tells him anything while he sleeps.
        under = replace(asleep.lease(had))
        clock.advance(LEASE + 1)
        async with bench_on(two, "heir", clock) as bench:
            heir = Played(two, bench)
            await heir.fail(await heir.claimed())

            assert await heir.cancel()
            with pytest.raises(LeaseLostError):
                await one.run(had, under)
            assert isinstance(bench.store, Pair)
            rows = await bench.store.snapshot().fetch_all("SELECT id FROM effects")
            standing = await soon(bench.store.standing("asked"))

    assert [row[0] for row in rows] == ["before"]
    assert standing is not None
    assert standing.outcome == GONE


@pytest.mark.parametrize("two", SHARED, indirect=True)
async def test_a_client_alone_cancels_nothing_that_is_in_hands_or_was_left(played: Played) -> None:
    await played.bench.accept(played.command)
    await played.fail(await played.claimed())
    alone = Bench(open_store(played.two.address), played.bench.clock, "alone")
    await alone.open()
    delivery = await played.claimed()
    answers = [await alone.store.cancel("asked", GONE, lambda _delivery, _outcome: None)]
    played.two.points.arm("before finish", "raise")
    with pytest.raises(StoreError):
        await played.run(delivery)
    answers.append(await alone.store.cancel("asked", GONE, lambda _delivery, _outcome: None))
    await alone.close()
    await played.take_anew()

    assert answers == [False, False]
    assert await played.end() == DONE
