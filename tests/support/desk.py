"""A desk that is asked, and what may be given to who answers."""

from dataclasses import dataclass
from typing import Protocol

from tense import App, Command, Contract, Event, Service
from tense.testing import harness

desk = Contract("desk")


class Ask(Command[str], owner=desk):
    word: str = "x"


class Asked(Event, owner=desk):
    word: str


class Settings:
    place = "Bern"


class Engine:
    def __init__(self, settings: Settings) -> None:
        self.place = settings.place


class Session:
    opened = 0

    def __init__(self) -> None:
        type(self).opened += 1
        self.number = type(self).opened


@dataclass
class Repository:
    session: Session
    engine: Engine


class Mail(Protocol):
    def post(self, text: str) -> str: ...


class Smtp:
    def post(self, text: str) -> str:
        return f"posted {text}"


async def answered(handler, *provide, times=1):
    """What a handler of `Ask` answers in an app that is given these things."""
    service = Service(desk)
    service.handles(Ask)(handler)
    async with harness(App(service, provide=provide)) as h:
        found = [await h.until(h.client.execute(Ask())) for _ in range(times)]
    return found[0] if times == 1 else found
