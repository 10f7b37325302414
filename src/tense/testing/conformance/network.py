"""Network: what lies between a store and its server may break at any byte, fall silent, or be slow."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from itertools import product
from typing import Any

from tense.dispatch.service import Service
from tense.errors import LeaseLostError, StoreError
from tense.messages.metadata import Metadata
from tense.ports.transaction import Transaction
from tense.rules.retry import Retry
from tense.runtime.app import App
from tense.runtime.client import Client
from tense.testing.breakers.proxy import Proxy, proxy
from tense.testing.conformance.adapter import Adapter
from tense.testing.conformance.bench import INBOX, LEASE, Kit, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.words import Do, Happened, Hurry, audience, doing
from tense.testing.conformance.words import kit as words

SHORT = 1.5
"""Seconds of a lease here: time is real where bytes are."""

LIMIT = 20.0
"""Seconds after which a call hangs, and after which something that should have happened has not."""

CUTS = (0, 1, 7, 60, 130, 300, 700, 1_500)
"""After how many bytes of a connection it is cut, in each direction: greeting, preparation, execution, answer."""

STEADY = Retry(attempts=100)


class Networking:
    """Properties 24, 26, 50 to 52."""

    @proves("remote", "shared")
    async def test_what_a_cut_connection_could_not_settle_comes_again_once(self: Adapter, kit: Kit) -> None:
        """24, B14: cut before the settlement, on its way, or on its answer's way: it holds or is refused, and all goes on."""
        reader = subscription("reader")
        async with (
            proxy(*self.server()) as wire,
            kit.bench(INBOX, reader, store=self.through(kit.place, wire.port)) as b,
        ):
            for consumer, lost in product((INBOX, reader), (None, wire.up, wire.down)):
                await b.accept(b.command() if consumer is INBOX else b.event())
                (delivery,) = await b.claim(consumer)
                if lost is None:
                    wire.cut()
                else:
                    lost.cut_after = 1
                try:
                    await b.settle(delivery)
                    found = []
                except (LeaseLostError, StoreError):
                    wire.up.cut_after = wire.down.cut_after = None
                    await b.live()
                    await b.take(consumer)
                    found = await b.claim(consumer)
                wire.up.cut_after = wire.down.cut_after = None
                for again in found:
                    assert again.metadata.id == delivery.metadata.id
                    await b.settle(again)
                assert await b.take(consumer)
        kit.later(LEASE + 1)
        async with kit.bench(INBOX, reader) as heir:
            assert [*await heir.claim(), *await heir.claim(reader), *await heir.due(), *await heir.due(reader)] == []

    @proves("remote", "shared")
    async def test_who_cannot_extend_its_lease_stops_before_another_begins(self: Adapter, kit: Kit) -> None:
        """26: a silent network ends the handler that runs before the lease ends; another worker goes on."""
        said: list[str] = []
        began = asyncio.Event()

        def service(name: str, *, lingers: bool) -> Service:
            made = Service(words)

            @made.handles(Do, retry=STEADY)
            async def do(command: Do) -> None:
                del command
                said.append(f"{name} begins")
                began.set()
                try:
                    await asyncio.sleep(LIMIT if lingers else 0)
                except asyncio.CancelledError:
                    said.append(f"{name} is told")
                    raise

            @made.handles(Hurry)
            async def hurry(command: Hurry) -> None:
                del command

            return made

        first, second = App(service("one", lingers=True), lease=SHORT), App(service("two", lingers=False), lease=SHORT)
        async with proxy(*self.server()) as wire, first.running(store=self.through(kit.place, wire.port)) as client:
            await client.send(Do(name="x"), id="x")
            await asyncio.wait_for(began.wait(), LIMIT)
            with silence(wire):
                async with second.running(store=self.store(kit.place)) as other:
                    await other.ticket(Do, "x").outcome(timeout=LIMIT)
        assert said == ["one begins", "one is told", "two begins"]

    @proves("remote")
    async def test_a_connection_cut_at_any_byte_loses_nothing(self: Adapter, kit: Kit) -> None:
        """50, B14: cut in the middle of whatever is being said: no call hangs, nothing is lost, nothing is done twice."""
        done: list[str] = []
        heard: dict[str, set[str]] = defaultdict(set)
        accepted: set[str] = set()
        async with linked(self, kit, App(doing(done, retry=STEADY), noting(heard), lease=SHORT)) as (wire, client):
            for direction in ("up", "down"):
                for number in CUTS:
                    name = f"{direction} {number}"
                    weather, before = getattr(wire, direction), wire.cuts
                    wire.cut()
                    weather.cut_after = number
                    sending = asyncio.ensure_future(client.send(Do(name=name, key=direction), id=name))
                    await until(partial(_met, wire, before, sending))
                    weather.cut_after = None
                    with suppress(StoreError):
                        await asyncio.wait_for(sending, LIMIT)
                        accepted.add(name)
                    await client.execute(Do(name=f"after {name}", key=direction), timeout=LIMIT)
            assert accepted, "nothing at all got through"
            await until(lambda: accepted <= set(done) and accepted <= heard.keys())
        assert [name for name, ids in heard.items() if len(ids) > 1] == []

    @proves("remote")
    async def test_a_silent_network_keeps_no_call_for_ever(self: Adapter, kit: Kit) -> None:
        """51, B24: bytes vanish, the connection stays: sends end by a deadline, can be cancelled, and work again later."""
        done: list[str] = []
        async with linked(self, kit, App(doing(done, retry=STEADY), lease=SHORT)) as (wire, client):
            await client.execute(Do(name="before"), timeout=LIMIT)
            with silence(wire):
                given_up = asyncio.ensure_future(client.send(Do(name="given up", key="g")))
                await asyncio.wait([given_up], timeout=0.1)
                given_up.cancel()
                await asyncio.wait_for(asyncio.wait([given_up]), 1.0)
                assert given_up.cancelled()
                with suppress(StoreError):
                    await asyncio.wait_for(client.send(Do(name="unknown", key="u"), id="u"), LIMIT)
            await client.execute(Do(name="after"), timeout=LIMIT)
            await client.send(Do(name="unknown", key="u"), id="u")
            await until(lambda: "unknown" in done)

    @proves("remote", "sql")
    async def test_a_silent_network_keeps_no_handler_in_its_transaction(self: Adapter, kit: Kit) -> None:
        """51, B25: a handler that waits for an answer that never comes is told, and runs again when there is a network."""
        told, began, hushed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        service = Service(words)

        @service.handles(Do, retry=STEADY)
        async def do(command: Do, db: Transaction) -> None:
            del command
            try:
                await db.fetch_value("SELECT 1")
                began.set()
                await hushed.wait()
                await db.fetch_value("SELECT 2")
            except BaseException:
                told.set()
                raise

        @service.handles(Hurry)
        async def hurry(command: Hurry) -> None:
            del command

        async with linked(self, kit, App(service, lease=SHORT)) as (wire, client):
            await client.send(Do(name="x"), id="x")
            await asyncio.wait_for(began.wait(), LIMIT)
            with silence(wire):
                hushed.set()
                await asyncio.wait_for(told.wait(), LIMIT)
            await client.ticket(Do, "x").outcome(timeout=LIMIT)

    @proves("remote")
    async def test_a_silent_network_does_not_keep_a_worker_from_ending(self: Adapter, kit: Kit) -> None:
        """51: close ends by a deadline although nobody answers; what was accepted is there afterwards."""
        app = App(doing([], retry=STEADY), lease=SHORT, drain=1.0)
        async with proxy(*self.server()) as wire:
            running = app.running(store=self.through(kit.place, wire.port))
            client = await running.__aenter__()
            await client.send(Do(name="kept"), id="kept")
            with silence(wire), suppress(StoreError):
                await asyncio.wait_for(running.__aexit__(None, None, None), LIMIT)
        async with App(doing([], retry=STEADY), lease=SHORT).running(store=self.store(kit.place)) as client:
            await client.ticket(Do, "kept").outcome(timeout=LIMIT)

    @proves("remote")
    async def test_a_slow_link_costs_time_and_no_lease(self: Adapter, kit: Kit) -> None:
        """52: at 10 kB a second everything is handled at its first attempt."""
        attempts: list[tuple[str, int]] = []
        service = Service(words)

        @service.handles(Do, retry=STEADY)
        async def do(command: Do, about: Metadata) -> None:
            attempts.append((command.name, about.attempt))

        @service.handles(Hurry)
        async def hurry(command: Hurry) -> None:
            del command

        async with linked(self, kit, App(service, lease=4 * SHORT)) as (wire, client):
            wire.up.rate = wire.down.rate = 10_000
            for number in range(8):
                await client.execute(Do(name=f"{number}"), timeout=LIMIT)
        assert attempts == [(f"{number}", 1) for number in range(8)]


