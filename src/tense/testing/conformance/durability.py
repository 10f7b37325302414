"""Durability: what was answered for outlives the process, and what could not be written is never said to be."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from tense.errors import DuplicateIdError, NotSupportedError, StoreError
from tense.messages.settlement import Released
from tense.runtime.app import App
from tense.testing.clock import HandClock
from tense.testing.conformance.adapter import Adapter
from tense.testing.conformance.bench import INBOX, NULL, Kit, refuses, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.settlement import again
from tense.testing.conformance.words import Do, Failing, doing, hearing
from tense.testing.harness import harness

SENDS = 30
YEAR = 365 * 86_400.0


class Enduring:
    """Properties 46 to 57."""

    @proves("durable")
    async def test_a_restart_loses_nothing(self, kit: Kit) -> None:
        """46, A21: fifty senders, two restarts between: everything that was accepted is handed out, once."""
        ids: list[str] = []
        for _ in range(3):
            async with kit.bench() as bench:
                envelopes = [bench.command(str(n).encode()) for n in range(50)]
                answers = await asyncio.gather(*(bench.accept(envelope) for envelope in envelopes))
                assert answers == [[True]] * 50
                ids += [envelope.metadata.id for envelope in envelopes]
        async with kit.bench() as bench:
            assert sorted(d.metadata.id for d in await bench.claim()) == sorted(ids)

    @proves("durable")
    async def test_what_was_settled_stays_settled_through_a_crash(self, kit: Kit) -> None:
        """15, 49: marks, outcomes and what was sent along are there after a SIGKILL at that moment."""
        reader = subscription("reader", from_start=True)
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(*(bench.command() for _ in range(5)))
            for delivery in await bench.claim():
                await bench.settle(delivery, NULL, bench.event(b"published"))
            async with kit.after_crash(INBOX, reader) as after:
                assert await after.claim() == []
                assert [d.body for d in await after.claim(reader)] == [b"published"] * 5
                for delivery in await after.claim(reader):
                    await after.settle(delivery)

    @proves("durable")
    async def test_what_waits_to_be_tried_again_outlives_the_process(self, kit: Kit) -> None:
        """18, 58: a retry that waits for its time is there after a SIGKILL, with its count and its time."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                await bench.settle(delivery, again(kit, 100))
            async with kit.after_crash(INBOX, reader) as after:
                for consumer in (INBOX, reader):
                    assert [*await after.claim(consumer), *await after.due(consumer)] == []
                kit.clock.advance(100)
                for consumer in (INBOX, reader):
                    assert [d.attempt for d in await after.due(consumer)] == [2]

    @proves("durable")
    async def test_where_nothing_can_be_written_nothing_is_accepted(self: Adapter, kit: Kit) -> None:
        """53: a full disk refuses sends and settlements with a StoreError; with room again all goes on, nothing is lost."""
        async with kit.bench() as bench:
            kept = bench.command(b"before")
            accepted = {kept.metadata.id}
            refused = 0
            await bench.accept(kept)
            with self.broken(kit.place):
                for _ in range(SENDS):
                    envelope = bench.command(b"x" * 100_000)
                    try:
                        await bench.accept(envelope)
                        accepted.add(envelope.metadata.id)
                    except StoreError:
                        refused += 1
            assert refused, "a place that is said to be broken took everything"
            late = bench.command(b"after")
            await bench.accept(late)
            async with kit.after_crash() as after:
                assert {d.metadata.id for d in await after.claim()} == {*accepted, late.metadata.id}

    @proves()
    async def test_after_a_long_silence_the_first_send_goes_through(self, kit: Kit) -> None:
        """57: ten idle minutes cost nothing but the lease, which is announced."""
        done: list[str] = []
        async with harness(App(doing(done)), store=kit.open(kit.place)) as h:
            await h.client.send(Do(name="early"))
            await h.idle()
            for _ in range(20):
                await h.later(30)
            await h.client.send(Do(name="late"))
            await h.idle()
            assert done == ["early", "late"]


