"""Old versions in the store, read by newer code: the same log, the same inbox, another class."""

import logging

import pytest

from tense import App, Command, Contract, Event, Service, upcast
from tense.errors import RegistrationError
from tense.runtime.load import open_store
from tense.testing import harness

shop = Contract("shop")


def old_words():
    class ShipOrder(Command[str], owner=shop):
        order_id: str
        address: str

    class OrderShipped(Event, owner=shop):
        order_id: str

    return ShipOrder, OrderShipped


def new_words(version=3):
    class ShipOrder(Command[str], owner=shop, version=version):
        order_id: str
        street: str
        express: bool

    class OrderShipped(Event, owner=shop, version=2):
        order_id: str
        carrier: str

    @upcast(OrderShipped, version=1)
    def with_carrier(fields):
        return fields | {"carrier": "post"}

    return ShipOrder, OrderShipped


async def left_by_old_code(store):
    """A store that holds a command and an event of version 1 which nobody has handled."""
    command, event = old_words()
    service, later = Service(shop), Service(Contract("later"))

    async def read(event: event) -> None: ...

    later.subscribes(event, from_start=True)(read)
    async with harness(App(service, later), store=store) as h:
        await h.engine.worker.stop(0)
        ticket = await h.client.send(command(order_id="1", address="Main"), id="ship-1")
        await h.client.publish(event(order_id="1"))
        return ticket.id


@pytest.mark.filterwarnings("ignore:nobody has ever run:tense.TenseWarning")
async def test_newer_code_reads_what_older_code_left():
    store = open_store("memory:")
    await left_by_old_code(store)
    command, event = new_words()
    shipped, read = [], []
    service, later = Service(shop), Service(Contract("later"))

    @upcast(command, version=1)
    def with_street(fields):
        return {"order_id": fields["order_id"], "street": fields["address"]}

    @upcast(command, version=2)
    def with_express(fields):
        return fields | {"express": False}

    @service.handles(command)
    async def ship(command: command) -> str:
        shipped.append(command)
        return "shipped"

    @later.subscribes(event, from_start=True)
    async def note(event: event) -> None:
        read.append(event)

    async with harness(App(service, later), store=store, seed=1) as h:
        await h.idle()

        assert shipped == [command(order_id="1", street="Main", express=False)]
        assert read == [event(order_id="1", carrier="post")]
        assert await h.until(h.client.ticket(command, "ship-1").result()) == "shipped"


@pytest.mark.filterwarnings("ignore:nobody has ever run:tense.TenseWarning")
async def test_an_old_version_that_nothing_upcasts_dies_undecodable_with_its_bytes(caplog):
    caplog.set_level(logging.CRITICAL, "tense")
    store = open_store("memory:")
    await left_by_old_code(store)
    command, _ = new_words()
    service = Service(shop)

    @service.handles(command)
    async def ship(command: command) -> str: ...

    async with harness(App(service), store=store, seed=1) as h:
        await h.idle()

        (letter,) = await h.dead()
        assert (letter.reason, letter.body) == ("undecodable", b'{"order_id":"1","address":"Main"}')
        assert "version 1 is older than this code knows, and nothing upcasts it" in letter.error


def test_an_upcaster_is_for_an_older_version_and_the_only_one():
    command, _ = new_words()

    for version in (0, 3, 4):
        with pytest.raises(
            RegistrationError, match=rf"@upcast\(ShipOrder, version={version}\): shop.ShipOrder is at version 3"
        ):
            upcast(command, version=version)
    upcast(command, version=1)(dict)
    with pytest.raises(RegistrationError, match=r"shop\.ShipOrder has two upcasters of version 1"):
        upcast(command, version=1)(lambda fields: fields)


def test_a_gap_between_upcasters_is_refused_when_the_app_is_made():
    command, _ = new_words(version=4)
    upcast(command, version=1)(dict)
    service = Service(shop)

    @service.handles(command)
    async def ship(command: command) -> str: ...

    with pytest.raises(RegistrationError, match=r"shop\.ShipOrder .*nothing upcasts version 2, 3"):
        App(service)
