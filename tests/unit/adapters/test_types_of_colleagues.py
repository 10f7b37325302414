"""In a rolling deploy one instance takes event types that another does not know, and both move the same cursors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tense.messages.settlement import Again, Buried, Done
from tense.ports.instances import Unbroken
from tense.ports.records import Consumer
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import Bench, subscription

OLD = subscription("reader", from_start=True)
NEW = msgspec.structs.replace(OLD, types=("kit.Happened", "kit.Cancelled"))

Opening = Callable[[Consumer], Any]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(autouse=True)
def the_servers_time_is_short(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """There its own clock counts, which no test moves."""
    if "postgres" in request.node.name:
        monkeypatch.setattr("tense.adapters.stores.postgres.subscribed.TAKEN_FOR", 0.5)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))])
async def begin(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[Opening]:
    """Opens an instance that takes every lane of a subscription that is free."""
    from tense.runtime.load import open_store

    address = f"sqlite:///{tmp_path / 'kit.db'}"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres")
    async with AsyncExitStack() as stack:

        async def open_one(consumer: Consumer) -> Bench:
            bench = Bench(open_store(address), clock, f"bench{len(names)}")
            names.append(bench)
            await bench.open(consumer)
            stack.push_async_callback(bench.close)
            return bench

        names: list[Bench] = []
        yield open_one


async def say(bench: Bench, *types: str) -> None:
    for type_ in types:
        event = bench.event(key="k")
        await bench.accept(msgspec.structs.replace(event, metadata=msgspec.structs.replace(event.metadata, type=type_)))


def types_of(deliveries: Sequence[Any]) -> list[str]:
    return [delivery.metadata.type for delivery in deliveries]


async def test_what_only_a_colleague_takes_is_not_passed_over_by_whoever_does_not_know_it(begin: Opening) -> None:
    old = await begin(OLD)
    new = await begin(NEW)
    await say(new, "kit.Cancelled", "kit.Happened")

    cancelled, happened = await old.claim(OLD)
    await old.settle(cancelled, Again(due=0.0, strand="k", error="not known here", counts=False))
    await old.give(OLD)
    await new.take(NEW)

    assert types_of([cancelled, happened]) == ["kit.Cancelled", "kit.Happened"]
    assert types_of(await new.due(NEW)) == ["kit.Cancelled"]


async def test_to_be_put_back_by_who_does_not_know_it_is_no_attempt(begin: Opening) -> None:
    old, new = await begin(OLD), await begin(NEW)
    await say(new, "kit.Cancelled")
    (waiting,) = await old.claim(OLD)
    for _ in range(3):
        await old.settle(waiting, Again(due=0.0, strand="k", error="not known here", counts=False))
        (waiting,) = await old.due(OLD)

    assert (waiting.attempt, waiting.released) == (1, 3)


async def test_an_older_instance_that_starts_again_takes_nothing_from_its_colleagues(begin: Opening) -> None:
    new = await begin(NEW)
    await begin(OLD)
    await say(new, "kit.Cancelled")

    assert types_of(await new.claim(NEW)) == ["kit.Cancelled"]


async def test_what_no_instance_has_taken_for_long_is_passed_over(begin: Opening, clock: HandClock) -> None:
    new, old = await begin(NEW), await begin(OLD)
    await say(new, "kit.Cancelled")
    (waiting,) = await new.claim(NEW)
    await new.settle(waiting, Again(due=0.0, strand="k", error="not known here", counts=False))
    await new.close()
    await aged(old, clock)
    await old.take(OLD)
    await say(old, "kit.Cancelled", "kit.Happened")

    (over,) = await old.due(OLD)

    assert over.ended == Done(), "it waited for somebody who is gone, and its key behind it"
    assert types_of(await old.claim(OLD)) == ["kit.Happened"]


async def test_what_had_failed_is_not_passed_over(begin: Opening, clock: HandClock) -> None:
    new, old = await begin(NEW), await begin(OLD)
    await say(new, "kit.Cancelled")
    (waiting,) = await new.claim(NEW)
    await new.settle(waiting, Again(due=0.0, strand="k", error="the mail server is down"))
    await new.close()
    await aged(old, clock)
    await old.take(OLD)

    (again,) = await old.due(OLD)

    assert (again.ended, again.attempt) == (None, 2)


async def test_what_a_person_put_back_is_run_whoever_takes_it(begin: Opening, clock: HandClock) -> None:
    new, old = await begin(NEW), await begin(OLD)
    await say(new, "kit.Cancelled")
    (waiting,) = await new.claim(NEW)
    await new.settle(waiting, Buried(reason="no-handler", error="not known here", traceback="", strand="k"))
    await new.close()
    await aged(old, clock)
    (letter,) = await old.store.dead()
    await old.store.redrive([letter.number], clock.now())
    await old.take(OLD)

    (again,) = await old.due(OLD)

    assert again.ended is None


async def aged(bench: Bench, clock: HandClock) -> None:
    """Let time pass until an instance, which keeps house each minute, has forgotten what nobody takes any more."""
    core = bench.store.core
    async with asyncio.timeout(20):
        while await taken(core) != ["kit.Happened"]:
            clock.advance(60.0)
            await bench.live()
            await asyncio.sleep(0.01)


async def taken(core: Any) -> list[str]:
    if hasattr(core, "sql"):
        rows = await core.run(lambda connection: connection.fetch(core.sql("SELECT type FROM tense.subscribed")))
    else:
        rows = core.read().execute("SELECT type FROM tense_subscribed").fetchall()
    return [row[0] for row in rows]


def test_who_was_cut_off_for_long_counts_anew() -> None:
    kept = Unbroken(150.0)

    assert [kept.beat(now) for now in (1000.0, 1060.0, 1120.0)] == [0.0, 60.0, 120.0]
    assert [kept.beat(now) for now in (5000.0, 5060.0)] == [0.0, 60.0]
