"""What an app gives to its handlers: how long it lives, in which order it is made, what is refused and with which path."""

import contextlib
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest
from desk import Ask, Engine, Mail, Repository, Session, Settings, Smtp, answered

# What may be given


async def test_a_value_is_found_by_its_class():
    async def ask(command: Ask, settings: Settings) -> str:
        return settings.place

    assert await answered(ask, Settings()) == "Bern"


async def test_a_value_is_found_by_a_class_it_derives_from():
    class Elsewhere(Settings):
        place = "Biel"

    async def ask(command: Ask, settings: Settings) -> str:
        return settings.place

    assert await answered(ask, Elsewhere()) == "Biel"


async def test_a_class_is_made_with_what_it_asks_for():
    async def ask(command: Ask, repository: Repository) -> str:
        return f"{repository.engine.place} {type(repository.session).__name__}"

    assert await answered(ask, Settings(), Engine, Session, Repository) == "Bern Session"


async def test_functions_of_every_colour_provide_what_they_are_annotated_to_return():
    def engine(settings: Settings) -> Engine:
        return Engine(settings)

    async def mail(engine: Engine) -> Mail:
        return Smtp()

    async def ask(command: Ask, mail: Mail) -> str:
        return mail.post("hello")

    assert await answered(ask, Settings(), engine, mail) == "posted hello"


@pytest.mark.parametrize(
    "form", ["generator", "async generator", "context manager", "async context manager", "AsyncGenerator"]
)
async def test_a_context_is_entered_with_the_app_and_left_with_it(form):
    log = []

    def generator() -> Iterator[Session]:
        log.append("open")
        yield Session()
        log.append("close")

    async def async_generator() -> AsyncIterator[Session]:
        log.append("open")
        yield Session()
        log.append("close")

    async def typed_generator() -> AsyncGenerator[Session, None]:
        log.append("open")
        yield Session()
        log.append("close")

    source = {
        "generator": generator,
        "async generator": async_generator,
        "context manager": contextlib.contextmanager(generator),
        "async context manager": contextlib.asynccontextmanager(async_generator),
        "AsyncGenerator": typed_generator,
    }[form]

    async def ask(command: Ask, session: Session) -> str:
        log.append("used")
        return str(session.number)

    numbers = await answered(ask, source, times=2)

    assert log == ["open", "used", "used", "close"]
    assert numbers[0] == numbers[1]


async def test_contexts_are_left_in_reverse_even_when_the_handler_fails_to_be_made():
    log = []

    def outer() -> Iterator[Settings]:
        log.append("outer")
        yield Settings()
        log.append("outer left")

    def inner(settings: Settings) -> Iterator[Engine]:
        log.append("inner")
        yield Engine(settings)
        log.append("inner left")

    async def ask(command: Ask, engine: Engine) -> str:
        return engine.place

    await answered(ask, inner, outer)

    assert log == ["outer", "inner", "inner left", "outer left"]


async def test_a_plain_handler_is_given_things_too():
    def ask(command: Ask, mail: Mail, settings: Settings) -> str:
        return mail.post(settings.place)

    def mail() -> Mail:
        return Smtp()

    assert await answered(ask, mail, Settings()) == "posted Bern"


async def test_the_drivers_own_connection_is_given_without_a_provider():
    async def ask(command: Ask, connection: sqlite3.Connection) -> str:
        return connection.execute("SELECT 'driven'").fetchone()[0]

    assert await answered(ask) == "driven"


async def test_an_optional_parameter_is_left_to_its_default_where_nothing_provides_it():
    async def ask(command: Ask, settings: Settings | None = None, engine: Engine = None, size: int = 3) -> str:
        return f"{settings} {engine} {size}"

    assert await answered(ask) == "None None 3"


async def test_an_optional_parameter_is_given_where_something_provides_it():
    async def ask(command: Ask, settings: Settings = None) -> str:
        return "none" if settings is None else settings.place

    assert await answered(ask, Settings()) == "Bern"
