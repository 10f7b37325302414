"""Bus: run one message through its plan in a unit of work."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from tense.dispatch.answers import refuse_return
from tense.dispatch.call import Call, Voice
from tense.dispatch.context import handling as current
from tense.dispatch.handler import Handler
from tense.dispatch.middleware import Handling, Middleware, Proceed, compose
from tense.dispatch.plan import Plan, open_shared
from tense.dispatch.provide import Provisions
from tense.messages.metadata import Metadata
from tense.messages.rejection import Rejection
from tense.ports.clock import Clock
from tense.ports.session import RunsPlain
from tense.ports.spawn import Spawn
from tense.ports.store import Unit, Units

log = logging.getLogger("tense")


class Bus:
    """Runs handlers: builds their arguments, calls them within the middleware, reads what they return."""

    def __init__(
        self,
        handlers: Sequence[Handler],
        provisions: Provisions,
        middleware: Sequence[Middleware],
        clock: Clock,
        spawn: Spawn,
    ) -> None:
        self._handlers = handlers
        self._provisions = provisions
        self._middleware = tuple(middleware)
        self._clock = clock
        self._spawn = spawn
        self._stack = AsyncExitStack()
        self._shared: Mapping[Any, Any] = {}
        self._plans: dict[Handler, Plan] = {}
        self._bare: dict[Handler, Callable[[Any], Awaitable[Any]]] = {}

    async def start(self, units: Units) -> None:
        """Open what lives as long as the app, and compile the plans."""
        await self._stack.__aenter__()
        try:
            self._shared = await open_shared(self._provisions, self._clock, self._stack)
        except BaseException:
            await self._stack.aclose()
            raise
        self._plans = {h: Plan(h, self._provisions, self._shared, self._clock, units) for h in self._handlers}
        if not self._middleware:
            self._bare = {h: h.function for h, plan in self._plans.items() if plan.direct and not plan.simple}

    async def stop(self) -> None:
        """Leave what was opened, in reverse."""
        await self._stack.aclose()

    def run(self, handler: Handler, message: Any, call: Call) -> Awaitable[Any]:
        """What to await for what the handler returns. Whatever it raises is raised, by this call or when awaited."""
        if (function := self._bare.get(handler)) is not None:
            return function(message)
        plan = self._plans[handler]
        if self._middleware:
            return self._within(plan, message, call)
        if not plan.direct:
            return self._invoke(plan, message, call)
        running: Awaitable[Any] = handler.function(message, **plan.arguments(call))
        return running

    async def _within(self, plan: Plan, message: Any, call: Call) -> Any:
        async def innermost(handling: Handling) -> Any:
            return await self._invoke(plan, handling.message, call)

        proceed: Proceed = compose(self._middleware, innermost)
        return await proceed(Handling(message=message, metadata=call.metadata, handler=plan.handler))

    async def _invoke(self, plan: Plan, message: Any, call: Call) -> Any:
        arguments = plan.arguments(call)
        if not plan.scoped:
            return await self._call(plan.handler, message, arguments, call.unit)
        async with AsyncExitStack() as stack:
            await plan.add_scoped(call, arguments, self._shared, stack)
            return await self._call(plan.handler, message, arguments, call.unit)

    async def _call(self, handler: Handler, message: Any, arguments: dict[str, Any], unit: Unit) -> Any:
        if handler.is_async:
            return await handler.function(message, **arguments)
        context = contextvars.copy_context()

        def work() -> Any:
            return context.run(handler.function, message, **arguments)

        running = unit.run_plain(work) if isinstance(unit, RunsPlain) else None
        if running is None:
            running = self._spawn.thread(work)
        return await _until_it_returns(running, handler.name)


async def _until_it_returns(running: "asyncio.Future[Any]", name: str) -> Any:
    """Wait for a thread, which cannot be cancelled: whoever cancels is kept waiting, and its outcome counts."""
    while True:
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if running.done():
                raise
            log.warning("%s is past its limit; a plain def cannot be cancelled, its lane waits for it", name)
            task = asyncio.current_task()
            while task is not None and task.cancelling():
                task.uncancel()


async def withdrawn(call: Call, rejection: Rejection) -> Rejection:
    """A rejection that was raised, once what the handler wrote and said is undone.

    Raises:
        Rejection: this one, which the command does not declare.
    """
    if not call.voice.answering.declares(call.handler.message, rejection):
        raise rejection
    await call.unit.undo()
    call.outgoing.clear()
    return rejection


async def run_subscribers(
    bus: Bus,
    voice: Voice,
    handlers: Sequence[Handler],
    message: Any,
    metadata: Metadata,
    unit: Unit,
    *,
    shut: bool = False,
) -> list[Call]:
    """Run the subscribers of one service, in the order of registration, in one unit of work.

    Raises:
        WorkflowError: one returned a value.
        BaseException: whatever one of them raised.
    """
    calls: list[Call] = []
    for handler in handlers:
        call = Call(voice, handler, metadata, unit, shut=shut)
        calls.append(call)
        token = current.set(call.metadata)
        try:
            returned = await bus.run(handler, message, call)
        finally:
            call.over = True
            current.reset(token)
        if returned is not None:
            refuse_return(handler.name, returned)
    return calls
