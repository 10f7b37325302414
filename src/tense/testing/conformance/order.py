"""Order: per key as it was accepted, whatever fails, dies or moves; and each message with one worker at a time."""

import asyncio
import random
from collections import defaultdict

from tense.dispatch.service import Service
from tense.runtime.app import App
from tense.testing.conformance.bench import INBOX, LANES, LEASE, Kit, soon, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.settlement import again
from tense.testing.conformance.words import FEW, Do, Failing, Hurry, doing, hearing
from tense.testing.conformance.words import kit as words
from tense.testing.harness import Harness, harness
from tense.testing.ledger import Ledger

KEYS, EACH = 16, 40


async def send_all(h: Harness, ledger: Ledger) -> None:
    """Send a few messages of each key, noted as accepted."""
    for number in range(EACH):
        for key in range(KEYS):
            name = f"{key}-{number}"
            ledger.start(name, f"{key}")
            await h.client.send(Do(name=name, key=f"{key}"), id=name)
            ledger.answer(name, "ok")


def judged(ledger: Ledger, **seen: list[str]) -> None:
    """Feed what handlers noted to the judge."""
    for consumer, names in seen.items():
        for name in names:
            ledger.deliver(consumer, name)
            ledger.settle(consumer, name, "done")
    assert ledger.faults() == []


