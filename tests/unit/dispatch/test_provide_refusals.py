"""What an app cannot give to its handlers is refused with the path that led there."""

import sqlite3
from typing import TYPE_CHECKING

import pytest
from desk import Ask, Asked, Engine, Repository, Session, Settings, desk

from tense import App, Metadata, Publish, Service, scoped
from tense.errors import ProvisionError

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers


def refusal(handler, *provide):
    service = Service(desk)
    service.handles(Ask)(handler)
    with pytest.raises(ProvisionError) as caught:
        App(service, provide=provide)
    return str(caught.value)


def test_what_nothing_provides_is_refused_with_the_path_that_led_there():
    async def ask(command: Ask, repository: Repository) -> str: ...

    text = refusal(ask, Engine, Session, Repository)

    assert text == (
        f"nothing provides {Settings.__module__}.Settings.\n"
        f"  {__name__}:{ask.__qualname__} ({__file__}:{ask.__code__.co_firstlineno})\n"
        "     -> Repository\n"
        "        -> Engine\n"
        f"           -> {Settings.__module__}.Settings\n"
        "Add it to App(provide=[...])."
    )


class Hen:
    def __init__(self, egg: "Egg") -> None: ...


class Egg:
    def __init__(self, hen: Hen) -> None: ...


def test_things_that_need_each_other_are_refused_with_the_circle():
    async def ask(command: Ask, hen: Hen) -> str: ...

    text = refusal(ask, Hen, Egg)

    assert text.startswith("providers need each other in a circle.\n")
    assert text.endswith("     -> Hen\n        -> Egg\n           -> Hen")


def test_two_providers_of_one_type_are_refused():
    def other() -> Settings: ...

    async def ask(command: Ask) -> str: ...

    assert f"{Settings.__module__}.Settings is provided twice: by " in refusal(ask, Settings, other)


def test_a_function_that_does_not_say_what_it_returns_is_refused():
    def mystery(): ...

    async def ask(command: Ask) -> str: ...

    text = refusal(ask, mystery)

    assert text.endswith("mystery does not say what it provides: annotate what it returns.")
    assert __name__ in text


def test_a_name_that_only_checkers_see_is_refused_with_its_cause():
    def price() -> "OnlyForCheckers": ...

    async def ask(command: Ask) -> str: ...

    text = refusal(ask, price)

    assert "name 'OnlyForCheckers' is not defined" in text
    assert "move the import out of `if TYPE_CHECKING:`" in text


def test_a_long_life_cannot_hang_on_a_short_one():
    async def ask(command: Ask, repository: Repository) -> str: ...

    text = refusal(ask, Settings(), Engine, scoped(Session, "message"), Repository)

    assert "Session lives for one message, but something that lives as long as the app needs it." in text
    assert "Give both the same scope with scoped(...)." in text


def test_what_lives_as_long_as_the_app_cannot_belong_to_a_message():
    def label(metadata: Metadata) -> Settings: ...

    async def ask(command: Ask, settings: Settings) -> str: ...

    text = refusal(ask, label)

    assert "asks for Metadata, which belongs to one message, but lives as long as the app" in text
    assert "label, 'message')" in text


def test_only_handlers_say_messages():
    def shout(publish: Publish[Asked]) -> Settings: ...

    async def ask(command: Ask, settings: Settings) -> str: ...

    assert "asks for Publish; only a handler says messages." in refusal(ask, scoped(shout, "message"))


def test_a_parameter_without_annotation_of_a_provider_is_refused():
    def engine(settings) -> Engine: ...

    async def ask(command: Ask, engine: Engine) -> str: ...

    assert "the parameter 'settings' has no annotation" in refusal(ask, engine)


def test_a_long_life_cannot_hang_on_the_drivers_connection():
    def repository(connection: sqlite3.Connection) -> Settings: ...

    async def ask(command: Ask, settings: Settings) -> str: ...

    text = refusal(ask, repository)

    assert "Connection, which belongs to one message, but lives as long as the app" in text
