"""Old and new instances of a service at work on the same store: neither loses what the other is for."""

from datetime import timedelta
from pathlib import Path

import pytest

from tense import App, Contract, Event, Retry, Service
from tense.testing.harness import harness
from words import Log, OrderPlaced, orders, publisher


class OrderCancelled(Event, owner=orders, key="order_id"):
    order_id: str


def email(log: Log, *, retry: Retry, newer: bool) -> Service:
    """What is deployed: the newer one hears of cancelled orders as well."""
    service = Service(Contract("email"))

    @service.subscribes(OrderPlaced)
    async def placed(event: OrderPlaced) -> None:
        log.note(f"{event.order_id} placed")

    if newer:

        @service.subscribes(OrderCancelled, retry=retry)
        async def cancelled(event: OrderCancelled) -> None:
            log.note(f"{event.order_id} cancelled")

    return service


@pytest.mark.parametrize("retry", [Retry(attempts=1), Retry()], ids=["one attempt", "the usual ones"])
async def test_an_event_that_older_instances_put_back_for_long_is_handled_by_a_newer_one(
    tmp_path: Path, retry: Retry
) -> None:
    store, old, new = f"sqlite:///{tmp_path}/shop.db", Log(), Log()
    async with harness(App(publisher(), email(new, retry=retry, newer=True)), store=store):
        """It was there for a moment: the canary."""
    async with harness(App(publisher(), email(old, retry=retry, newer=False)), store=store, seed=1) as h:
        await h.client.publish(OrderCancelled(order_id="a"))
        await h.client.publish(OrderPlaced(order_id="a"))
        await h.client.publish(OrderPlaced(order_id="b"))
        for _ in range(8):
            await h.later(timedelta(minutes=1))

    async with harness(App(publisher(), email(new, retry=retry, newer=True)), store=store, seed=2) as h:
        for _ in range(20):
            await h.later(timedelta(minutes=1))

        assert old == ["b placed"]
        assert new == ["a cancelled", "a placed"]
        assert await h.dead() == []


async def test_what_a_newer_instance_failed_at_is_no_older_ones_to_forget(tmp_path: Path) -> None:
    store, old, new = f"sqlite:///{tmp_path}/shop.db", Log(), Log()
    retry = Retry(first=timedelta(minutes=5))
    new.failing.add("a cancelled")
    async with harness(App(publisher(), email(new, retry=retry, newer=True)), store=store) as h:
        await h.client.publish(OrderCancelled(order_id="a"))
        await h.idle()

    async with harness(App(publisher(), email(old, retry=retry, newer=False)), store=store, seed=1) as h:
        for _ in range(90):
            await h.later(timedelta(minutes=1))

        (letter,) = await h.dead()
        assert (letter.type, letter.reason) == ("orders.OrderCancelled", "no-handler")