@asynccontextmanager
async def linked(adapter: Adapter, kit: Kit, app: App) -> AsyncGenerator[tuple[Proxy, Client]]:
    """An app that reaches its server through a proxy."""
    async with proxy(*adapter.server()) as wire, app.running(store=adapter.through(kit.place, wire.port)) as client:
        yield wire, client


@contextmanager
def silence(wire: Proxy) -> Iterator[None]:
    """While within, bytes vanish in both directions; what was within is cut when it ends, for it can make no sense now."""
    wire.up.swallow = wire.down.swallow = True
    try:
        yield
    finally:
        wire.up.swallow = wire.down.swallow = False
        wire.cut()


def noting(heard: dict[str, set[str]]) -> Service:
    """A subscriber that notes under which ids it heard each name: more than one is something done twice."""
    service = Service(audience)

    @service.subscribes(Happened, retry=STEADY, from_start=True)
    async def hear(event: Happened, about: Metadata) -> None:
        heard[event.name].add(about.id)

    return service


def _met(wire: Proxy, before: int, sending: "asyncio.Future[Any]") -> bool:
    return wire.cuts > before or sending.done()


async def until(condition: Callable[[], bool]) -> None:
    """Return when it is so.

    Raises:
        TimeoutError: it did not come in time.
    """
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - what it looks at is a test's plain list
            await asyncio.sleep(0.01)
