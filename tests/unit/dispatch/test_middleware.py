from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from tense import App, Command, Contract, Event, Handling, Metadata, Proceed, Publish, Rejection, Service, scoped
from tense.dispatch.middleware import compose
from tense.testing import harness

desk = Contract("desk")
tenant = ContextVar("tenant", default="nobody")


class Refused(Rejection): ...


class Ask(Command[str, Refused], owner=desk):
    word: str


class Asked(Event, owner=desk):
    word: str


class Session: ...


class Desk:
    def __init__(self):
        self.log = []
        self.service = Service(desk)

        @self.service.handles(Ask)
        async def ask(command: Ask, publish: Publish[Asked]) -> str:
            self.log.append(f"handler {command.word}")
            publish(Asked(word=command.word))
            if command.word == "refuse":
                raise Refused
            return f"{command.word} {tenant.get()}"

        @self.service.subscribes(Asked)
        def note(event: Asked) -> None:
            self.log.append(f"subscriber {event.word} {tenant.get()}")

    def named(self, name):
        async def middleware(handling: Handling, proceed: Proceed):
            self.log.append(f"{name} in {handling.handler.role}")
            try:
                return await proceed(handling)
            finally:
                self.log.append(f"{name} out")

        return middleware

    async def asks(self, *middleware, word="hello", provide=()):
        async with harness(App(self.service, middleware=middleware, provide=provide)) as h:
            try:
                return await h.until(h.client.outcome(Ask(word=word)))
            finally:
                await h.idle()


async def test_the_first_middleware_is_the_outermost_for_commands_and_subscribers():
    world = Desk()

    await world.asks(world.named("first"), world.named("second"))

    inside = ["first in handles", "second in handles", "handler hello", "second out", "first out"]
    assert world.log[:5] == inside
    assert world.log[5:] == [
        "first in subscribes",
        "second in subscribes",
        "subscriber hello nobody",
        "second out",
        "first out",
    ]


async def test_a_middleware_sees_the_message_its_metadata_and_its_handler():
    world, seen = Desk(), []

    async def looking(handling: Handling, proceed: Proceed):
        seen.append((handling.message, handling.metadata.type, handling.handler.declaration.name))
        return await proceed(handling)

    await world.asks(looking)

    assert seen[0] == (Ask(word="hello"), "desk.Ask", "desk.Ask")
    assert seen[1] == (Asked(word="hello"), "desk.Asked", "desk.Asked")
    assert isinstance(Metadata, type)


async def test_a_middleware_may_change_what_is_handled_and_what_is_answered():
    world = Desk()

    async def shouting(handling: Handling, proceed: Proceed):
        if handling.handler.role != "handles":
            return await proceed(handling)
        louder = Handling(message=Ask(word="HELLO"), metadata=handling.metadata, handler=handling.handler)
        return f"{await proceed(louder)}!"

    assert await world.asks(shouting) == "HELLO nobody!"


async def test_a_middleware_sees_a_refusal_pass():
    world, seen = Desk(), []

    async def watching(handling: Handling, proceed: Proceed):
        try:
            return await proceed(handling)
        except Refused as refusal:
            seen.append(refusal)
            raise

    outcome = await world.asks(watching, word="refuse")

    assert isinstance(outcome, Refused)
    assert [type(each) for each in seen] == [Refused]
    assert world.log == ["handler refuse"], "a raised refusal takes back what was said"


async def test_a_middleware_may_refuse_before_the_handler_starts():
    world = Desk()

    async def closed(handling: Handling, proceed: Proceed):
        raise Refused

    assert isinstance(await world.asks(closed), Refused)
    assert world.log == []


async def test_what_a_middleware_sets_in_the_context_reaches_handlers_and_threads():
    world = Desk()

    async def as_tenant(handling: Handling, proceed: Proceed):
        token = tenant.set("alice")
        try:
            return await proceed(handling)
        finally:
            tenant.reset(token)

    assert await world.asks(as_tenant) == "hello alice"
    assert world.log[-1] == "subscriber hello alice"


async def test_what_is_provided_for_a_message_opens_within_the_middleware():
    world = Desk()

    def session() -> Iterator[Session]:
        world.log.append("opened")
        yield Session()
        world.log.append("left")

    other = Service(Contract("other"))

    @other.subscribes(Asked)
    async def use(event: Asked, session: Session) -> None:
        world.log.append("used")

    async with harness(
        App(world.service, other, middleware=[world.named("around")], provide=[scoped(session, "message")])
    ) as h:
        await h.client.execute(Ask(word="x"))
        await h.idle()

    start = world.log.index("opened")
    assert world.log[start - 1 : start + 4] == ["around in subscribes", "opened", "used", "left", "around out"]


@pytest.mark.parametrize("count", [0, 1, 5])
async def test_composing_keeps_the_order(count):
    log = []

    def layer(number):
        async def middleware(handling, proceed):
            log.append(number)
            return await proceed(handling)

        return middleware

    async def innermost(handling):
        return handling

    assert await compose([layer(number) for number in range(count)], innermost)("message") == "message"
    assert log == list(range(count))
