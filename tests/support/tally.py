"""A small fleet for the simulation: many messages of few keys, each counted by its handler and by two subscribers."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tense import (
    App,
    Command,
    Concluded,
    Contract,
    Event,
    Metadata,
    OutcomeUnknown,
    Publish,
    Retry,
    Send,
    Service,
    Transaction,
)
from tense.errors import NoAnswer, StoreError
from tense.ports.chance import Chance
from tense.runtime.client import Client

counter = Contract("counter")
teller = Contract("teller")

QUICK = Retry(attempts=6, first=timedelta(seconds=0.2), longest=timedelta(seconds=2))
TABLE = "CREATE TABLE IF NOT EXISTS tally (who TEXT, key TEXT, number INTEGER)"
WRITE = "INSERT INTO tally VALUES (:who, :key, :number)"


class CountOne(Command[int], owner=counter, key="key"):
    key: str
    number: int


class OneCounted(Event, owner=counter, key="key"):
    key: str
    number: int


class TellOne(Command, owner=teller, key="key"):
    key: str
    number: int


counting = Service(counter)
telling = Service(teller)
left = Service(Contract("left"))
right = Service(Contract("right"))


@counting.handles(CountOne, retry=QUICK)
async def count_one(command: CountOne, db: Transaction, publish: Publish[OneCounted], send: Send[TellOne]) -> int:
    await asyncio.sleep(0.02)
    await db.execute(TABLE)
    await db.execute(WRITE, who="counter", key=command.key, number=command.number)
    publish(OneCounted(key=command.key, number=command.number))
    send(TellOne(key=command.key, number=command.number))
    return command.number


@counting.hears(TellOne, retry=QUICK)
async def told(done: Concluded[TellOne, Any], db: Transaction) -> None:
    await db.execute(TABLE)
    await db.execute(WRITE, who="heard", key=done.command.key, number=done.command.number)


@telling.handles(TellOne, retry=QUICK)
async def tell_one(command: TellOne, db: Transaction) -> None:
    await db.execute(TABLE)
    await db.execute(WRITE, who="teller", key=command.key, number=command.number)


@left.subscribes(OneCounted, retry=QUICK)
async def count_left(event: OneCounted, db: Transaction) -> None:
    await asyncio.sleep(0.01)
    await db.execute(TABLE)
    await db.execute(WRITE, who="left", key=event.key, number=event.number)


@right.subscribes(OneCounted, retry=QUICK)
async def count_right(event: OneCounted, db: Transaction, metadata: Metadata) -> None:
    await asyncio.sleep(0.01 * (len(metadata.id) % 2))
    await db.execute(TABLE)
    await db.execute(WRITE, who="right", key=event.key, number=event.number)


app = App(counting, telling, left, right, lease=2.0, lanes=2)

KEYS = ("a", "b", "c")
NUMBERS = 5


async def workload(client: Client, chance: Chance) -> None:
    """For each key its numbers in order: each is sent when the one before was accepted."""
    await asyncio.gather(*(_count(client, key, chance) for key in KEYS))


async def _count(client: Client, key: str, chance: Chance) -> None:
    tickets = []
    for number in range(NUMBERS):
        await asyncio.sleep(2 * chance.random())
        tickets.append(await _accepted(client, key, number))
    for ticket in tickets:
        try:
            await ticket.outcome(timeout=20)
        except (OutcomeUnknown, NoAnswer):
            continue


async def _accepted(client: Client, key: str, number: int) -> Any:
    while True:
        try:
            return await client.send(CountOne(key=key, number=number), id=f"{key}-{number}")
        except StoreError:
            await asyncio.sleep(0.2)


def check(rows: Callable[..., list[Any]]) -> Iterator[str]:
    """Everybody counts what was counted, once, and in order."""
    counted = rows("SELECT key, number FROM tally WHERE who = 'counter' ORDER BY key, number")
    for who in ("teller", "heard", "left", "right"):
        # A redriven command is heard of once more: it ended once more.
        once = "DISTINCT" if who == "heard" else "ALL"
        found = rows(f"SELECT {once} key, number FROM tally WHERE who = ? ORDER BY key, number", who)
        if found != counted:
            yield f"{who} has {found}, and counted was {counted}"
    if len(set(counted)) != len(counted):
        yield f"counted twice: {counted}"
    ended = rows(
        "SELECT count(*) FROM tense_command WHERE service = 'counter' AND type = 'counter.CountOne' AND state = 3"
    )
    if ended and ended[0][0] != len(counted):
        yield f"{ended[0][0]} commands ended, and {len(counted)} were counted"
