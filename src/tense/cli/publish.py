"""`tense publish`: publishes events of the app's own services."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tense.cli import options
from tense.cli.answers import Answer
from tense.cli.bodies import Bodies
from tense.cli.project import chosen_address, chosen_app
from tense.cli.sending import Sending, send_all
from tense.cli.words import decoded, message_class
from tense.messages.declaration import declaration_of
from tense.runtime.system import SystemChance

if TYPE_CHECKING:
    from tense.runtime.client import Client


def command(
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The event: orders.OrderPlaced or OrderPlaced.")],
    body: Annotated[str | None, typer.Argument(metavar="JSON", help="Its fields; without it, lines of JSON.")] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="Read lines of JSON, or one document; - is stdin."),
    ] = None,
    message_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Its id: the same again changes nothing. Lines get ID-1, ID-2, ..."),
    ] = None,
    as_json: options.Json = False,
    app: options.AppOption = None,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
) -> None:
    """Publish an event of one of the app's own services, or one for each line of JSON.

    Only its owner says that something happened. Exit status 1 if a line was refused.
    """
    found = chosen_app(app, app_dir)
    cls = message_class(found, name, "event")
    wire, chance = declaration_of(cls).name, SystemChance()

    async def one(client: "Client", content: bytes, own_id: str | None) -> Answer:
        own_id = own_id or chance.new_id()
        await client.publish(decoded(found, cls, content), id=own_id)
        return Answer(id=own_id, type=wire, state="published")

    sending = Sending(app=found, doing=f"publishing {wire}", one=one, message_id=message_id, as_json=as_json)
    raise typer.Exit(asyncio.run(send_all(sending, Bodies(body, file), chosen_address(store, found, broker))))
