"""Words and services of the kit's own, for the properties that need the engine."""

from datetime import timedelta

from tense.dispatch.service import Service
from tense.messages.contract import Contract
from tense.messages.kinds import Command, Event
from tense.messages.metadata import Metadata
from tense.ports.emission import Publish
from tense.rules.retry import Retry

kit = Contract("kit")
audience = Contract("audience")

FEW = Retry(attempts=3, first=timedelta(seconds=1), factor=1.0, longest=timedelta(seconds=1))


class Do(Command, owner=kit, key="key"):
    """Something to do; handlers fail at the names they are given for that."""

    name: str
    key: str = "k"


class Hurry(Command, owner=kit, deadline=timedelta(seconds=0.5)):
    """Something to do at once or not at all."""

    name: str


class Happened(Event, owner=kit, key="key"):
    """Something that was done."""

    name: str
    key: str = "k"


class Failing:
    """Names at which a handler fails, each a number of times."""

    def __init__(self, **times: int) -> None:
        self.left = dict(times)
        self.tried: list[tuple[str, int]] = []

    def at(self, name: str, attempt: int) -> None:
        """Fail if there are failures left for this name."""
        self.tried.append((name, attempt))
        if self.left.get(name, 0) > 0:
            self.left[name] -= 1
            text = f"failing at {name}"
            raise RuntimeError(text)


def doing(done: list[str], failing: Failing | None = None, retry: Retry = FEW) -> Service:
    """A service that notes what it did, and publishes it."""
    service = Service(kit)
    trouble = failing or Failing()

    @service.handles(Do, retry=retry)
    async def do(command: Do, about: Metadata, publish: Publish[Happened]) -> None:
        publish(Happened(name=command.name, key=command.key))
        trouble.at(command.name, about.attempt)
        done.append(command.name)

    @service.handles(Hurry, retry=retry)
    async def hurry(command: Hurry, about: Metadata) -> None:
        trouble.at(command.name, about.attempt)
        done.append(command.name)

    return service


def hearing(heard: list[str], failing: Failing | None = None, retry: Retry = FEW) -> Service:
    """A service that notes what it is told."""
    service = Service(audience)
    trouble = failing or Failing()

    @service.subscribes(Happened, retry=retry, from_start=True)
    async def hear(event: Happened, about: Metadata) -> None:
        trouble.at(event.name, about.attempt)
        heard.append(event.name)

    return service
