"""Basics: what goes in comes out, unchanged, to whom it belongs and to nobody else."""

import asyncio
import warnings
from dataclasses import replace

from tense.errors import DuplicateIdError, MessageTooLargeError, TenseWarning
from tense.ports.records import Consumer
from tense.runtime.app import App
from tense.testing.conformance.bench import INBOX, LANES, Kit, refuses, soon, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.words import Do, doing
from tense.testing.harness import harness

NAUGHTY = (
    "",
    " ",
    "\x00",
    "'; DROP TABLE x; --",
    "日本語",
    "\U0001f600",
    "a\r\nb",
    "\\",
    "%s",
    "null",
    "x" * 4000,
    "\u202e",
)
NAMES = ("a", "A", "a_b", "ab", "a.b", "a-b", "a%", "a?", "a*", "\u00e9", "e\u0301")


class Basics:
    """Properties 1 to 14."""

    @proves()
    async def test_messages_of_every_size_come_back_equal(self, kit: Kit) -> None:
        """1: body, headers, id and content type are the same, from no byte to the largest body."""
        async with kit.bench() as bench:
            largest = min(bench.store.capabilities.max_body, 1_048_576)
            sent = [
                bench.command(b"x" * size, key=f"k{n}", headers={"n": str(n)}, datacontenttype="text/plain")
                for n, size in enumerate([*[0, 1, 65_536] * 20, largest])
            ]
            await bench.accept(*sent)

            found = {delivery.metadata.id: delivery for delivery in await bench.claim()}
            for envelope in sent:
                delivery = found.pop(envelope.metadata.id)
                assert delivery.body == envelope.body
                assert delivery.metadata == envelope.metadata
            assert found == {}

    @proves()
    async def test_a_body_is_bytes_and_nothing_else(self, kit: Kit) -> None:
        """2: every byte value, invalid UTF-8 and NUL come back as they were."""
        bodies = [bytes(range(256)), b"\xff\xfe\xfd", b"\x00", b"\x00" * 1000, b"\xed\xa0\x80", b'{"a":1}\n']
        async with kit.bench() as bench:
            sent = [bench.command(body) for body in bodies]
            await bench.accept(*sent)

            found = {delivery.metadata.id: delivery.body for delivery in await bench.claim()}
            assert found == {envelope.metadata.id: envelope.body for envelope in sent}

    @proves()
    async def test_headers_come_back_as_they_were(self, kit: Kit) -> None:
        """3: odd strings, empty ones, many of them: equal, as names and as values."""
        headers = {f"{text}{n}": text for n, text in enumerate(NAUGHTY)} | {f"h{n}": str(n) for n in range(50)}
        async with kit.bench() as bench:
            sent = bench.command(headers=headers)
            await bench.accept(sent)

            (delivery,) = await bench.claim()
            assert delivery.metadata.headers == headers

    @proves()
    async def test_the_case_of_a_headers_name_is_kept(self, kit: Kit) -> None:
        """4: names that differ in case alone are two headers, and keep their spelling."""
        async with kit.bench() as bench:
            await bench.accept(bench.command(headers={"Name": "1", "name": "2", "NAME": "3"}))

            (delivery,) = await bench.claim()
            assert delivery.metadata.headers == {"Name": "1", "name": "2", "NAME": "3"}

    @proves()
    async def test_names_that_look_alike_share_nothing(self, kit: Kit) -> None:
        """5: each name has its own messages, whatever it is made of."""
        inboxes = [_inbox(name) for name in NAMES]
        async with kit.bench(*inboxes) as bench:
            await bench.accept(*(bench.command(name.encode(), service=name) for name in NAMES))

            for inbox in inboxes:
                assert [delivery.body for delivery in await bench.claim(inbox)] == [inbox.name.encode()]

    @proves()
    async def test_each_sees_only_its_own(self, kit: Kit) -> None:
        """6: twenty inboxes and logs with twenty messages each do not mix."""
        inboxes = [_inbox(f"service{n}") for n in range(20)]
        readers = [subscription("reader", inbox.name) for inbox in inboxes]
        async with kit.bench(*inboxes, *readers) as bench:
            envelopes = [make(f"{n}".encode(), service=inbox.name) for n in range(20) for inbox in inboxes
                         for make in (bench.command, bench.event)]  # fmt: skip
            await asyncio.gather(*(bench.accept(envelope) for envelope in envelopes))

            for consumer in (*inboxes, *readers):
                found = await bench.claim(consumer)
                assert len(found) == 20
                assert {delivery.metadata.source for delivery in found} == {consumer.channel.partition(".")[0]}

    @proves()
    async def test_every_subscription_gets_every_event(self, kit: Kit) -> None:
        """7: two subscriptions each get all 200, once."""
        one, two = subscription("one"), subscription("two")
        async with kit.bench(one, two) as bench:
            sent = [bench.event(key=f"k{n % 9}") for n in range(200)]
            await bench.accept(*sent)

            for consumer in (one, two):
                found = [delivery.metadata.id for delivery in await bench.claim(consumer)]
                assert sorted(found) == [envelope.metadata.id for envelope in sent]

    @proves("replayable")
    async def test_a_late_subscription_begins_where_it_says(self, kit: Kit) -> None:
        """8: from the start it sees all that is kept; else only what comes later."""
        early, late = subscription("early", from_start=True), subscription("late")
        async with kit.bench() as bench:
            await bench.accept(bench.event(b"before"))
            await bench.store.provision([early, late])
            await bench.take(early)
            await bench.take(late)
            await bench.accept(bench.event(b"after"))

            assert sorted(delivery.body for delivery in await bench.claim(early)) == [b"after", b"before"]
            assert [delivery.body for delivery in await bench.claim(late)] == [b"after"]

    @proves("durable")
    async def test_an_answer_means_that_it_is_kept(self, kit: Kit) -> None:
        """9, 48: what a send was answered for is there after a SIGKILL at that very moment."""
        async with kit.bench() as bench:
            for n in range(10):
                await bench.accept(bench.command(str(n).encode()))
                left = replace(kit, place=kit.crashed())
            left.later(100)
            async with left.bench() as after:
                assert sorted(d.body for d in await after.claim()) == [str(n).encode() for n in range(10)]

    @proves()
    async def test_a_command_to_nobody_waits_for_somebody(self, kit: Kit) -> None:
        """10: what is sent to a service that never ran is kept and listed, and handed out when it first runs."""
        async with kit.bench() as bench:
            envelope = bench.command(service="tomorrow")
            await bench.accept(envelope)
            standing = await soon(bench.store.standing(envelope.metadata.id))
            assert standing is not None
            assert standing.outcome is None
            assert await bench.store.waiting("tomorrow", 10) == 1

    @proves()
    async def test_a_body_over_the_limit_is_refused_before_it_is_sent(self, kit: Kit) -> None:
        """11: a body that is too large raises, and the next one goes through."""
        done: list[str] = []
        async with harness(App(doing(done), max_body=1000), store=kit.open(kit.place)) as h:
            with refuses(MessageTooLargeError):
                await h.client.send(Do(name="x" * 1001))
            await h.client.send(Do(name="small"))
            await h.idle()
            assert done == ["small"]

    @proves()
    async def test_one_bad_of_ten_fails_alone(self, kit: Kit) -> None:
        """12: ten sends at once, one of them refused: nine are accepted and only the one knows of it."""
        async with kit.bench() as bench:
            taken = bench.command(b"first", id="taken")
            await bench.accept(taken)
            batch = [bench.command(str(n).encode()) for n in range(9)] + [bench.command(b"other", id="taken")]
            answers = await asyncio.gather(*(bench.accept(envelope) for envelope in batch), return_exceptions=True)

            assert answers[:9] == [[True]] * 9
            assert isinstance(answers[9], DuplicateIdError)
            assert len(await bench.claim()) == 10

    @proves()
    async def test_a_sender_leaves_no_consumer(self, kit: Kit) -> None:
        """13: who only sends takes no lane and announces no service."""
        app = App(doing([]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TenseWarning)
            async with app.client(store=kit.open(kit.place)) as client:
                await client.send(Do(name="x"))
        async with kit.bench() as bench:
            owned = {lag.consumer: lag.owned for lag in await bench.store.lags() if lag.consumer != INBOX.name}
            assert set(owned.values()) <= {0}

    @proves()
    async def test_to_provision_again_changes_nothing(self, kit: Kit) -> None:
        """14: provisioning is safe to repeat; what waits stays."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            await bench.accept(bench.command(), bench.event())
            await bench.store.provision([INBOX, reader])
            await bench.store.provision([INBOX, reader])

            assert len(await bench.claim()) == 1
            assert len(await bench.claim(reader)) == 1


def _inbox(name: str) -> Consumer:
    return Consumer(name=name, service=name, channel=name, kind="inbox", lanes=LANES)
