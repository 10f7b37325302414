"""Payment: a ledger of charges and refunds.

A real one calls a bank before it writes, with the command's id as the bank's idempotency key: `metadata.id` is the same
in every attempt.
"""

from examples.shop.payment.contract import (
    CardCharged,
    CardDeclined,
    ChargeCard,
    ChargeRefunded,
    RefundCharge,
    payment,
)
from tense import Metadata, Publish, Service, Transaction

service = Service(payment)

TABLE = """CREATE TABLE IF NOT EXISTS payments (
    payment TEXT PRIMARY KEY, order_id TEXT NOT NULL, customer TEXT NOT NULL, cents INTEGER NOT NULL,
    refunded INTEGER NOT NULL DEFAULT 0)
"""


@service.handles(ChargeCard)
async def charge_card(command: ChargeCard, metadata: Metadata, db: Transaction, publish: Publish[CardCharged]) -> str:
    """Write the charge down; a card that ends in 0000 has no money."""
    if command.card.endswith("0000"):
        raise CardDeclined(reason="insufficient funds")
    await db.execute(TABLE)
    await db.execute(
        "INSERT INTO payments (payment, order_id, customer, cents) VALUES (:payment, :order_id, :customer, :cents)",
        payment=metadata.id,
        order_id=command.order_id,
        customer=command.customer,
        cents=command.cents,
    )
    publish(CardCharged(order_id=command.order_id, payment=metadata.id, cents=command.cents))
    return metadata.id


@service.handles(RefundCharge)
async def refund_charge(command: RefundCharge, db: Transaction, publish: Publish[ChargeRefunded]) -> None:
    """Give back once: a second refund of the same payment, under whatever id, finds nothing left to do."""
    await db.execute(TABLE)
    charged = await db.fetch_one(
        "UPDATE payments SET refunded = 1 WHERE payment = :payment AND refunded = 0 RETURNING customer, cents",
        payment=command.payment,
    )
    if charged is not None:
        customer, cents = charged
        publish(ChargeRefunded(order_id=command.order_id, customer=customer, payment=command.payment, cents=cents))
