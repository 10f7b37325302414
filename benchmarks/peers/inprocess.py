"""Peers that answer a command in the same process."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

Once = Callable[[int], Awaitable[object]]


@asynccontextmanager
async def contenders() -> AsyncIterator[dict[str, tuple[Once, int]]]:
    """Each peer that can be imported: one command, and how many make a chunk."""
    logging.disable(logging.INFO)
    async with AsyncExitStack() as stack:
        found: dict[str, tuple[Once, int]] = {}
        for name, make in {"python-cqrs": python_cqrs, "lato": lato}.items():
            try:
                found[name] = (make(), 250)
            except ImportError:
                continue
        with suppress(ImportError):
            found["faststream"] = (await stack.enter_async_context(faststream()), 20)
        yield found


def python_cqrs() -> Once:
    """A mediator with a handler instance for each call."""
    cqrs = importlib.import_module("cqrs")
    bootstrap = importlib.import_module("cqrs.bootstrap.requests")
    di = importlib.import_module("di")

    class PlaceOrder(cqrs.Request):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        cents: int = 1999

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

    return once


def lato() -> Once:
    """An application module with a transaction context for each call."""
    module = importlib.import_module("lato")

    class PlaceOrder(module.Command):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        cents: int = 1999

    application = module.Application("shop")

    @application.handler(PlaceOrder)  # type: ignore[untyped-decorator]  # as above
    async def place(command: PlaceOrder) -> int:
        return int(command.cents)

    async def once(n: int) -> object:
        return await application.execute_async(PlaceOrder(order_id=f"order-{n}"))

    return once


@asynccontextmanager
async def faststream() -> AsyncIterator[Once]:
    """Its test broker: there is no other way in one process."""
    nats = importlib.import_module("faststream.nats")
    pydantic = importlib.import_module("pydantic")

    class PlaceOrder(pydantic.BaseModel):  # type: ignore[name-defined,misc]  # imported when it is there
        order_id: str
        cents: int = 1999

    broker = nats.NatsBroker()

    @broker.subscriber("orders")  # type: ignore[untyped-decorator]  # as above
    async def place(command: PlaceOrder) -> int:
        return int(command.cents)

    async with nats.TestNatsBroker(broker) as test:

        async def once(n: int) -> object:
            return await test.request(PlaceOrder(order_id=f"order-{n}"), subject="orders", timeout=5)

        await asyncio.sleep(0)
        yield once
