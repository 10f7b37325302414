"""`tense run`: runs services until told to stop, in two phases."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from tense.cli import options
from tense.cli.logs import configure_logs
from tense.cli.mistake import MistakeError
from tense.cli.paper import paint
from tense.cli.project import chosen_app, chosen_broker, chosen_store
from tense.cli.stream import Stream
from tense.cli.verbs import nearest
from tense.ports.store import Store
from tense.runtime.system import SystemClock

if TYPE_CHECKING:
    from tense.runtime.app import App

STOPPING = [signal.SIGTERM, signal.SIGINT]


def command(
    app: options.App = None,
    *,
    service: options.Services = None,
    store: options.Store = None,
    broker: options.Broker = None,
    log_format: options.LogFormat = "text",
    messages: Annotated[bool, typer.Option("--messages", help="Log each message that is handled.")] = False,
    app_dir: options.AppDir = None,
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
) -> None:
    """Run an app's services until told to stop.

    Ctrl-C or SIGTERM takes nothing new and lets running handlers end; a second one ends at once, and what was
    running will run again.
    """
    configure_logs(log_format)
    found = chosen_app(app, app_dir)
    refuse_unknown(service or [], list(found.registry.services))
    if until_input_ends:
        threading.Thread(target=stop_with_input, daemon=True, name="tense-parent").start()
    if messages:
        found.middleware = (Stream(SystemClock()), *found.middleware)
    # As the app's own: then its outbox knows of the broker too.
    found.broker = chosen_broker(broker, found)
    asyncio.run(serve(found, service or [], chosen_store(store, found), as_json=log_format == "json"))


def stop_with_input() -> None:
    """Tell this process to stop when its standard input ends: whoever started it is gone."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def refuse_unknown(services: Sequence[str], known: list[str]) -> None:
    """Refuse a service that the app does not have, with the nearest that it has.

    Raises:
        MistakeError: there is none of this name.
    """
    for name in services:
        if name not in known:
            guess = nearest(name, known)
            hint = f"Did you mean: --service {guess}" if guess else f"It has: {', '.join(known)}"
            text = f"the app has no service {name!r}. {hint}"
            raise MistakeError(text)


async def serve(app: "App", services: Sequence[str], store: str | Store, *, as_json: bool = False) -> None:
    """Run services on a store until a signal says stop."""
    stop = Stop(asyncio.get_running_loop(), app.drain)
    with stop:
        async with app.running(*services, store=store):
            announce(app, services or list(app.registry.services), store, as_json=as_json)
            await stop.asked.wait()
    _say("stopped.", as_json=as_json, fields={"event": "stopped"})


class Stop:
    """Hears SIGTERM and SIGINT: the first asks for a stop, the second ends the process at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, drain: float) -> None:
        self.asked = asyncio.Event()
        self._loop = loop
        self._drain = drain
        self._times = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Not by the loop's own means: a handler that blocks the loop must not keep the second signal from ending it.
        for number in STOPPING:
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _heard(self, number: int, _frame: object) -> None:
        self._times += 1
        if self._times > 1:
            os.write(2, b"told twice: ending at once; what was running will run again.\n")
            os._exit(128 + number)
        os.write(2, f"stopping: running handlers have {self._drain:g} s to end. Again: at once.\n".encode())
        self._loop.call_soon_threadsafe(self.asked.set)


def announce(app: "App", services: Sequence[str], store: str | Store, *, as_json: bool) -> None:
    """Say what runs where."""
    address = " via ".join(
        part if isinstance(part, str) else type(part).__name__ for part in (store, app.broker) if part is not None
    )
    fields = {"event": "started", "app": app.target, "services": list(services), "store": address, "pid": os.getpid()}
    lines = [f"running {app.target or 'the app'} on {address} (process {os.getpid()}); Ctrl-C stops it."]
    for name in services:
        roles: dict[str, list[str]] = {}
        for handler in app.registry.services[name].handlers:
            roles.setdefault(handler.role, []).append(handler.declaration.name)
        does = "; ".join(f"{role} {', '.join(names)}" for role, names in roles.items()) or "does nothing yet"
        lines.append(f"  {paint(name, 'bold', sys.stderr)} {does}")
    _say("\n".join(lines), as_json=as_json, fields=fields)


def _say(text: str, *, as_json: bool, fields: dict[str, Any]) -> None:
    import logging

    if as_json:
        logging.getLogger("tense").info("%s", text.splitlines()[0], extra={"fields": fields})
    else:
        print(text, file=sys.stderr, flush=True)
