from dataclasses import dataclass

from words import Receipt

from tense import AsCommand, AsEvent


@dataclass(frozen=True)
class PayInvoice(AsCommand[Receipt]):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    invoice_id: str


@dataclass(frozen=True)
class InvoicePaid(AsEvent):  # expect: mypy=call-arg pyright=reportCallIssue,reportGeneralTypeIssues
    invoice_id: str
