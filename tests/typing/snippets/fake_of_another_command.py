from words import ChargeCard, OrderPlaced, PlaceOrder, Receipt, ShipOrder

from tense import Execute, Publish
from tense.testing import Recorder, answers


async def place_order(command: PlaceOrder, charge: Execute[ChargeCard], publish: Publish[OrderPlaced]) -> Receipt:
    publish(OrderPlaced(order_id=await charge(ChargeCard(cents=1))))
    return Receipt(total_cents=0)


async def test_with_wrong_fakes() -> None:
    command = PlaceOrder(order_id="1")
    await place_order(command, answers(ShipOrder)(None), Recorder[OrderPlaced]())  # expect: mypy=arg-type pyright=reportArgumentType
    await place_order(command, answers(ChargeCard)("reference"), Recorder[ShipOrder]())  # expect: mypy=arg-type pyright=reportArgumentType
