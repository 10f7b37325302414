"""Email: tells customers what happened to their orders.

Nobody waits for it. When it is down its place in the log waits; when a mail server says no, it tries again for hours.
"""

from datetime import timedelta

from examples.shop.email.contract import email
from examples.shop.email.mail import Mail
from examples.shop.orders.contract import OrderPlaced
from examples.shop.payment.contract import ChargeRefunded
from tense import Metadata, Retry, Service, Transaction

service = Service(email)

PATIENT = Retry(attempts=12, first=timedelta(seconds=1), longest=timedelta(hours=1))
TABLE = "CREATE TABLE IF NOT EXISTS mails (id TEXT PRIMARY KEY, order_id TEXT NOT NULL, subject TEXT NOT NULL)"
WRITE = "INSERT INTO mails VALUES (:id, :order_id, :subject)"


@service.subscribes(OrderPlaced, retry=PATIENT)
async def confirm(event: OrderPlaced, mail: Mail, metadata: Metadata, db: Transaction) -> None:
    """Thank for an order. The mail server drops a second mail with the same id."""
    subject = f"Thank you for order {event.order_id}"
    await mail.send(event.customer, subject, message_id=metadata.id)
    await db.execute(TABLE)
    await db.execute(WRITE, id=metadata.id, order_id=event.order_id, subject=subject)


@service.subscribes(ChargeRefunded, retry=PATIENT)
async def apologise(event: ChargeRefunded, mail: Mail, metadata: Metadata, db: Transaction) -> None:
    """Say that the money comes back."""
    subject = f"Sorry: {event.cents / 100:.2f} for order {event.order_id} come back to you"
    await mail.send(event.customer, subject, message_id=metadata.id)
    await db.execute(TABLE)
    await db.execute(WRITE, id=metadata.id, order_id=event.order_id, subject=subject)
