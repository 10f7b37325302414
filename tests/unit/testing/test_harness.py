from datetime import timedelta

import pytest

from tense import (
    App,
    Clock,
    Command,
    CommandExpired,
    CommandFailed,
    Contract,
    Event,
    OutcomeUnknown,
    Publish,
    Rejection,
    Retry,
    Send,
    Service,
)
from tense.testing import harness

shop = Contract("shop")


class Sold(Rejection): ...


class BuyBook(Command[int, Sold], owner=shop, key="title"):
    title: str


class RemindMe(Command, owner=shop, deadline=timedelta(minutes=5)):
    title: str


class BookBought(Event, owner=shop, key="title"):
    title: str


class World:
    def __init__(self):
        self.heard = []
        self.failures = 0
        shop_service, mail = Service(shop), Service(Contract("mail"))

        @shop_service.handles(BuyBook)
        async def buy(command: BuyBook, publish: Publish[BookBought], send: Send[RemindMe]) -> int:
            if command.title == "sold":
                raise Sold
            publish(BookBought(title=command.title))
            send(RemindMe(title=command.title), after=timedelta(hours=3))
            return len(command.title)

        @shop_service.handles(RemindMe)
        async def remind(command: RemindMe, clock: Clock) -> None:
            self.heard.append(("reminded", command.title, clock.elapsed()))

        @mail.subscribes(BookBought, retry=Retry(attempts=3, first=timedelta(minutes=1), longest=timedelta(minutes=2)))
        async def write(event: BookBought) -> None:
            if self.failures > 0:
                self.failures -= 1
                raise OSError("no line")
            self.heard.append(("mailed", event.title))

        self.app = App(shop_service, mail)


async def test_an_app_runs_in_memory_until_nothing_is_left_to_do():
    world = World()
    async with harness(world.app) as h:
        result = await h.client.execute(BuyBook(title="Emma"))
        await h.idle()

        assert result == 4
        assert world.heard == [("mailed", "Emma")]


async def test_a_timer_runs_when_the_clock_is_wound_to_it_and_not_before():
    world = World()
    async with harness(world.app) as h:
        await h.client.execute(BuyBook(title="Emma"))
        await h.later(timedelta(hours=3) - timedelta(seconds=1))
        before = list(world.heard)
        await h.later(1)

        assert before == [("mailed", "Emma")]
        assert world.heard[1:] == [("reminded", "Emma", pytest.approx(3 * 3_600, abs=1))]


async def test_retries_wait_for_the_clock():
    world = World()
    world.failures = 2
    async with harness(world.app) as h:
        await h.client.execute(BuyBook(title="Emma"))
        await h.idle()
        at_once = list(world.heard)
        await h.later(timedelta(minutes=1))
        await h.later(timedelta(minutes=2))

        assert at_once == []
        assert world.heard == [("mailed", "Emma")]
        assert await h.dead() == []


async def test_what_is_given_up_lies_among_the_dead():
    world = World()
    world.failures = 3
    async with harness(world.app) as h:
        await h.client.execute(BuyBook(title="Emma"))
        await h.idle()
        await h.later(timedelta(minutes=1))
        await h.later(timedelta(minutes=2))

        (letter,) = await h.dead()
        assert (letter.type, letter.reason, letter.attempts) == ("shop.BookBought", "exhausted", 3)
        assert "no line" in letter.error


async def test_a_rejection_reaches_the_client():
    async with harness(World().app) as h:
        with pytest.raises(Sold):
            await h.client.execute(BuyBook(title="sold"))


async def test_a_command_expires_by_the_wound_clock():
    world = World()
    async with harness(world.app) as h:
        ticket = await h.client.send(RemindMe(title="Emma"), after=timedelta(minutes=1))
        h.clock.advance(timedelta(hours=1))
        await h.idle()

        with pytest.raises(CommandExpired):
            await ticket.result()
        assert world.heard == []


async def test_the_same_seed_gives_the_same_ids():
    ids = []
    for _ in range(2):
        async with harness(World().app, seed=9) as h:
            ids.append((await h.client.send(BuyBook(title="Emma"))).id)

    assert ids[0] == ids[1]


async def test_until_jumps_over_the_waits_between_retries():
    world = World()
    world.failures = 2
    async with harness(world.app) as h:
        await h.client.execute(BuyBook(title="Emma"))
        while not world.heard:
            await h.until(h.clock.sleep(60))

        assert world.heard[0] == ("mailed", "Emma")


async def remind_nobody(command: RemindMe) -> None:
    """The other command of the shop needs its handler too."""


async def test_until_does_not_hang_on_a_handler_that_goes_on_failing():
    service = Service(shop)

    @service.handles(BuyBook)
    async def buy(command: BuyBook) -> int:
        raise OSError("no line")

    service.handles(RemindMe)(remind_nobody)
    async with harness(App(service)) as h:
        with pytest.raises(CommandFailed, match="no line"):
            await h.until(h.client.execute(BuyBook(title="Emma"), timeout=30))


async def test_until_does_not_hang_on_a_handler_that_waits_for_ever():
    service = Service(shop)

    @service.handles(BuyBook, timeout=None)
    async def buy(command: BuyBook, clock: Clock) -> int:
        await clock.sleep(10_000)
        return 1

    service.handles(RemindMe)(remind_nobody)
    async with harness(App(service, drain=0)) as h:
        with pytest.raises(OutcomeUnknown):
            await h.until(h.client.execute(BuyBook(title="Emma"), timeout=5))
