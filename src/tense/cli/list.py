"""`tense list`: services, messages, who handles them, and what waits."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tense.cli import options
from tense.cli.mistake import MistakeError
from tense.cli.opened import opened, refuse_missing
from tense.cli.paper import age, paint, print_json, table
from tense.cli.project import chosen_address, chosen_app
from tense.errors import StoreError
from tense.messages.declaration import declaration_of
from tense.ports.records import Instance, Lag
from tense.runtime.load import is_private

if TYPE_CHECKING:
    from tense.runtime.app import App


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A service: how many processes run it now, what it handles, subscribes to and hears."""

    name: str
    running: int
    handles: tuple[str, ...]
    subscribes: tuple[str, ...]
    hears: tuple[str, ...]


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message: its owner, key and version, and where it is handled."""

    name: str
    kind: str
    owner: str
    version: int
    key: str | None
    handled_by: tuple[str, ...]
    said_by: tuple[str, ...]
    place: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is listed. `lags` is empty and `remark` says why where the store cannot be read."""

    app: str
    store: str
    services: tuple[ServiceRow, ...]
    messages: tuple[MessageRow, ...]
    lags: tuple[Lag, ...] = ()
    remark: str = ""


def command(
    app: options.App = None,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
) -> None:
    """List services, messages, handlers, subscribers, and what waits for each."""
    found = chosen_app(app, app_dir)
    try:
        address = chosen_address(store, found, broker)
    except MistakeError:
        address = "memory:"
    listing = asyncio.run(listing_of(found, address))
    if as_json:
        print_json(listing)
    else:
        print(drawn(listing, time.time()))


async def listing_of(app: "App", address: str) -> Listing:
    """What an app is made of, and what its store says of it."""
    instances: Sequence[Instance] = ()
    lags: Sequence[Lag] = ()
    remark = ""
    try:
        if is_private(address):
            remark = "a store in memory: nothing of it can be seen from here"
        else:
            refuse_missing(address)
            async with opened(address) as store:
                instances, lags = await store.instances(), await store.lags()
    except (MistakeError, StoreError) as error:
        remark = str(error)
    now = time.time()
    living = [instance for instance in instances if instance.until > now]
    return Listing(
        app=app.target or "",
        store=address,
        services=tuple(_service(app, name, living) for name in app.registry.services),
        messages=tuple(_message(app, name) for name in sorted(app.registry.messages)),
        lags=tuple(lags),
        remark=remark,
    )


def _service(app: "App", name: str, living: Sequence[Instance]) -> ServiceRow:
    def names(role: str) -> tuple[str, ...]:
        return tuple(h.declaration.name for h in app.registry.services[name].handlers if h.role == role)

    return ServiceRow(
        name=name,
        running=sum(name in instance.services for instance in living),
        handles=names("handles"),
        subscribes=names("subscribes"),
        hears=names("hears"),
    )


def _message(app: "App", name: str) -> MessageRow:
    declaration = declaration_of(app.registry.messages[name])
    handled = [h.name for h in app.registry.handlers if h.declaration.name == name and h.role != "hears"]
    said = [
        handler.name
        for handler in app.registry.handlers
        if any(each.name == name for each in sum(app.registry.says(handler).values(), ()))
    ]
    return MessageRow(
        name=name,
        kind=declaration.kind,
        owner=declaration.owner.name,
        version=declaration.version,
        key=declaration.key,
        handled_by=tuple(handled),
        said_by=tuple(said),
        place=declaration.place,
    )


def drawn(listing: Listing, now: float) -> str:
    """The listing for people."""
    services = [
        (row.name, row.running or "-", _count(row.handles), _count(row.subscribes), _count(row.hears))
        for row in listing.services
    ]
    messages = [
        (row.kind, row.name, row.key or "-", ", ".join(map(_short, row.handled_by)) or "-", _said(row))
        for row in listing.messages
    ]
    lags: list[Sequence[Any]] = [
        (
            lag.consumer,
            lag.waiting,
            "-" if lag.oldest is None else age(now - lag.oldest),
            lag.retrying,
            lag.held,
            lag.dead,
            f"{lag.owned}/{lag.lanes}",
        )
        for lag in listing.lags
    ]
    parts = [
        paint("services", "bold"),
        table(("service", "running", "handles", "subscribes", "hears"), services),
        "",
        paint("messages", "bold"),
        table(("kind", "message", "key", "handled by", "said by"), messages),
        "",
        paint("waiting", "bold"),
        table(("consumer", "waiting", "oldest", "retried", "held", "dead", "lanes"), lags) if lags else "  nothing yet",
    ]
    return "\n".join([*parts, *([f"  ({listing.remark})"] if listing.remark else [])])


def _count(names: Sequence[str]) -> str:
    return str(len(names)) if names else "-"


def _short(handler: str) -> str:
    """`shop.orders.service:place` -> `orders.place`: the part of the path that tells services apart."""
    module, _, function = handler.partition(":")
    parts = module.removesuffix(".service").split(".")
    return f"{parts[-1]}.{function}"


def _said(row: MessageRow) -> str:
    return ", ".join(map(_short, row.said_by)) or "-"
