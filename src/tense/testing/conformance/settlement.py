"""Settlement: done is done once, and what is not done comes again, counted and as it was."""

from contextlib import suppress
from dataclasses import replace

import msgspec

from tense.errors import LeaseLostError
from tense.messages.metadata import Metadata
from tense.messages.outcome import Completed, Failed
from tense.messages.settlement import Again, Buried, Done, Released
from tense.testing.conformance.bench import INBOX, LEASE, Kit, refuses, soon, subscription
from tense.testing.conformance.property import proves


def again(kit: Kit, delay: float = 0.0) -> Again:
    """To be tried again after a delay."""
    return Again(due=kit.clock.now() + delay, error="on purpose")


BURIED = Buried(reason="gave up", error="RuntimeError: on purpose", traceback="line 1", outcome=Failed("gave up"))
DONE_ONE = Done(Completed(msgspec.Raw(b"1")))
DONE_TWO = Done(Completed(msgspec.Raw(b"2")))


class Settling:
    """Properties 15 to 25, and 28."""

    @proves()
    async def test_what_is_done_does_not_come_again(self, kit: Kit) -> None:
        """15: after a settlement and a restart nothing is handed out for three leases."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                await bench.settle(delivery)
        for _ in range(3):
            kit.clock.advance(LEASE)
            async with kit.bench(INBOX, reader) as bench:
                for consumer in (INBOX, reader):
                    assert await bench.claim(consumer) == []
                    assert await bench.due(consumer) == []

    @proves()
    async def test_what_failed_comes_again_as_it_was(self, kit: Kit) -> None:
        """16: same id, next attempt, same bytes, same headers; the same attempt where it was only put off."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(b"\x00\xff", headers={"a": "b"}), bench.event(b"\x01", headers={"c": ""}))
            for consumer in (INBOX, reader):
                (first,) = await bench.claim(consumer)
                await bench.settle(first, again(kit))
                (second,) = await bench.due(consumer)

                assert (second.metadata.id, second.attempt) == (first.metadata.id, first.attempt + 1)
                assert (second.body, second.metadata) == (first.body, first.metadata)
                assert second.origin == "exception"

                due = kit.clock.now()
                await bench.settle(second, Again(due=due, error="not known here", strand="k", counts=False))
                (third,) = await bench.due(consumer)
                assert (third.attempt, third.released) == (second.attempt, 1), "what was put off did not fail"

    @proves("delayed")
    async def test_a_retry_comes_when_it_is_due(self, kit: Kit) -> None:
        """17: not before its time, at its time, and the store says when."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                due = kit.clock.now() + 5
                await bench.settle(delivery, Again(due=due, error="x"))
                assert bench.store.next_due(consumer) == due
                kit.clock.advance(4.99)
                assert await bench.due(consumer) == []
                kit.clock.advance(0.01)
                assert len(await bench.due(consumer)) == 1
                assert await bench.due(consumer) == [], "what is handed out is not handed out again"

    @proves("durable")
    async def test_what_a_dead_worker_had_comes_again(self, kit: Kit) -> None:
        """18: what was claimed and not settled at a SIGKILL is handed out after the lease, and runs alone."""
        async with kit.bench() as bench:
            await bench.accept(bench.command(b"x"))
            await bench.claim()
            async with kit.after_crash() as after:
                (delivery,) = await after.claim()
                assert (delivery.body, delivery.alone) == (b"x", True)

    @proves("durable")
    async def test_attempts_are_counted_across_crashes(self, kit: Kit) -> None:
        """19: each start that ended in a SIGKILL is counted, without a gap."""
        async with kit.bench() as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            counted = [delivery.attempt]
            crash = kit.crashed()
        for _ in range(3):
            here = replace(kit, place=crash)
            here.later(LEASE + 1)
            async with here.bench() as bench:
                (delivery,) = await bench.claim()
                counted.append(await soon(bench.store.strike(delivery, delivery.attempt)))
                crash = here.crashed()

        assert counted == [1, 2, 3, 4]

    @proves()
    async def test_attempts_are_counted_without_a_gap(self, kit: Kit) -> None:
        """20: five failures are attempts 1 to 5, and a message given back unstarted is not counted."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                seen = [delivery.attempt]
                for _ in range(4):
                    await bench.settle(delivery, again(kit))
                    (delivery,) = await bench.due(consumer)
                    seen.append(delivery.attempt)
                await bench.settle(delivery, Released())
                assert seen == [1, 2, 3, 4, 5]

    @proves()
    async def test_what_a_handler_does_to_headers_does_not_leak(self, kit: Kit) -> None:
        """21: headers changed during an attempt are the original ones in the retry, elsewhere and among the dead."""
        one, two = subscription("one"), subscription("two")
        async with kit.bench(INBOX, one, two) as bench:
            await bench.accept(bench.command(headers={"a": "1"}), bench.event(headers={"a": "1"}))
            for consumer in (INBOX, one):
                (delivery,) = await bench.claim(consumer)
                delivery.metadata.headers["a"] = "changed"
                await bench.settle(delivery, again(kit))
                (delivery,) = await bench.due(consumer)
                assert delivery.metadata.headers == {"a": "1"}
            (other,) = await bench.claim(two)
            assert other.metadata.headers == {"a": "1"}

    @proves()
    async def test_a_command_ends_once(self, kit: Kit) -> None:
        """22: a second settlement of the same delivery is refused, and the first outcome stays."""
        async with kit.bench() as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            await bench.settle(delivery, DONE_ONE)
            for late in (DONE_TWO, BURIED):
                with refuses(LeaseLostError):
                    await bench.settle(delivery, late)

            standing = await soon(bench.store.standing(delivery.metadata.id))
            assert standing is not None
            assert standing.outcome == DONE_ONE.outcome
            assert list(await bench.store.dead()) == []

    @proves()
    async def test_an_event_settled_twice_takes_no_mark_back(self, kit: Kit) -> None:
        """22: a second settlement of an earlier event leaves the marks of the later ones as they are."""
        reader = subscription("reader")
        async with kit.bench(reader) as bench:
            await bench.accept(*(bench.event(b"%d" % n, key="k") for n in range(3)))
            first, second, _ = await bench.claim(reader)
            for delivery in (first, second, first):
                with suppress(LeaseLostError):
                    await bench.settle(delivery)
            if bench.store.capabilities.durable:
                async with kit.after_crash(reader) as after:
                    assert [d.body for d in await after.claim(reader)] == [b"2"]

    @proves()
    async def test_who_gave_its_lanes_back_settles_nothing(self, kit: Kit) -> None:
        """23, A12: after its lease is gone a settlement is refused, and nothing of it is visible."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                unit = bench.store.unit(delivery, bench.lease(delivery))
                await bench.give(consumer)
                with refuses(LeaseLostError):
                    await soon(unit.finish(DONE_ONE, [bench.command(b"child")]))
                await bench.store.settled()
                await bench.take(consumer)
            assert [delivery.body for delivery in await bench.claim()].count(b"child") == 0

    @proves("shared")
    async def test_a_zombie_settles_nothing(self, kit: Kit) -> None:
        """23, 27, A7: who was silent for longer than its lease is refused; the new owner has the message."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as zombie:
            await zombie.accept(zombie.command(), zombie.event())
            had = [(await zombie.claim(consumer))[0] for consumer in (INBOX, reader)]
            kit.later(LEASE + 1)
            async with kit.bench(INBOX, reader) as heir:
                got = [(await heir.claim(consumer))[0] for consumer in (INBOX, reader)]
                assert [d.metadata.id for d in got] == [d.metadata.id for d in had]
                for delivery in had:
                    with refuses(LeaseLostError):
                        await zombie.settle(delivery, None, zombie.command(b"child"))
                for delivery in got:
                    await heir.settle(delivery)
                assert all(d.body != b"child" for d in await heir.claim())

    @proves("shared")
    async def test_who_says_that_it_lives_keeps_its_lanes(self, kit: Kit) -> None:
        """25: a handler that runs for five leases keeps its lane while its instance announces itself."""
        async with kit.bench() as bench, kit.bench() as other:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            for _ in range(10):
                kit.later(LEASE / 2)
                await bench.live()
                assert await other.take() == []
                assert await other.claim() == []
            await bench.settle(delivery)

    @proves()
    async def test_a_send_whose_answer_was_lost_may_be_repeated(self, kit: Kit) -> None:
        """28, A6: the same id with the same body is accepted once, during the work and after it."""
        async with kit.bench() as bench:
            envelope = bench.command(b"x")
            assert await bench.accept(envelope, envelope) == [True, False]
            (delivery,) = await bench.claim()
            assert await bench.accept(envelope) == [False]
            await bench.settle(delivery)
            assert await bench.accept(envelope) == [False]
            assert await bench.claim() == []


def metadata_of(headers: bytes) -> Metadata:
    """The headers of a dead letter as metadata."""
    return msgspec.json.decode(headers, type=Metadata)
