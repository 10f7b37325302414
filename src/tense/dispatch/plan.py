"""Plan: how the arguments of one handler come about, compiled once when the app starts."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

from tense.dispatch.call import BoundExecute, BoundPublish, BoundSend, Call
from tense.dispatch.handler import Handler
from tense.dispatch.provide import Provider, Provisions, is_driver, opened
from tense.dispatch.signature import Need, needs_of
from tense.ports.clock import Clock
from tense.ports.store import Units

Maker: TypeAlias = Callable[[Call], Any]


class Plan:
    """The arguments of one handler. `simple` ones are made at once; `scoped` ones may await, and be left again.

    `direct` says that all are simple and the handler runs on the loop: then it is only called.
    """

    __slots__ = ("_clock", "_provisions", "_units", "direct", "handler", "scoped", "simple")

    def __init__(
        self, handler: Handler, provisions: Provisions, shared: Mapping[Any, Any], clock: Clock, units: Units
    ) -> None:
        self.handler = handler
        self._provisions = provisions
        self._clock = clock
        self._units = units
        self.simple: list[tuple[str, Maker]] = []
        self.scoped: list[Need] = []
        for need in needs_of(handler):
            self._add(need, shared)
        self.direct = handler.is_async and not self.scoped

    def _add(self, need: Need, shared: Mapping[Any, Any]) -> None:
        if need.kind != "provided":
            self.simple.append((need.name, self._maker(need)))
        elif (provider := self._provisions.find(need.provided)) is None:
            if is_driver(need.provided):
                self.scoped.append(need)
        elif provider.scope == "app":
            value = shared[provider.provides]
            self.simple.append((need.name, lambda _call: value))
        else:
            self.scoped.append(need)

    def _maker(self, need: Need) -> Maker:
        if need.kind == "snapshot":
            return lambda _call: self._units.snapshot()
        if need.kind == "clock":
            return lambda _call: self._clock
        return SIMPLE_MAKERS[need.kind](need)

    def arguments(self, call: Call) -> dict[str, Any]:
        """The simple arguments of one call."""
        return {name: make(call) for name, make in self.simple}

    async def add_scoped(
        self, call: Call, arguments: dict[str, Any], shared: Mapping[Any, Any], stack: AsyncExitStack
    ) -> None:
        """Add the arguments that live for one message or call; contexts are entered on the stack."""
        alive: dict[Any, Any] = dict(shared)
        for need in self.scoped:
            arguments[need.name] = await self._scoped(need, call, alive, stack)

    async def _scoped(self, need: Need, call: Call, alive: dict[Any, Any], stack: AsyncExitStack) -> Any:
        if need.kind != "provided":
            return self._maker(need)(call)
        provider = self._provisions.find(need.provided)
        if provider is None:
            return await _soon(call.unit.driver(need.provided))
        if provider.provides in alive:
            return alive[provider.provides]
        value = await opened(provider, await self._inner(provider, call, alive, stack), stack)
        if provider.scope == "message":
            alive[provider.provides] = value
        return value

    async def _inner(
        self, provider: Provider, call: Call, alive: dict[Any, Any], stack: AsyncExitStack
    ) -> dict[str, Any]:
        return {
            need.name: await self._scoped(need, call, alive, stack)
            for need in provider.needs
            if not (need.optional and self._provisions.find(need.provided) is None)
        }


async def _soon(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


def _publish(need: Need) -> Maker:
    return lambda call: BoundPublish(call, need.messages)


def _send(need: Need) -> Maker:
    return lambda call: BoundSend(call, need.messages)


def _execute(need: Need) -> Maker:
    return lambda call: BoundExecute(call, need.messages)


def _metadata(_need: Need) -> Maker:
    return lambda call: call.metadata


def _transaction(_need: Need) -> Maker:
    return lambda call: call.unit.transaction()


SIMPLE_MAKERS: Mapping[str, Callable[[Need], Maker]] = {
    "publish": _publish,
    "send": _send,
    "execute": _execute,
    "metadata": _metadata,
    "transaction": _transaction,
}


async def open_shared(provisions: Provisions, clock: Clock, stack: AsyncExitStack) -> dict[Any, Any]:
    """What lives as long as the app, opened in the order of need; left when the stack is."""
    shared: dict[Any, Any] = {}
    for provider in provisions.order("app"):
        arguments: dict[str, Any] = {}
        for need in provider.needs:
            if need.kind == "clock":
                arguments[need.name] = clock
            elif (inner := provisions.find(need.provided)) is not None:
                arguments[need.name] = shared[inner.provides]
        shared[provider.provides] = await opened(provider, arguments, stack)
    return shared
