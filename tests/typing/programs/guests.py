"""Messages that keep their own base: Pydantic models, dataclasses with slots, attrs classes."""

from dataclasses import dataclass

import attrs
from pydantic import BaseModel, Field

from tense import App, AsCommand, AsEvent, Client, Command, Contract, Publish, Rejection, Service

billing = Contract("billing")


class Address(BaseModel):
    street: str
    city: str = "Bern"


class Paid(BaseModel):
    reference: str


class AlreadyPaid(Rejection):
    by: Address


class PayInvoice(BaseModel, AsCommand[Paid, AlreadyPaid], owner=billing, key="invoice_id"):
    invoice_id: str
    cents: int = Field(gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundInvoice(AsCommand[None], owner=billing, key="invoice_id"):
    invoice_id: str


@dataclass(frozen=True, slots=True)
class InvoicePaid(AsEvent, owner=billing, key="invoice_id"):
    invoice_id: str


@attrs.frozen
class InvoiceRefunded(AsEvent, owner=billing, key="invoice_id"):
    invoice_id: str


class InvoiceClosed(BaseModel, AsEvent, owner=billing, key="invoice_id", extra="forbid", frozen=True):
    invoice_id: str


class MoveInvoice(Command[Address], owner=billing):
    to: Address


service = Service(billing)


@service.handles(PayInvoice)
async def pay(command: PayInvoice, publish: Publish[InvoicePaid]) -> Paid | AlreadyPaid:
    if command.cents > 100:
        return AlreadyPaid(by=Address(street="Main"))
    publish(InvoicePaid(command.invoice_id))
    return Paid(reference=command.invoice_id)


@service.handles(RefundInvoice)
def refund(command: RefundInvoice, publish: Publish[InvoiceRefunded]) -> None:
    publish(InvoiceRefunded(command.invoice_id))


@service.handles(MoveInvoice)
async def move(command: MoveInvoice) -> Address:
    return command.to


async def use(client: Client) -> str:
    paid = await client.execute(PayInvoice(invoice_id="1", cents=5))
    await client.execute(RefundInvoice(invoice_id="1"))
    moved = await client.execute(MoveInvoice(to=Address(street="High")))
    return f"{paid.reference} {moved.city}"


app = App(service)
