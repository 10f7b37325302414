"""Domain code that takes its ports as values and knows nothing of handlers."""

from collections.abc import Awaitable, Callable

from shop_contract import CardDeclined, ChargeCard, OrderCancelled, OrderPlaced, ShipOrder

from tense import Execute, Publish, Send


class Checkout:
    def __init__(self, publish: Publish[OrderPlaced], send: Send[ShipOrder], charge: Execute[ChargeCard]) -> None:
        self._publish = publish
        self._send = send
        self._charge = charge

    async def pay(self, order_id: str, cents: int) -> str | None:
        outcome = await self._charge.outcome(ChargeCard(order_id=order_id, cents=cents))
        if isinstance(outcome, CardDeclined):
            return None
        self._publish(OrderPlaced(order_id=order_id, total_cents=cents))
        self._send(ShipOrder(order_id=order_id))
        return outcome


def narrowed(wide: Publish[OrderPlaced | OrderCancelled]) -> Publish[OrderPlaced]:
    return wide


def build(
    wide: Publish[OrderPlaced | OrderCancelled], send: Send[ShipOrder | ChargeCard], charge: Execute[ChargeCard]
) -> Callable[[str, int], Awaitable[str | None]]:
    return Checkout(narrowed(wide), send, charge).pay
