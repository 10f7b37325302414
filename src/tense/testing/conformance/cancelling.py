"""Cancelling: what is not started can be ended by its sender, and the answer tells whether it was."""

from contextlib import nullcontext

from tense.messages.outcome import Cancelled, Outcome
from tense.messages.settlement import LANE, Again, Held
from tense.ports.delivery import Delivery
from tense.testing.conformance.adapter import Adapter
from tense.testing.conformance.bench import NULL, Kit, refuses, soon
from tense.testing.conformance.property import proves
from tense.testing.conformance.settlement import again


class Cancelling:
    """Property 60."""

    @proves("delayed")
    async def test_what_was_cancelled_in_time_is_never_handed_out(self, kit: Kit) -> None:
        """60: before its time a timer can be cancelled, once; after its end nothing can; the answer tells which."""
        gone = Cancelled("changed my mind")
        async with kit.bench() as bench:
            timer, plain = bench.command(due=kit.clock.now() + 5), bench.command()
            await bench.accept(timer, plain)
            (delivery,) = await bench.claim()
            await bench.settle(delivery)
            answers = [
                await bench.store.cancel(id_, gone, lambda _delivery, _outcome: None)
                for id_ in (timer.metadata.id, timer.metadata.id, plain.metadata.id, "nobody")
            ]
            kit.clock.advance(10)

            assert answers == [True, False, False, False]
            assert [*await bench.claim(), *await bench.due()] == []
            standing = await soon(bench.store.standing(timer.metadata.id))
            assert standing is not None
            assert standing.outcome == gone

    @proves("delayed")
    async def test_what_is_in_hands_is_not_cancelled_by_whoever_asks(self: Adapter, kit: Kit) -> None:
        """60: nor what its worker died with; whoever asks, and at whatever attempt. Once it has failed it can be."""
        gone = Cancelled("changed my mind")
        async with kit.bench() as bench, kit.bench() if self.capabilities.shared else nullcontext(bench) as other:
            timer, plain, twice = bench.command(due=kit.clock.now() + 1), bench.command(), bench.command()
            await bench.accept(timer, plain, twice)
            claimed = {delivery.metadata.id: delivery for delivery in await bench.claim()}
            await bench.settle(claimed[twice.metadata.id], again(kit))
            kit.clock.advance(2)
            claimed |= {delivery.metadata.id: delivery for delivery in await bench.due()}
            assert len(claimed) == 3
            for asked in (bench, other):
                for id_ in claimed:
                    assert not await asked.store.cancel(id_, gone, lambda _delivery, _outcome: None)
            for delivery in claimed.values():
                await bench.settle(delivery, again(kit, 10))
            answers = [await other.store.cancel(id_, gone, lambda _delivery, _outcome: None) for id_ in claimed]

            assert answers == [True, True, True]

    @proves("shared", "delayed")
    async def test_what_a_worker_died_with_is_not_cancelled(self, kit: Kit) -> None:
        """60: it may have been done, as far as anybody knows."""
        gone = Cancelled("changed my mind")
        async with kit.bench() as bench:
            first, again_ = bench.command(), bench.command()
            await bench.accept(first, again_)
            for delivery in await bench.claim():
                if delivery.metadata.id == again_.metadata.id:
                    await bench.settle(delivery, again(kit))
            assert len(await bench.due()) == 1
            async with kit.after_crash() as heir:
                answers = [
                    await heir.store.cancel(envelope.metadata.id, gone, lambda _delivery, _outcome: None)
                    for envelope in (first, again_)
                ]
                assert answers == [False, False]
                assert len([*await heir.claim(), *await heir.due()]) == 2

    @proves("delayed")
    async def test_what_waits_behind_a_cancelled_one_goes_on(self, kit: Kit) -> None:
        """60, 39: whether it held back its key or its lane."""
        for strand in ("k", LANE):
            async with kit.elsewhere().bench() as bench:
                first, second = bench.command(key="k"), bench.command(key="k")
                await bench.accept(first, second)
                one, two = await bench.claim()
                await bench.settle(one, Again(due=kit.clock.now() + 100, error="on purpose", strand=strand))
                await bench.settle(two, Held(strand))
                assert await bench.due() == []
                assert await bench.store.cancel(
                    first.metadata.id, Cancelled("enough"), lambda _delivery, _outcome: None
                )

                assert [delivery.metadata.id for delivery in await bench.due()] == [second.metadata.id]

    @proves()
    async def test_who_cannot_be_told_of_a_cancelling_stops_it(self, kit: Kit) -> None:
        """60: what the news raise is raised, and the command goes on as it was."""

        def broken(delivery: Delivery, outcome: Outcome) -> None:
            raise LookupError(delivery.metadata.id, outcome)

        async with kit.bench() as bench:
            envelope = bench.command(b"1")
            await bench.accept(envelope)
            with refuses(LookupError):
                await bench.store.cancel(envelope.metadata.id, Cancelled("changed my mind"), broken)
            (delivery,) = await bench.claim()
            assert (delivery.body, delivery.attempt) == (b"1", 1)
            await bench.settle(delivery)
            standing = await soon(bench.store.standing(envelope.metadata.id))

            assert standing is not None
            assert standing.outcome == NULL.outcome
