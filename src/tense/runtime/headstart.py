"""Head start: run the first steps of a coroutine at once, in the name of a task that rests.

To wake a task costs a turn of the loop, and its answer another one. Most handlers in memory end before they wait for
anything; those that wait go on in their task.
"""

import asyncio
import contextvars

# To leave one task and enter another is how asyncio lets others run tasks ("Extending", "Task lifetime support").
from asyncio import _enter_task, _leave_task, current_task
from collections.abc import Coroutine, Generator
from typing import Any


def start(work: Coroutine[Any, Any, None], task: "asyncio.Task[Any]", context: contextvars.Context) -> "Started | None":
    """Run `work` until it first waits, as if `task` ran it. None when it ended; else what `task` must await.

    `task` must be waiting for something that `Started` can be handed through. Whatever `work` raises is raised.
    """
    loop = task.get_loop()
    caller = current_task(loop)
    if caller is not None:
        _leave_task(loop, caller)
    _enter_task(loop, task)
    try:
        waits_for = context.run(work.send, None)
    except StopIteration:
        return None
    finally:
        _leave_task(loop, task)
        if caller is not None:
            _enter_task(loop, caller)
    return Started(work, context, waits_for)


class Started:
    """The rest of a coroutine that began elsewhere; to be awaited once, by the task in whose name it began."""

    __slots__ = ("_context", "_waits_for", "_work", "error")

    def __init__(self, work: Coroutine[Any, Any, None], context: contextvars.Context, waits_for: object) -> None:
        self._work = work
        self._context = context
        self._waits_for = waits_for
        _mark(waits_for, awaited=False)
        self.error: BaseException | None = None
        """What is to be raised where it waits; set when it was cancelled before anybody awaited it."""

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for: Any = self._waits_for
        thrown = self.error
        if thrown is not None and hasattr(waits_for, "cancel") and waits_for.cancel():
            # As a task does: what it waits for is cancelled, and by its end the one who waits learns of it.
            thrown = None
        _mark(waits_for, awaited=True)
        while True:
            step: Any = self._work.send
            try:
                if thrown is not None:
                    raise thrown  # noqa: TRY301 - as if it came from where the coroutine waits
                value: Any = yield waits_for
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's to handle
                step, value, thrown = self._work.throw, error, None
            try:
                waits_for = self._context.run(step, value)
            except StopIteration:
                return


def _mark(waits_for: Any, *, awaited: bool) -> None:
    """Say for a future whether it is on its way to a task: so long nobody else could await it."""
    if hasattr(waits_for, "_asyncio_future_blocking"):
        waits_for._asyncio_future_blocking = awaited  # noqa: SLF001 - what makes an object awaitable for asyncio's tasks
