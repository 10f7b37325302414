"""Every verb of the client, in async code and without a loop."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import assert_never

from shop_contract import CancelOrder, EmptyOrder, OrderPlaced, OutOfStock, PlaceOrder, Receipt
from shop_service import app

from tense import (
    BlockingClient,
    BlockingTicket,
    Busy,
    CommandFailed,
    DuplicateIdError,
    NoAnswer,
    OutcomeUnknown,
    Ticket,
)


async def main() -> None:
    async with app.running("orders") as client:
        receipt: Receipt = await client.execute(PlaceOrder(order_id="1"), timeout=5)
        refused: EmptyOrder | None = await client.outcome(CancelOrder(order_id="1"))
        ticket: Ticket[Receipt, EmptyOrder | OutOfStock] = await client.send(PlaceOrder(order_id="2"), id="order-2")
        later = await client.send(CancelOrder(order_id="2"), at=datetime(2030, 1, 1, tzinfo=UTC))
        await client.send(CancelOrder(order_id="2"), after=timedelta(seconds=3))
        again: Ticket[Receipt, EmptyOrder | OutOfStock] = client.ticket(PlaceOrder, ticket.id)
        await client.publish(OrderPlaced(order_id="1", total_cents=receipt.total_cents))
        print(refused, await later.cancel(), described(await again.outcome()))


def described(outcome: Receipt | EmptyOrder | OutOfStock) -> str:
    match outcome:
        case Receipt(reference=reference):
            return reference
        case EmptyOrder():
            return "empty"
        case OutOfStock(sku=sku):
            return f"no {sku}"
        case _:
            assert_never(outcome)


def view(client: BlockingClient) -> str:
    try:
        return client.execute(PlaceOrder(order_id="1")).reference
    except OutOfStock as refusal:
        return refusal.sku
    except OutcomeUnknown as unknown:
        found: BlockingTicket[Receipt, EmptyOrder | OutOfStock] = client.ticket(PlaceOrder, unknown.id)
        standing = found.standing()
        return "gone" if standing is None else standing.state
    except CommandFailed as failed:
        return failed.reason
    except (NoAnswer, DuplicateIdError):
        return "no answer"
    except Busy as busy:
        return f"in {busy.retry_after} s"


def script() -> None:
    with app.blocking_client() as client:
        print(view(client))


if __name__ == "__main__":
    asyncio.run(main())
