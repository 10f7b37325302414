"""Peers that answer a command in the same process. Theirs has the fields that ours has."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from benchmarks.words import CUSTOMER, PADDING

Once = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def python_cqrs() -> AsyncIterator[Once]:
    """A mediator with a handler instance for each call."""
    cqrs = importlib.import_module("cqrs")
    bootstrap = importlib.import_module("cqrs.bootstrap.requests")
    di = importlib.import_module("di")

    class PlaceOrder(cqrs.Request):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        customer: str = CUSTOMER
        cents: int = 1999
        note: str = PADDING

    class Receipt(cqrs.Response):  # type: ignore[name-defined,misc]  # as above
        total: int

    class Handler(cqrs.RequestHandler[PlaceOrder, Receipt]):  # type: ignore[name-defined,misc]  # as above
        @property
        def events(self) -> list[Any]:
            return []

        async def handle(self, request: PlaceOrder) -> Receipt:
            return Receipt(total=request.cents)

    mediator = bootstrap.bootstrap(
        di_container=di.Container(), commands_mapper=lambda mapper: mapper.bind(PlaceOrder, Handler)
    )

    async def once(n: int) -> object:
        return await mediator.send(PlaceOrder(order_id=f"order-{n}"))

    yield once


@asynccontextmanager
async def lato() -> AsyncIterator[Once]:
    """An application module with a transaction context for each call."""
    module = importlib.import_module("lato")

    class PlaceOrder(module.Command):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        customer: str = CUSTOMER
        cents: int = 1999
        note: str = PADDING

    application = module.Application("shop")

    @application.handler(PlaceOrder)  # type: ignore[untyped-decorator]  # as above
    async def place(command: PlaceOrder) -> int:
        return int(command.cents)

    async def once(n: int) -> object:
        return await application.execute_async(PlaceOrder(order_id=f"order-{n}"))

    yield once


@asynccontextmanager
async def faststream() -> AsyncIterator[Once]:
    """Its test broker: there is no other way in one process."""
    nats = importlib.import_module("faststream.nats")
    pydantic = importlib.import_module("pydantic")

    class PlaceOrder(pydantic.BaseModel):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        customer: str = CUSTOMER
        cents: int = 1999
        note: str = PADDING

    logging.disable(logging.INFO)
    broker = nats.NatsBroker()

    @broker.subscriber("orders")  # type: ignore[untyped-decorator]  # as above
    async def place(command: PlaceOrder) -> int:
        return int(command.cents)

    async with nats.TestNatsBroker(broker) as test:

        async def once(n: int) -> object:
            return await test.request(PlaceOrder(order_id=f"order-{n}"), subject="orders", timeout=5)

        await asyncio.sleep(0)
        yield once


CONTENDERS: dict[str, tuple[Callable[[], AbstractAsyncContextManager[Once]], int]] = {
    "python-cqrs": (python_cqrs, 1_000),
    "lato": (lato, 1_000),
    "faststream": (faststream, 100),
}
"""Each peer, and how many commands make a chunk."""
