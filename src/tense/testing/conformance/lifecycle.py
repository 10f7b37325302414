"""Lifecycle: beginnings and ends that may be repeated, context that travels, and figures that add up."""

import asyncio
from typing import Any

from msgspec.structs import replace

from tense.errors import ClosedError, LeaseLostError, NotSupportedError
from tense.messages.settlement import Held
from tense.ports.records import Consumer
from tense.runtime.app import App
from tense.testing.conformance.adapter import Adapter
from tense.testing.conformance.bench import INBOX, NULL, Bench, Kit, refuses, soon, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.settlement import BURIED, DONE_ONE, again, metadata_of
from tense.testing.conformance.words import Do, Failing, doing, hearing
from tense.testing.harness import harness


class Living:
    """Properties 63 to 66."""

    @proves()
    async def test_a_store_may_be_closed_twice_and_opened_again(self, kit: Kit) -> None:
        """64: a second close does nothing; what waits is handled by the next run."""
        done: list[str] = []
        for run in range(3):
            store = kit.open(kit.place)
            async with harness(App(doing(done)), store=store, seed=run) as h:
                await h.client.send(Do(name=f"{run}"))
                await h.idle()
                await h.engine.stop()
                await h.engine.stop()
            await store.close()
        assert done == ["0", "1", "2"]

    @proves()
    async def test_a_closed_store_says_so(self, kit: Kit) -> None:
        """64: after its close it takes nothing more, and says why."""
        async with kit.bench() as bench:
            envelope = bench.command()
        with refuses(ClosedError):
            await soon(bench.store.accept(envelope))

    @proves()
    async def test_context_goes_along_everywhere(self, kit: Kit) -> None:
        """65: correlation, causation, tenant, trace and deadline come back in the retry and among the dead."""
        context: dict[str, Any] = {
            "correlationid": "c",
            "causationid": "p",
            "tenant": "t",
            "traceparent": "00-1-2-01",
            "tracestate": "x=y",
            "deadline": kit.clock.now() + 60,
            "replyto": "somebody",
            "dataversion": 3,
            "dataschema": "s",
        }
        async with kit.bench() as bench:
            await bench.accept(bench.command(**context))
            (first,) = await bench.claim()
            await bench.settle(first, again(kit))
            (second,) = await bench.due()
            await bench.settle(second, BURIED)
            (letter,) = await bench.store.dead()

            for metadata in (first.metadata, second.metadata, metadata_of(letter.headers)):
                assert {name: getattr(metadata, name) for name in context} == context

    @proves()
    async def test_nothing_of_one_delivery_is_left_in_the_next(self, kit: Kit) -> None:
        """65: two tenants in turn never see each other's context."""
        async with kit.bench() as bench:
            tenants = [("red", "blue")[n % 2] for n in range(400)]
            await bench.accept(*(bench.command(t.encode(), tenant=t, headers={"t": t}) for t in tenants))
            for delivery in await bench.claim():
                tenant = delivery.body.decode()
                assert (delivery.metadata.tenant, delivery.metadata.headers) == (tenant, {"t": tenant})
                await bench.settle(delivery)

    @proves("delayed")
    async def test_the_figures_add_up(self, kit: Kit) -> None:
        """66: accepted = handled + dead + waiting, as the store itself counts them."""
        done: list[str] = []
        app = App(doing(done, Failing(**{f"{n}": 1000 for n in range(0, 60, 6)})))
        async with harness(app, store=kit.open(kit.place)) as h:
            for n in range(60):
                await h.client.send(Do(name=f"{n}", key=f"{n}"))
            await h.idle()
            (lag,) = [lag for lag in await h.engine.store.lags() if lag.consumer == "kit"]
            assert len(done) + lag.waiting + lag.retrying + lag.held + lag.dead == 60
            assert (len(done), lag.retrying) == (50, 10)
            for _ in range(4):
                await h.later(1)
            (lag,) = [lag for lag in await h.engine.store.lags() if lag.consumer == "kit"]
            assert (len(done), lag.dead, lag.waiting, lag.retrying) == (50, 10, 0, 0)


