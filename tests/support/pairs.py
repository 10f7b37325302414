"""Pairs of stores for the tests: where state is kept, and where messages travel."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pytest

from tense import App, Client, Publish, Retry, Service, Transaction
from tense.ports.store import Store
from tense.runtime.load import open_store
from tense.runtime.relay import Pair
from tense.runtime.relay_parcel import RELAY
from tense.runtime.system import SystemClock
from tense.testing.breakers.failpoints import Failpoints
from words import Log, OrderPlaced, OutOfStock, PlaceOrder, Receipt, orders

SERVER = pytest.mark.server("postgres")

PAIRS = [
    pytest.param(("sqlite", "memory"), id="sqlite-memory"),
    pytest.param(("sqlite", "sqlite"), id="sqlite-sqlite"),
    pytest.param(("sqlite", "postgres"), id="sqlite-postgres", marks=SERVER),
    pytest.param(("postgres", "sqlite"), id="postgres-sqlite", marks=SERVER),
]

SHARED = PAIRS[1:]
"""Pairs that several processes can open."""


def addresses(request: pytest.FixtureRequest, place: Path) -> tuple[str, str]:
    """The addresses of the two stores of a pair."""

    def address(kind: str, name: str) -> str:
        if kind == "postgres":
            found: str = request.getfixturevalue("postgres")
            return found
        return "memory:" if kind == "memory" else f"sqlite:///{place / name}.db"

    state, broker = request.param
    return address(state, "state"), address(broker, "broker")


async def until(
    holds: "Callable[[], bool | Awaitable[bool]]", what: Callable[[], Any] = str, limit: float = 20.0
) -> None:
    """Wait until a condition holds; it is looked at again and again."""
    end = SystemClock.elapsed() + limit
    while True:
        answer = holds()
        if await answer if isawaitable(answer) else answer:
            return
        assert SystemClock.elapsed() < end, f"not within {limit} s: {what()}"
        await asyncio.sleep(0.01)


SOON = Retry(attempts=5, first=timedelta(milliseconds=20), longest=timedelta(milliseconds=40))
TABLE = "CREATE TABLE IF NOT EXISTS placed (order_id TEXT, number INTEGER)"
INSERT = "INSERT INTO placed VALUES (:order_id, :number)"


def selling(log: Log) -> Service:
    """Orders with a row each, of which others hear; `log.failing` names those that fail after they wrote and said it."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=SOON)
    async def place(command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced]) -> Receipt | OutOfStock:
        await db.execute(TABLE)
        await db.execute(INSERT, order_id=command.order_id, number=command.number)
        publish(OrderPlaced(order_id=command.order_id, number=command.number))
        log.note(f"{command.order_id}.{command.number}")
        if command.order_id == "none":
            raise OutOfStock(sku="tea")
        return Receipt(order_id=command.order_id, total=command.number)

    return service


class Two:
    """A pair whose transport a test may break, and questions to it."""

    def __init__(self, state: str, broker: str) -> None:
        self.points = Failpoints()
        self.state = state
        self.address = broker
        self.broker: Store = open_store(broker)

    @property
    def store(self) -> Store:
        return self.points.store(self.broker)

    def running(self, *services: Service) -> Any:
        return App(*services).running(store=self.state, broker=self.store)


def pair_of(client: Client) -> Pair:
    found = client._store
    assert isinstance(found, Pair)
    return found


async def placed(client: Client) -> list[tuple[str, int]]:
    rows = await pair_of(client).snapshot().fetch_all("SELECT order_id, number FROM placed ORDER BY 1, 2")
    return [(row[0], row[1]) for row in rows]


async def lag(client: Client) -> int:
    return next(each.waiting for each in await pair_of(client).lags() if each.consumer == RELAY)
