"""The shop as it is simulated: three services, four subscribers, and customers in a hurry.

`python -m tense.testing.simulation --app examples.shop.simulated:app`
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from examples.shop.app import SERVICES
from examples.shop.email.mail import open_mail
from examples.shop.orders.contract import Line, PlaceOrder
from examples.shop.stock.contract import ReplenishStock
from tense import App, OutcomeUnknown
from tense.errors import NoAnswer, StoreError
from tense.ports.chance import Chance
from tense.runtime.client import Client

app = App(*SERVICES, provide=[open_mail], lease=2.0, lanes=4)

ORDERS = 8
TEA = 2 * ORDERS - 4
"""Enough for all orders but the last two."""


async def workload(client: Client, chance: Chance) -> None:
    """Fill the shelf, then all customers at once; each asks again, under the same id, until the order is accepted."""
    await asyncio.gather(
        *(_until_accepted(client, ReplenishStock(sku="tea", count=TEA // 4), f"tea-{n}") for n in range(4))
    )
    await asyncio.gather(*(_order(client, number, chance) for number in range(ORDERS)))


async def _order(client: Client, number: int, chance: Chance) -> None:
    await asyncio.sleep(4 * chance.random())
    card = "0000" if number == 0 else "4242"
    lines = (Line(sku="tea", count=2, cents=450),)
    order = PlaceOrder(order_id=f"order-{number}", customer=f"customer-{number % 3}", card=card, lines=lines)
    await _until_accepted(client, order, f"place-{number}")


async def _until_accepted(client: Client, command: Any, message_id: str) -> None:
    while True:
        try:
            ticket = await client.send(command, id=message_id)
            await ticket.outcome(timeout=20)
        except StoreError:
            await asyncio.sleep(0.5)
        except (OutcomeUnknown, NoAnswer):
            return
        else:
            return


def check(rows: Callable[..., list[Any]]) -> Iterator[str]:
    """What must be so of the shop's own rows, whatever happened."""
    placed = rows("SELECT count(*) FROM orders WHERE state = 'placed'")
    count = placed[0][0] if placed else 0
    for table, query in BOOKS:
        found = rows(query)
        if (found[0][0] if found else 0) != count:
            yield f"{count} orders were placed, and {table} counts {found}"
    stood = rows("SELECT count FROM shelf WHERE sku = 'tea'")
    reserved = rows("SELECT count(*) FROM tense_log WHERE type = 'stock.StockReserved'")
    filled = rows("SELECT count(*) FROM tense_log WHERE type = 'stock.StockReplenished'")
    if stood and stood[0][0] != filled[0][0] * (TEA // 4) - 2 * reserved[0][0]:
        yield f"{stood[0][0]} pieces of tea stand there, filled {filled[0][0]} times, reserved {reserved[0][0]} times"


BOOKS = (
    ("email", "SELECT count(*) FROM mails WHERE subject LIKE 'Thank%'"),
    ("warehouse", "SELECT count(*) FROM parcels"),
    ("analytics", "SELECT coalesce(sum(orders), 0) FROM sales WHERE sku = 'tea'"),
    ("loyalty", "SELECT coalesce(sum(orders), 0) FROM points"),
)
