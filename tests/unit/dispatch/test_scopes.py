"""How long what an app gives to its handlers lives."""

from collections.abc import AsyncIterator, Iterator

import pytest
from desk import Ask, Engine, Repository, Session, Settings, answered, desk

from tense import App, Clock, Metadata, Service, Transaction, scoped
from tense.testing import harness


@pytest.fixture
def counted():
    Session.opened = 0


async def test_without_a_scope_a_thing_lives_as_long_as_the_app(counted):
    async def ask(command: Ask, session: Session) -> str:
        return str(session.number)

    assert await answered(ask, Session, times=3) == ["1", "1", "1"]


async def test_a_thing_of_one_message_is_shared_within_it_and_left_after_it(counted):
    log = []

    async def session() -> AsyncIterator[Session]:
        opened = Session()
        yield opened
        log.append(f"left {opened.number}")

    async def ask(command: Ask, repository: Repository, session: Session) -> str:
        log.append(f"used {session.number}")
        return str(repository.session is session)

    given = (Settings(), Engine, scoped(session, "message"), scoped(Repository, "message"))

    assert await answered(ask, *given, times=2) == ["True", "True"]
    assert log == ["used 1", "left 1", "used 2", "left 2"]


async def test_a_thing_of_one_call_is_made_for_each_that_asks(counted):
    async def ask(command: Ask, repository: Repository, session: Session) -> str:
        return f"{repository.session.number} {session.number}"

    given = (Settings(), Engine, scoped(Session, "call"), scoped(Repository, "message"))

    assert await answered(ask, *given, times=2) == ["1 2", "3 4"]


async def test_a_thing_of_one_message_sees_a_handlers_failure_and_is_left():
    log = []

    def session() -> Iterator[Session]:
        try:
            yield Session()
        except ValueError as error:
            log.append(f"saw {error}")
            raise
        finally:
            log.append("left")

    service = Service(desk)

    @service.handles(Ask)
    async def ask(command: Ask, session: Session) -> str:
        raise ValueError(command.word)

    async with harness(App(service, provide=[scoped(session, "message")])) as h:
        await h.client.send(Ask(word="bad"))
        await h.idle()

    assert log == ["saw bad", "left"]


async def test_what_lives_for_a_message_may_ask_for_its_metadata_transaction_and_clock():
    def label(metadata: Metadata, clock: Clock, db: Transaction) -> Settings:
        found = Settings()
        found.place = f"{metadata.type} {clock.elapsed():g} {hasattr(db, 'execute')}"
        return found

    async def ask(command: Ask, settings: Settings) -> str:
        return settings.place

    assert await answered(ask, scoped(label, "message")) == "desk.Ask 0 True"


async def test_what_lives_as_long_as_the_app_may_ask_for_the_clock():
    def start(clock: Clock) -> Settings:
        found = Settings()
        found.place = f"{clock.elapsed():g}"
        return found

    async def ask(command: Ask, settings: Settings) -> str:
        return settings.place

    assert await answered(ask, start) == "0"


async def test_an_app_that_cannot_open_what_it_needs_leaves_what_it_opened():
    log = []

    def first() -> Iterator[Settings]:
        yield Settings()
        log.append("left")

    def second(settings: Settings) -> Engine:
        raise OSError("no line")

    async def ask(command: Ask, engine: Engine) -> str: ...

    with pytest.raises(OSError, match="no line"):
        await answered(ask, first, second)
    assert log == ["left"]
