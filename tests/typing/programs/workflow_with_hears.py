"""A workflow: a service that sends commands, hears how they ended, and remembers where it stands."""

from datetime import timedelta
from typing import assert_never

from shop_contract import CancelOrder, CardDeclined, ChargeCard, OrderCancelled, OrderPlaced, ShipOrder

from tense import (
    App,
    Command,
    CommandCancelled,
    CommandExpired,
    CommandFailed,
    Concluded,
    Contract,
    Event,
    Metadata,
    Publish,
    Send,
    Service,
    Transaction,
    Unsuccessful,
)

fulfilment = Contract("fulfilment")


class RemindCustomer(Command, owner=fulfilment, key="order_id"):
    order_id: str


class FulfilmentStarted(Event, owner=fulfilment, key="order_id"):
    order_id: str


service = Service(fulfilment)


@service.subscribes(OrderPlaced)
async def start(event: OrderPlaced, db: Transaction, send: Send[ChargeCard | RemindCustomer], publish: Publish[FulfilmentStarted]) -> None:
    await db.execute("INSERT INTO fulfilments VALUES (:id, 'charging')", id=event.order_id)
    send(ChargeCard(order_id=event.order_id, cents=event.total_cents), id=f"charge-{event.order_id}")
    send(RemindCustomer(order_id=event.order_id), after=timedelta(days=3))
    publish(FulfilmentStarted(order_id=event.order_id))


@service.hears(ChargeCard)
async def charged(
    done: Concluded[ChargeCard, str | CardDeclined | Unsuccessful], send: Send[ShipOrder | CancelOrder], metadata: Metadata
) -> None:
    order_id = done.command.order_id
    match done.outcome:
        case str(reference):
            print(reference, metadata.correlation)
            send(ShipOrder(order_id=order_id))
        case CardDeclined(reason=reason):
            print(reason)
            send(CancelOrder(order_id=order_id))
        case CommandFailed() | CommandExpired() | CommandCancelled() as ended:
            print(ended.reason)
            send(CancelOrder(order_id=order_id), id=f"cancel-{order_id}")
        case _:
            assert_never(done.outcome)


@service.hears(ShipOrder)
def shipped(done: Concluded[ShipOrder, None | Unsuccessful]) -> None:
    print(done.id, done.outcome is None)


@service.handles(RemindCustomer)
async def remind(command: RemindCustomer, db: Transaction) -> None:
    await db.execute_many("INSERT INTO reminders VALUES (:id)", [{"id": command.order_id}])


@service.subscribes(OrderCancelled)
async def stop(event: OrderCancelled) -> None: ...


app = App(service)
