"""What a handler may execute, and what its retry finds: promise 2 for children, the rules of Execute."""

import pytest

from stores import Run
from tense import App, CommandFailed, Execute, Metadata, Service, Transaction
from words import FEW, ChargeCard, Log, PlaceOrder, Receipt, orders, payment


def paying(log: Log) -> Service:
    """Charges."""
    service = Service(payment)

    @service.handles(ChargeCard)
    async def charge_card(command: ChargeCard) -> str:
        log.note("charged")
        return "reference"

    return service


async def test_a_child_of_a_retried_parent_runs_once(run: Run) -> None:
    log = Log()
    log.failing = {"after charge 1"}
    selling = Service(orders)

    @selling.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard], about: Metadata) -> Receipt:
        reference = await charge(ChargeCard(order_id=command.order_id))
        log.note(f"after charge {about.attempt}")
        return Receipt(order_id=reference)

    async with run(App(selling, paying(log))) as h:
        ticket = await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
        await h.later(1)

        assert (await ticket.result()).order_id == "reference"
        assert log == ["charged", "after charge 1", "after charge 2"]


async def test_a_retry_that_executes_something_else_is_told_that_it_is_not_deterministic(run: Run) -> None:
    log = Log()
    log.failing = {"first"}
    selling = Service(orders)

    @selling.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard], about: Metadata) -> Receipt:
        await charge(ChargeCard(order_id=f"attempt {about.attempt}"))
        log.note("first" if about.attempt == 1 else "later")
        return Receipt(order_id="x")

    async with run(App(selling, paying(log))) as h:
        ticket = await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
        for _ in range(3):
            await h.later(1)

        with pytest.raises(CommandFailed, match="another body"):
            await ticket.result()


async def test_execute_after_the_first_use_of_the_transaction_is_an_error_that_says_why(run: Run) -> None:
    selling = Service(orders)

    @selling.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder, db: Transaction, charge: Execute[ChargeCard]) -> Receipt:
        await db.execute("CREATE TABLE IF NOT EXISTS rows (text TEXT)")
        await charge(ChargeCard(order_id="x"))
        return Receipt(order_id="x")

    async with run(App(selling, paying(Log()))) as h:
        ticket = await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
        for _ in range(3):
            await h.later(1)

        with pytest.raises(CommandFailed, match="execute first, then write"):
            await ticket.result()