class Scheduling:
    """Properties 58, 59, 61 and 62, and J12 to J13."""

    @proves("delayed", "durable")
    async def test_delays_hold_across_a_restart(self, kit: Kit) -> None:
        """58, J13: a hundred delays, a restart between: none early, each once."""
        began = kit.clock.now()
        fired: list[tuple[float, float]] = []
        async with kit.bench() as bench:
            for n in range(100):
                await bench.accept(bench.command(str(n / 20).encode(), due=began + 0.01 + n / 20))
        for part in range(4):
            async with kit.bench() as bench:
                assert await bench.claim() == []
                for _ in range(13):
                    for delivery in await bench.due():
                        fired.append((began + float(delivery.body), kit.clock.now()))
                        await bench.settle(delivery)
                    kit.clock.advance(0.1)
            del part
        assert all(now > due for due, now in fired)
        assert len(fired) == len({due for due, _ in fired}) == 100

    @proves()
    async def test_a_delay_of_years_holds_or_is_refused(self, kit: Kit) -> None:
        """59: what is due in ten years is kept until then; a store that cannot says so at the send."""
        async with kit.bench() as bench:
            due = kit.clock.now() + 10 * YEAR
            envelope = bench.command(due=due)
            if not bench.store.capabilities.delayed:
                with refuses(NotSupportedError):
                    await bench.accept(envelope)
                return
            await bench.accept(envelope)
        later = replace(kit, clock=HandClock(due - YEAR))
        async with later.bench() as bench:
            assert [*await bench.claim(), *await bench.due()] == []
            assert bench.store.next_due(INBOX) == due

    @proves()
    async def test_an_id_is_used_once(self, kit: Kit) -> None:
        """61, A15: the same id with another body is refused, for commands and events, alone or sent by a handler."""
        async with kit.bench() as bench:
            for make in (bench.command, bench.event):
                id_ = f"twice-{make.__name__}"
                assert await bench.accept(make(b"1", id=id_), make(b"1", id=id_)) == [True, False]
                with refuses(DuplicateIdError):
                    await bench.accept(make(b"2", id=id_))
                await bench.accept(bench.command(key="k"))
                delivery = (await bench.claim())[-1]
                with refuses(DuplicateIdError):
                    await bench.settle(delivery, None, bench.command(b"child"), make(b"2", id=id_))
            assert all(d.body != b"child" for d in await bench.claim())

    @proves()
    async def test_what_a_failed_handler_said_is_not_heard(self, kit: Kit) -> None:
        """62, A2: what a handler published before it failed is not visible; what it published when it succeeded is."""
        done: list[str] = []
        heard: list[str] = []
        app = App(doing(done, Failing(bad=1000)), hearing(heard))
        async with harness(app, store=kit.open(kit.place)) as h:
            await h.client.send(Do(name="bad", key="1"))
            await h.client.send(Do(name="good", key="2"))
            await h.idle()
            for _ in range(4):
                await h.later(timedelta(seconds=1))
            assert (done, heard) == (["good"], ["good"])

    @proves("delayed")
    async def test_a_due_time_in_the_past_is_now(self, kit: Kit) -> None:
        """J12: a sender whose clock is an hour behind or ahead loses nothing: late is now, ahead is waited for."""
        async with kit.bench() as bench:
            await bench.accept(bench.command(b"past", due=kit.clock.now() - 3600))
            await bench.accept(bench.command(b"ahead", due=kit.clock.now() + 3600))
            assert [d.body for d in [*await bench.claim(), *await bench.due()]] == [b"past"]
            kit.clock.advance(3600)
            assert [d.body for d in await bench.due()] == [b"ahead"]

    @proves()
    async def test_given_back_unstarted_is_as_if_never_handed_out(self, kit: Kit) -> None:
        """63: a message released at a stop comes to the next instance with its attempt unchanged, in its place."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            for n in range(3):
                await bench.accept(bench.command(b"%d" % n, key="k"), bench.event(b"%d" % n, key="k"))
            for consumer in (INBOX, reader):
                first, *rest = await bench.claim(consumer)
                await bench.settle(first)
                for delivery in reversed(rest):
                    await bench.settle(delivery, Released())
        async with kit.bench(INBOX, reader) as bench:
            for consumer in (INBOX, reader):
                assert [(d.body, d.attempt, d.alone) for d in await bench.claim(consumer)] == [
                    (b"1", 1, False),
                    (b"2", 1, False),
                ]
