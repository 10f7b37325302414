"""Rules about walls: transactions, stores and addresses that let one service reach into another."""

import re
from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Place
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts


def _dual_write(index: Index, _: Thresholds) -> Iterator[Sight]:
    for saying in index.topology.sayings:
        if saying.transactional is False:
            yield Sight(
                subject=saying.message,
                service=saying.service,
                place=saying.place,
                text=f"{saying.service} writes state and says {saying.message} outside that transaction: a "
                "crash between the two loses one.",
                mend="Let the message leave with the transaction, through an outbox.",
            )


def _handler_calls(index: Index, _: Thresholds) -> Iterator[Sight]:
    for handling in index.topology.handlings:
        for called in handling.calls:
            yield Sight(
                subject=handling.message,
                service=handling.service,
                place=handling.place,
                text=f"The handler {handling.service}.{handling.name} calls the handler {called} directly.",
                mend="Send the command, or move what both need into a function of the domain.",
            )


def _shared_store(index: Index, _: Thresholds) -> Iterator[Sight]:
    users: dict[str, dict[str, Place | None]] = {}
    for service in index.topology.services:
        for store in service.stores:
            users.setdefault(store, {})[service.name] = service.place
    for handling in index.topology.handlings:
        for store in handling.stores:
            users.setdefault(store, {}).setdefault(handling.service, handling.place)
    for store, found in users.items():
        busy = [name for name in found if of(index.received_by, name)]
        if len(busy) > 1:
            yield Sight(
                subject=store,
                service=busy[1],
                place=found[busy[1]],
                text=f"{' and '.join(busy)} handle messages on one store, {store}.",
                mend="Give the data one owner; the others ask, command, or keep a copy from its events.",
            )


_HOST = re.compile(r"://|\d+\.\d+\.\d+\.\d+|:\d{2,5}\b")


def _address(index: Index, _: Thresholds) -> Iterator[Sight]:
    for saying in index.topology.sayings:
        if saying.address:
            yield Sight(
                subject=saying.message,
                service=saying.service,
                place=saying.place,
                text=f'{saying.service} says {saying.message} to the literal address "{saying.address}".',
                mend="Name the message and let configuration say where it goes.",
                severity=None if _HOST.search(saying.address) else "note",
            )


_ORDER = "command PlaceOrder of orders {order_id}\norders/place handles PlaceOrder"

RULES = (
    Rule(
        id="G35",
        name="dual-write",
        severity="error",
        reason="State and message that do not commit together will one day disagree.",
        criterion="A handler writes state and publishes or sends outside the transaction.",
        source="The literature on the outbox.",
        needs=facts("inside"),
        by_kind=False,
        check=_dual_write,
        bad=_ORDER + "; stores orders_db\norders/place publishes OrderPlaced; apart",
        good=_ORDER + "; stores orders_db\norders/place publishes OrderPlaced",
    ),
    Rule(
        id="G36",
        name="handler-calls-handler",
        severity="warning",
        reason="A handler called past its message escapes retry, outcome and unit of work.",
        criterion="A handler calls another handler directly.",
        source="Import contracts.",
        needs=facts("inside"),
        check=_handler_calls,
        bad=_ORDER + "; calls billing.bill",
        good=_ORDER + "\norders/place sends BillOrder\nbilling/bill handles BillOrder",
    ),
    Rule(
        id="G37",
        name="shared-database",
        severity="warning",
        reason="Two services on one store are coupled by every column.",
        criterion="Two services with handlers use one declared store.",
        source="Taibi et al.: shared persistence.",
        needs=facts("stores"),
        check=_shared_store,
        bad=_ORDER + "; stores main_db\nbilling/bill handles BillOrder; stores main_db",
        good=_ORDER + "; stores orders_db\nbilling/bill handles BillOrder; stores billing_db",
    ),
    Rule(
        id="G38",
        name="hard-coded-address",
        severity="warning",
        reason="An address in the code ties the sender to a place instead of a name.",
        criterion="A queue, topic or URL stands as a literal in a send or publish; a note where it names no host.",
        source="Taibi et al.; MSANose: hard-coded endpoints.",
        needs=facts("sayings"),
        check=_address,
        bad="command PlaceOrder of orders {order_id}\nshop/buy sends PlaceOrder; to amqp://10.0.0.7/orders\n"
        "orders/place handles PlaceOrder",
        good="command PlaceOrder of orders {order_id}\nshop/buy sends PlaceOrder\norders/place handles PlaceOrder",
    ),
)
