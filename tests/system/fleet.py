"""A small fleet for the tests that kill processes: `python fleet.py send|say|work STORE NAME LEDGER`."""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from tense import (
    App,
    Client,
    Command,
    Contract,
    Event,
    Execute,
    Metadata,
    Publish,
    Rejection,
    Retry,
    Service,
    Transaction,
)

orders = Contract("orders")
payment = Contract("payment")


class Declined(Rejection): ...


class ChargeCard(Command[str, Declined], owner=payment, key="order_id"):
    order_id: str


class PlaceOrder(Command[str, Declined], owner=orders, key="customer"):
    order_id: str
    customer: str
    number: int


class OrderPlaced(Event, owner=orders, key="customer"):
    order_id: str
    customer: str
    number: int


ordering = Service(orders)
paying = Service(payment)
counting = Service(Contract("counting"))
PAUSE = float(os.environ.get("TENSE_FLEET_PAUSE", "0.02"))
MANY = Retry(attempts=1000)


@paying.handles(ChargeCard, retry=MANY)
async def charge(command: ChargeCard, db: Transaction, about: Metadata) -> str | Declined:
    await db.execute("INSERT INTO charges VALUES (:order_id, :id)", order_id=command.order_id, id=about.id)
    return Declined() if command.order_id.endswith("7") else f"paid {command.order_id}"


@ordering.handles(PlaceOrder, retry=MANY)
async def place(
    command: PlaceOrder, db: Transaction, charge: Execute[ChargeCard], publish: Publish[OrderPlaced]
) -> str:
    reference = await charge(ChargeCard(order_id=command.order_id))
    await db.execute(
        "INSERT INTO effects (order_id, customer, number) VALUES (:order_id, :customer, :number)",
        order_id=command.order_id,
        customer=command.customer,
        number=command.number,
    )
    publish(OrderPlaced(order_id=command.order_id, customer=command.customer, number=command.number))
    return reference


@counting.subscribes(OrderPlaced, retry=MANY, from_start=True)
async def counted(event: OrderPlaced, db: Transaction) -> None:
    await db.execute(
        "INSERT INTO seen (order_id, customer, number) VALUES (:order_id, :customer, :number)",
        order_id=event.order_id,
        customer=event.customer,
        number=event.number,
    )


app = App(ordering, paying, counting, lease=4.0)


def app_in_sessions(store: str, driver: str) -> App:
    """The same services; each message is handled in a session of SQLAlchemy."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
    from sessions import engine_on
    from sqlalchemy import AsyncAdaptedQueuePool
    from sqlalchemy.ext.asyncio import async_sessionmaker

    from tense.sqlalchemy.unit import SqlAlchemyUnit

    unit = SqlAlchemyUnit(async_sessionmaker(engine_on(store, driver, poolclass=AsyncAdaptedQueuePool)))
    return App(ordering, paying, counting, lease=4.0, unit_of_work=unit)


TABLES = """
CREATE TABLE IF NOT EXISTS asked (order_id TEXT);
CREATE TABLE IF NOT EXISTS charges (order_id TEXT, id TEXT);
CREATE TABLE IF NOT EXISTS effects (place {number}, order_id TEXT, customer TEXT, number INTEGER);
CREATE TABLE IF NOT EXISTS seen (place {number}, order_id TEXT, customer TEXT, number INTEGER);
"""


async def send(store: str, name: str, ledger: str) -> None:
    """Send orders without end; what is accepted is written down, one line each, before anything else happens."""
    out = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    async with app.client(store=store) as client:
        await asyncio.gather(*(_customer(client, f"{name}-{os.getpid()}-{i}", out) for i in range(4)))


async def _customer(client: Client, customer: str, out: int) -> None:
    for number in count():
        order_id = f"{customer}-{number}"
        await client.send(PlaceOrder(order_id=order_id, customer=customer, number=number), id=order_id)
        os.write(out, f"{order_id}\n".encode())
        await asyncio.sleep(PAUSE)


async def say(store: str, name: str, ledger: str) -> None:
    """Order as a project does in transactions of its own: a row, and the command that goes with it."""
    import asyncpg

    out = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    customer, joining = f"{name}-{os.getpid()}", App(ordering, paying, counting, store=store)
    connection = await asyncpg.connect(store.partition("?")[0], statement_cache_size=0)
    for number in count():
        order_id = f"{customer}-{number}"
        async with connection.transaction(), joining.outbox(connection) as box:
            await connection.execute("INSERT INTO asked VALUES ($1)", order_id)
            box.send(PlaceOrder(order_id=order_id, customer=customer, number=number), id=order_id)
        os.write(out, f"{order_id}\n".encode())
        await asyncio.sleep(PAUSE / 4)


async def work(store: str) -> None:
    """Run every service until killed."""
    driver = os.environ.get("TENSE_FLEET_SESSIONS")
    async with (app_in_sessions(store, driver) if driver else app).running(store=store):
        await asyncio.Event().wait()


if __name__ == "__main__":
    verb, store, name, ledger = sys.argv[1:]
    asyncio.run(work(store) if verb == "work" else {"send": send, "say": say}[verb](store, name, ledger))