class Watching:
    """Inbox and outbox faults of the catalogue that no numbered property covers."""

    @proves()
    async def test_two_consumers_of_one_event_are_marked_apart(self, kit: Kit) -> None:
        """A16: that one has handled an event says nothing about the other."""
        one, two = subscription("one"), subscription("two")
        async with kit.bench(one, two) as bench:
            await bench.accept(bench.event())
            (delivery,) = await bench.claim(one)
            await bench.settle(delivery)
        async with kit.bench(one, two) as bench:
            assert await bench.claim(one) == []
            assert len(await bench.claim(two)) == 1

    @proves()
    async def test_what_is_told_twice_sends_nothing_twice(self, kit: Kit) -> None:
        """A11, A13: a settlement that comes twice sends its messages once."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            for n in range(2):
                try:
                    await bench.settle(delivery, DONE_ONE, bench.event(b"%d" % n))
                except LeaseLostError:
                    assert n == 1
            assert [d.body for d in await bench.claim(reader)] == [b"0"]

    @proves()
    async def test_a_failed_attempt_leaves_no_mark(self, kit: Kit) -> None:
        """A17: what failed once and then succeeds takes effect."""
        done: list[str] = []
        heard: list[str] = []
        app = App(doing(done, Failing(x=1)), hearing(heard, Failing(x=1)))
        async with harness(app, store=kit.open(kit.place)) as h:
            await h.client.send(Do(name="x"))
            for _ in range(4):
                await h.later(1)
            assert (done, heard) == (["x"], ["x"])

    @proves()
    async def test_what_is_held_back_goes_on_when_the_dead_one_is_dropped(self, kit: Kit) -> None:
        """39, A9: a bad message and its key are set aside, the rest goes on; dropping it frees its key, in order."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            for n in range(3):
                await bench.accept(bench.command(b"%d" % n, key="k"), bench.event(b"%d" % n, key="k"))
            for consumer in (INBOX, reader):
                await _set_aside(bench, consumer)
                (letter,) = await bench.store.dead(consumer.name)
                assert letter.holds_back == 2
                assert await bench.due(consumer) == []
                assert await bench.store.drop([letter.number]) == 1
                for body in (b"1", b"2"):
                    (next_,) = await bench.due(consumer)
                    assert (next_.body, next_.attempt) == (body, 1)
                    await bench.settle(next_)

    @proves()
    async def test_who_watches_is_told_the_end(self, kit: Kit) -> None:
        """9: whoever watches a command, before or after its end, is told its one outcome."""
        async with kit.bench() as bench:
            envelope = bench.command()
            await bench.accept(envelope)
            early = bench.store.watch(envelope.metadata.id)
            (delivery,) = await bench.claim()
            await bench.settle(delivery, DONE_ONE)
            late = bench.store.watch(envelope.metadata.id)
            told = [
                await asyncio.wait_for(each, 5) if isinstance(each, asyncio.Future) else each for each in (early, late)
            ]
            assert told == [DONE_ONE.outcome, DONE_ONE.outcome]

    @proves()
    async def test_the_backlog_tells_its_age(self, kit: Kit) -> None:
        """A10: how much waits, and since when, can be asked of the store."""
        async with kit.bench() as bench:
            began = kit.clock.now()
            await bench.accept(*(bench.command() for _ in range(5)))
            kit.clock.advance(100)
            await bench.accept(bench.command())
            (lag,) = [lag for lag in await bench.store.lags() if lag.consumer == INBOX.name]
            assert (lag.waiting, lag.oldest) == (6, began)


class Claims:
    """What is claimed is claimed by the store too; what is not claimed is refused, never ignored."""

    @proves()
    async def test_the_store_claims_what_its_class_claims(self: Adapter, kit: Kit) -> None:
        """64: the capabilities under test are the store's own."""
        assert kit.open(kit.place).capabilities == self.capabilities

    @proves()
    async def test_a_database_is_given_or_refused(self, kit: Kit) -> None:
        """62: with `sql` a handler's rows commit with its messages or not at all; without, asking raises."""
        async with kit.bench() as bench:
            await bench.accept(bench.command(b"1"), bench.command(b"2"))
            first, second = await bench.claim()
            unit = bench.store.unit(first, bench.lease(first))
            if not bench.store.capabilities.sql:
                with refuses(NotSupportedError):
                    unit.transaction()
                return
            await unit.transaction().execute("CREATE TABLE kit_rows (n INTEGER)")
            await unit.transaction().execute("INSERT INTO kit_rows VALUES (1)")
            await soon(unit.finish(NULL, []))
            undone = bench.store.unit(second, bench.lease(second))
            await undone.transaction().execute("INSERT INTO kit_rows VALUES (2)")
            await undone.undo()
            await bench.store.settled()
            assert [tuple(row) for row in await bench.store.snapshot().fetch_all("SELECT n FROM kit_rows")] == [(1,)]

    @proves()
    async def test_a_log_is_read_from_its_start_or_refused(self, kit: Kit) -> None:
        """8: without `replayable`, a subscription from the start is refused when it is made."""
        async with kit.bench() as bench:
            reader = subscription("reader", from_start=True)
            if bench.store.capabilities.replayable:
                await bench.store.provision([reader])
                return
            with refuses(NotSupportedError):
                await bench.store.provision([reader])


async def _set_aside(bench: Bench, consumer: Consumer) -> None:
    first, *rest = await bench.claim(consumer)
    await bench.settle(first, replace(BURIED, strand="k"))
    for delivery in rest:
        await bench.settle(delivery, Held("k"))
