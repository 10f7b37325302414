"""Orders: the one service that places them.

It knows the contracts of payment and stock, and nothing about who listens to `OrderPlaced`.
"""

from examples.shop.orders.contract import (
    EmptyOrder,
    OrderPlaced,
    OutOfStock,
    PaymentDeclined,
    PlaceOrder,
    Receipt,
    orders,
)
from examples.shop.payment.contract import CardDeclined, ChargeCard, RefundCharge
from examples.shop.stock.contract import Piece, ReserveStock, SoldOut
from tense import Execute, Publish, Send, Service, Transaction

service = Service(orders)

TABLE = """CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents INTEGER NOT NULL,
    payment TEXT NOT NULL, state TEXT NOT NULL)
"""
WRITE = "INSERT INTO orders VALUES (:order_id, :customer, :cents, :payment, :state)"


@service.handles(PlaceOrder)
async def place_order(
    command: PlaceOrder,
    charge: Execute[ChargeCard],
    reserve: Execute[ReserveStock],
    refund: Send[RefundCharge],
    publish: Publish[OrderPlaced],
    db: Transaction,
) -> Receipt | OutOfStock:
    """Charge, reserve, then write. The other services are asked first: who uses the database waits for nobody."""
    if not command.lines:
        raise EmptyOrder
    total = sum(line.count * line.cents for line in command.lines)
    payment = await charge.outcome(
        ChargeCard(order_id=command.order_id, customer=command.customer, card=command.card, cents=total)
    )
    if isinstance(payment, CardDeclined):
        raise PaymentDeclined(reason=payment.reason)
    pieces = tuple(Piece(sku=line.sku, count=line.count) for line in command.lines)
    reserved = await reserve.outcome(ReserveStock(order_id=command.order_id, pieces=pieces))
    written = {"order_id": command.order_id, "customer": command.customer, "cents": total, "payment": payment}

    await db.execute(TABLE)
    if isinstance(reserved, SoldOut):
        await db.execute(WRITE, {**written, "state": "refused"})
        refund(RefundCharge(order_id=command.order_id, payment=payment))
        # Returned, not raised: the row and the refund leave together with the refusal.
        return OutOfStock(sku=reserved.sku)
    await db.execute(WRITE, {**written, "state": "placed"})
    publish(OrderPlaced(order_id=command.order_id, customer=command.customer, total_cents=total, lines=command.lines))
    return Receipt(order_id=command.order_id, total_cents=total, payment=payment)
