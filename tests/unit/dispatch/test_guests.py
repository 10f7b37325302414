"""Pydantic, dataclass and attrs classes in every place where a struct works."""

from dataclasses import dataclass
from typing import Annotated

import attrs
import pytest
from pydantic import BaseModel, Field

from tense import (
    App,
    AsCommand,
    AsEvent,
    Command,
    CommandFailed,
    Contract,
    Event,
    Execute,
    Publish,
    Rejection,
    Retry,
    Service,
)
from tense.testing import harness

billing = Contract("billing")
bank = Contract("bank")
asking = Contract("asking")


class Address(BaseModel):
    street: str
    city: str = "Bern"


@dataclass(frozen=True)
class Money:
    cents: int


@attrs.frozen
class Proof:
    number: str
    money: Money


class AlreadyPaid(Rejection):
    by: Address
    proof: Proof | None = None


class PayInvoice(BaseModel, AsCommand[Address, AlreadyPaid], owner=billing, key="invoice_id"):
    invoice_id: str
    money: Annotated[Money, Field()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(AsCommand[Proof, AlreadyPaid], owner=bank, key="account"):
    account: str
    money: Money
    to: Address | None = None


@attrs.frozen(kw_only=True)
class InvoicePaid(AsEvent, owner=billing, key="invoice_id"):
    invoice_id: str
    proof: Proof


class Move(Command[Money, AlreadyPaid], owner=billing):
    to: Address
    proofs: tuple[Proof, ...] = ()


class Moved(Event, owner=billing):
    to: dict[str, Address]


class World:
    def __init__(self):
        self.read = []
        service, other = Service(billing), Service(bank)

        @service.handles(PayInvoice, retry=Retry(attempts=1))
        async def pay(
            command: PayInvoice, charge: Execute[Charge], publish: Publish[InvoicePaid]
        ) -> Address | AlreadyPaid:
            proof = await charge(Charge(account="a", money=command.money, to=Address(street="Main")))
            publish(InvoicePaid(invoice_id=command.invoice_id, proof=proof))
            if command.invoice_id == "twice":
                return AlreadyPaid(by=Address(street="High"), proof=proof)
            return Address(street=proof.number)

        @other.handles(Charge)
        def charge(command: Charge) -> Proof:
            assert isinstance(command.to, Address)
            if command.money.cents > 100:
                raise AlreadyPaid(by=command.to)
            return Proof(f"{command.account}-{command.money.cents}", command.money)

        @service.handles(Move)
        async def move(command: Move, publish: Publish[Moved]) -> Money:
            publish(Moved(to={"new": command.to}))
            return command.proofs[0].money

        @other.subscribes(InvoicePaid)
        async def paid(event: InvoicePaid) -> None:
            self.read.append(event)

        @other.subscribes(Moved)
        async def moved(event: Moved) -> None:
            self.read.append(event)

        self.app = App(service, other)


async def test_guests_travel_as_bodies_fields_results_and_events():
    world = World()
    async with harness(world.app) as h:
        result = await h.until(h.client.execute(PayInvoice(invoice_id="1", money=Money(5))))
        await h.idle()

    assert result == Address(street="a-5")
    assert world.read == [InvoicePaid(invoice_id="1", proof=Proof("a-5", Money(5)))]


async def test_guests_travel_within_structs():
    world = World()
    async with harness(world.app) as h:
        result = await h.until(h.client.execute(Move(to=Address(street="x"), proofs=(Proof("1", Money(7)),))))
        await h.idle()

    assert result == Money(7)
    assert world.read == [Moved(to={"new": Address(street="x")})]


async def test_guests_travel_within_rejections_that_are_returned_and_raised():
    async with harness(World().app) as h:
        returned = await h.until(h.client.outcome(PayInvoice(invoice_id="twice", money=Money(5))))
        raised = await h.until(h.client.outcome(Charge(account="a", money=Money(500), to=Address(street="Main"))))

    assert (returned.by, returned.proof) == (Address(street="High"), Proof("a-5", Money(5)))
    assert raised.by == Address(street="Main")


async def test_another_commands_rejection_that_escapes_is_answered_where_it_is_declared():
    async with harness(World().app) as h:
        outcome = await h.until(h.client.outcome(PayInvoice(invoice_id="1", money=Money(500))))

    assert isinstance(outcome, AlreadyPaid)


async def test_the_same_id_with_the_same_guest_gives_the_first_outcome():
    world = World()
    async with harness(world.app) as h:
        for _ in range(2):
            await h.until(h.client.execute(PayInvoice(invoice_id="1", money=Money(5)), id="one"))
        await h.idle()

    assert len(world.read) == 1


class Undeclared(Rejection): ...


class Ask(Command[int], owner=asking):
    way: str


@pytest.mark.parametrize("way", ["raise", "return"])
async def test_a_rejection_that_the_command_does_not_declare_is_a_failure_at_once_and_says_so(way):
    service = Service(asking)

    @service.handles(Ask)
    async def ask(command: Ask) -> int:
        if command.way == "raise":
            raise Undeclared
        return Undeclared()

    async with harness(App(service)) as h:
        with pytest.raises(
            CommandFailed,
            match=r"undeclared-rejection: refused with Undeclared\(\), which the command does not declare",
        ):
            await h.client.execute(Ask(way=way))

        (letter,) = await h.dead()
        assert (letter.reason, letter.attempts) == ("undeclared-rejection", 1)


async def test_a_subscriber_that_returns_something_is_given_up_at_once_and_says_so():
    service, moving = Service(Contract("reading")), Service(billing)

    @moving.handles(Move)
    async def move(command: Move) -> Money: ...

    @moving.handles(PayInvoice)
    async def pay(command: PayInvoice) -> Address: ...

    @service.subscribes(Moved)
    async def read(event: Moved) -> None:
        return len(event.to)

    async with harness(App(service, moving)) as h:
        await h.client.publish(Moved(to={}))
        await h.idle()

        (letter,) = await h.dead()
        assert (letter.reason, letter.attempts) == ("returned-value", 1)
        assert "a subscriber returns nothing; nobody waits for its answer" in letter.error
