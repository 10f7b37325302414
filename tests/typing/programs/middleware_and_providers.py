"""Middleware around handlers, and everything an app can give to them."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from shop_contract import OrderPlaced

from tense import App, Contract, Handling, Metadata, Proceed, Service, scoped


class Mail(Protocol):
    async def deliver(self, to: str, text: str) -> None: ...


class Smtp:
    async def deliver(self, to: str, text: str) -> None:
        print(to, text)


class Settings:
    sender = "shop@example.org"


class Basket:
    def __init__(self, settings: Settings) -> None:
        self.sender = settings.sender


class Trace:
    def __init__(self, message_id: str) -> None:
        self.message_id = message_id


async def open_mail(settings: Settings) -> AsyncIterator[Mail]:
    print(settings.sender)
    yield Smtp()


def trace(metadata: Metadata) -> Iterator[Trace]:
    yield Trace(metadata.id)


async def logged(handling: Handling, proceed: Proceed) -> Any:
    print(handling.metadata.type, handling.handler.name)
    return await proceed(handling)


async def refusing(handling: Handling, proceed: Proceed) -> object:
    if handling.metadata.tenant == "blocked":
        raise PermissionError(handling.metadata.tenant)
    return await proceed(handling)


email = Service(Contract("email"))


@email.subscribes(OrderPlaced)
async def confirm(event: OrderPlaced, mail: Mail, trace: Trace, basket: Basket) -> None:
    await mail.deliver(basket.sender, f"{event.order_id} {trace.message_id}")


@email.subscribes(OrderPlaced)
def store(event: OrderPlaced, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO mails VALUES (?)", (event.order_id,))


app = App(
    email,
    provide=[Settings(), open_mail, scoped(trace, "message"), scoped(Basket, "call")],
    middleware=[logged, refusing],
)
