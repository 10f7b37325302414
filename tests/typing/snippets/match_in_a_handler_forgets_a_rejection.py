from typing import assert_never

from words import ChargeCard, PlaceOrder, Receipt, orders

from tense import Execute, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, charge: Execute[ChargeCard]) -> Receipt:
    outcome = await charge.outcome(ChargeCard(cents=1))
    match outcome:
        case str():
            return Receipt(total_cents=0)
        case _:
            assert_never(outcome)  # expect: mypy=arg-type pyright=reportArgumentType
