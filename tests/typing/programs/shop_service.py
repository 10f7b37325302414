"""The program of the README: a service with every port, and its app."""

from datetime import timedelta

from shop_contract import (
    CancelOrder,
    ChargeCard,
    EmptyOrder,
    OrderCancelled,
    OrderPlaced,
    OutOfStock,
    PlaceOrder,
    Receipt,
    ShipOrder,
    orders,
    payment,
    shipping,
)

from tense import App, Clock, Execute, Metadata, Publish, Retry, Send, Service, Snapshot, Transaction

service = Service(orders)
charging = Service(payment)
delivery = Service(shipping, concurrency=4)


@service.handles(PlaceOrder, retry=Retry(attempts=5, first=timedelta(seconds=1), never=(ValueError,)))
async def place_order(
    command: PlaceOrder,
    db: Transaction,
    charge: Execute[ChargeCard],
    publish: Publish[OrderPlaced | OrderCancelled],
    send: Send[ShipOrder],
    metadata: Metadata,
    clock: Clock,
) -> Receipt | OutOfStock:
    if not command.lines:
        raise EmptyOrder
    reference = await charge(ChargeCard(order_id=command.order_id, cents=100))
    async with db.begin():
        await db.execute("INSERT INTO orders VALUES (:id, :at)", id=command.order_id, at=clock.now())
    left = await db.fetch_value("SELECT quantity FROM stock WHERE sku = :sku", sku=command.lines[0].sku)
    if left == 0:
        return OutOfStock(sku=command.lines[0].sku)
    publish(OrderPlaced(order_id=command.order_id, total_cents=100))
    sent: str = send(ShipOrder(order_id=command.order_id), after=timedelta(hours=1), id=f"ship-{metadata.id}")
    return Receipt(reference=f"{reference.upper()} {sent}", total_cents=100)


@service.handles(CancelOrder, timeout=None)
def cancel_order(command: CancelOrder, publish: Publish[OrderCancelled]) -> None:
    publish(OrderCancelled(order_id=command.order_id))


@charging.handles(ChargeCard)
async def charge_card(command: ChargeCard) -> str:
    return f"{command.order_id}-{command.cents}"


@delivery.handles(ShipOrder)
async def ship_order(command: ShipOrder, db: Snapshot) -> None:
    await db.fetch_all("SELECT * FROM parcels WHERE order_id = :id", {"id": command.order_id})


@delivery.subscribes(OrderPlaced, from_start=True, on_failure="block")
def remember(event: OrderPlaced) -> None:
    print(event.order_id, event.total_cents)


app = App(service, charging, delivery, store="sqlite:///shop.db")
