"""A lane of the memory store that is given up takes back what was in hands: the next owner has it, in its place."""

from collections.abc import AsyncIterator

import pytest

from tense.messages.settlement import Again
from tense.ports.records import Consumer
from tense.runtime.load import open_store
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import INBOX, Bench, subscription

READER = subscription("reader")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = await Bench(open_store("memory:"), HandClock(), "north").open(INBOX, READER)
    yield bench
    await bench.close()


@pytest.mark.parametrize("consumer", [INBOX, READER], ids=["commands", "events"])
async def test_what_was_not_settled_is_handed_out_again_before_what_came_later(
    bench: Bench, consumer: Consumer
) -> None:
    make = bench.command if consumer is INBOX else bench.event
    await bench.accept(*(make(b"%d" % number, key="k") for number in range(4)))
    first, *_ = await bench.claim(consumer)
    await bench.settle(first)
    await bench.accept(make(b"4", key="k"))

    await bench.give(consumer)
    await bench.take(consumer)

    assert [delivery.body for delivery in await bench.claim(consumer)] == [b"1", b"2", b"3", b"4"]


async def test_a_retry_in_hands_is_due_again(bench: Bench) -> None:
    await bench.accept(bench.command(b"0", key="k"))
    (delivery,) = await bench.claim()
    await bench.settle(delivery, Again(due=bench.clock.now() + 1, error="broken"))
    bench.clock.advance(2)
    assert len(await bench.due()) == 1

    await bench.give()
    await bench.take()

    assert [again.body for again in await bench.due()] == [b"0"]


async def test_what_ended_is_not_taken_back(bench: Bench) -> None:
    await bench.accept(bench.command(), bench.event())
    for delivery in [*await bench.claim(), *await bench.claim(READER)]:
        await bench.settle(delivery)

    for consumer in (INBOX, READER):
        await bench.give(consumer)
        await bench.take(consumer)

    assert await bench.claim() == await bench.claim(READER) == []