class Ordering:
    """Properties 35 to 45."""

    @proves("ordered_by_key")
    async def test_keys_stay_in_order(self, kit: Kit) -> None:
        """35: sixteen keys, each handled and heard in the order of acceptance."""
        done: list[str] = []
        heard: list[str] = []
        ledger = Ledger(("done", "heard"))
        async with harness(App(doing(done), hearing(heard)), store=kit.open(kit.place)) as h:
            await send_all(h, ledger)
            await h.idle()
        judged(ledger, done=done, heard=heard)

    @proves("ordered_by_key")
    async def test_what_is_said_together_keeps_its_order_whatever_its_ids(self, kit: Kit) -> None:
        """35: commands and events of one key that one handler says, or that are sent at once, under ids of any order."""
        reader, ids = subscription("reader"), ("m", "z", "k", "z2", "a")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            said = [
                make(f"{number}".encode(), key="k", id=f"{id_}-{make.__name__}")
                for number, id_ in enumerate(ids)
                for make in (bench.command, bench.event)
            ]
            await bench.settle(delivery, None, *said)
            at_once = [bench.command(f"{number}".encode(), key="k", id=id_) for number, id_ in enumerate(ids, len(ids))]
            for answer in [bench.store.accept(envelope) for envelope in at_once]:
                assert await soon(answer)

            numbers = [f"{number}".encode() for number in range(2 * len(ids))]
            assert [d.body for d in await bench.claim()] == numbers
            assert [d.body for d in await bench.claim(reader)] == numbers[: len(ids)]

    @proves("ordered_by_key", "delayed")
    async def test_keys_stay_in_order_although_one_in_ten_fails(self, kit: Kit) -> None:
        """36, A8: what failed is tried again before the next of its key."""
        chance = random.Random(36)  # noqa: S311 - repeatable on purpose
        names = [f"{key}-{number}" for key in range(KEYS) for number in range(EACH)]
        one, two = (Failing(**dict.fromkeys(chance.sample(names, len(names) // 10), 1)) for _ in range(2))
        done: list[str] = []
        heard: list[str] = []
        ledger = Ledger(("done", "heard"))
        async with harness(App(doing(done, one), hearing(heard, two)), store=kit.open(kit.place)) as h:
            await send_all(h, ledger)
            await h.idle()
            for _ in range(2 * EACH):
                if len(heard) == len(names):
                    break
                await h.later(1)
        judged(ledger, done=done, heard=heard)

    @proves("ordered_by_key", "durable")
    async def test_keys_stay_in_order_across_crashes(self, kit: Kit) -> None:
        """37: the survivor goes on where the dead one stopped; what comes twice comes first again."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            for number in range(30):
                key = f"{number % 3}"
                await bench.accept(bench.command(b"%d" % number, key=key), bench.event(b"%d" % number, key=key))
            for consumer in (INBOX, reader):
                for delivery in (await bench.claim(consumer))[:11]:
                    await bench.settle(delivery)
            left = {consumer.name: 19 for consumer in (INBOX, reader)}
            async with kit.after_crash(INBOX, reader) as after:
                for consumer in (INBOX, reader):
                    found = await after.claim(consumer)
                    assert len(found) == left[consumer.name]
                    assert_in_order([(d.metadata.partitionkey, int(d.body)) for d in found])

    @proves("ordered_by_key", "shared")
    async def test_keys_stay_in_order_while_lanes_change_hands(self, kit: Kit) -> None:
        """38, 44: two instances pass every lane to and fro; nothing is handled twice, nothing out of order."""
        handled: list[tuple[str | None, int]] = []
        async with kit.bench() as one, kit.bench() as two:
            await one.accept(*(one.command(b"%d" % n, key=f"{n % 8}") for n in range(80)))
            for turn in range(40):
                giver, taker = (one, two) if turn % 2 else (two, one)
                await giver.give()
                await taker.take()
                for delivery in (await taker.claim(limit=3))[:2]:
                    await taker.settle(delivery)
                    handled.append((delivery.metadata.partitionkey, int(delivery.body)))
        assert len(set(handled)) == len(handled)
        assert_in_order(handled)

    @proves("ordered_by_key", "delayed")
    async def test_a_blocked_key_blocks_itself_alone(self, kit: Kit) -> None:
        """39: while one key fails, every other key is handled without a wait; then it goes on in order."""
        done: list[str] = []
        async with harness(App(doing(done, Failing(**{"0-0": 1}))), store=kit.open(kit.place)) as h:
            ledger = Ledger(("done",))
            await send_all(h, ledger)
            await h.idle()
            assert len(done) == (KEYS - 1) * EACH
            assert not any(name.startswith("0-") for name in done)
            await h.later(2)
            await h.later(2)
        judged(ledger, done=done)

    @proves("durable")
    async def test_ends_out_of_order_lose_nothing(self, kit: Kit) -> None:
        """40: commands settled last first, then a SIGKILL: what was not settled comes again, the rest does not."""
        async with kit.bench() as bench:
            await bench.accept(*(bench.command(b"%d" % n) for n in range(20)))
            found = await bench.claim()
            for delivery in reversed(found[7:]):
                await bench.settle(delivery)
            async with kit.after_crash() as after:
                assert sorted(d.body for d in await after.claim()) == sorted(d.body for d in found[:7])

    @proves()
    async def test_no_more_run_at_once_than_allowed(self, kit: Kit) -> None:
        """41: four at once are reached and never exceeded."""
        running, most, full = 0, 0, asyncio.Event()
        service = Service(words, concurrency=4)

        @service.handles(Do, retry=FEW)
        async def do(command: Do) -> None:
            del command
            nonlocal running, most
            running += 1
            most = max(most, running)
            if running == 4:
                full.set()
            await asyncio.wait_for(full.wait(), 5)
            for _ in range(20):
                await asyncio.sleep(0)
            running -= 1

        @service.handles(Hurry)
        async def hurry(command: Hurry) -> None:
            del command

        async with harness(App(service), store=kit.open(kit.place)) as h:
            await asyncio.gather(*(h.client.send(Do(name=f"{n}", key=f"{n}")) for n in range(40)))
            await h.idle()
        assert most == 4

    @proves()
    async def test_no_more_is_handed_out_than_wanted(self, kit: Kit) -> None:
        """43: a claim is bounded; what it leaves is there for the next."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(*(make() for _ in range(50) for make in (bench.command, bench.event)))
            for consumer in (INBOX, reader):
                parts = [len(await bench.claim(consumer, limit=7)) for _ in range(12)]
                assert max(parts) <= 7
                assert sum(parts) == 50

    @proves()
    async def test_a_lane_given_back_and_taken_anew_at_once_is_held_once(self, kit: Kit) -> None:
        """44: who asks for lanes while one of its own is given back has one lease of each, and keeps it."""
        async with kit.bench() as bench:
            await bench.give()
            going, staying = await bench.take(share=2)
            _, taken = await asyncio.gather(bench.store.release([going]), bench.take())
            held = await bench.take()
            assert going.lost
            assert sorted(lease.lane for lease in held) == list(range(LANES))
            assert staying in held
            assert [lease for lease in taken if not lease.lost and lease not in held] == []
            await bench.accept(*(bench.command() for _ in range(20)))
            for delivery in await bench.claim():
                await bench.settle(delivery)

    @proves("shared")
    async def test_no_lane_has_two_owners(self, kit: Kit) -> None:
        """44, 45, J13: instances that ask together share lanes without overlap, and no message is with two."""
        async with kit.bench(subscription("nobody")) as one, kit.bench(subscription("nobody")) as two:
            for bench in (one, two):
                await bench.store.provision([INBOX])
            first, second = await one.take(INBOX, LANES // 2), await two.take(INBOX, LANES // 2)
            assert {lease.lane for lease in first}.isdisjoint(lease.lane for lease in second)
            assert len(first) == len(second) == LANES // 2
            await one.accept(*(one.command(key=f"{n}") for n in range(100)))
            seen = [d.metadata.id for bench in (one, two) for d in await bench.claim()]
            assert len(seen) == len(set(seen)) == 100

    @proves("shared", "delayed")
    async def test_a_timer_fires_at_one_of_two(self, kit: Kit) -> None:
        """45, J13: what is due is handed to the owner of its lane and to nobody else, also when the owner changes."""
        async with kit.bench() as one, kit.bench() as two:
            await one.accept(one.command())
            (delivery,) = await one.claim()
            await one.settle(delivery, again(kit, 1))
            kit.clock.advance(1)
            assert [len(await bench.due()) for bench in (two, one)] == [0, 1]
            kit.later(LEASE + 1)
            await two.live()
            await two.take()
            assert len(await two.due()) == 1


def assert_in_order(seen: list[tuple[str | None, int]]) -> None:
    """Numbers grow within each key."""
    by_key: dict[str | None, list[int]] = defaultdict(list)
    for key, number in seen:
        by_key[key].append(number)
    for key, numbers in by_key.items():
        assert numbers == sorted(numbers), f"key {key}: {numbers}"
