from dataclasses import dataclass

from words import Receipt, payment

from tense import AsCommand, Service


@dataclass(frozen=True, kw_only=True)
class PayInvoice(AsCommand[Receipt], owner=payment):
    invoice_id: str


service = Service(payment)


@service.handles(PayInvoice)  # expect: mypy=call-overload pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def pay(command: PayInvoice) -> str:
    return command.invoice_id
