"""`tense send`: sends commands, one by argument or many by lines of JSON."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tense.cli import options
from tense.cli.answers import Answer, answer_to
from tense.cli.bodies import Bodies
from tense.cli.mistake import MistakeError
from tense.cli.project import chosen_address, chosen_app
from tense.cli.sending import Sending, send_all
from tense.cli.words import decoded, duration, message_class, moment
from tense.messages.declaration import declaration_of

if TYPE_CHECKING:
    from tense.runtime.client import Client


def command(
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The command: orders.PlaceOrder or PlaceOrder.")],
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
    after: Annotated[str | None, typer.Option(metavar="TIME", help="Not handled before: 90s, 15m, 1h30m, 2d.")] = None,
    at: Annotated[str | None, typer.Option(metavar="MOMENT", help="Not handled before: 2027-01-31T09:00.")] = None,
    wait: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Wait for the outcome and print it.", min=0)
    ] = None,
    as_json: options.Json = False,
    app: options.AppOption = None,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
) -> None:
    """Send a command, or one for each line of JSON; print its id once it is durably accepted.

    Exit status 1 if a line was refused or, with --wait, if a command did not succeed.
    """
    if after is not None and at is not None:
        text = "--after and --at both say when; give one."
        raise MistakeError(text)
    found = chosen_app(app, app_dir)
    cls = message_class(found, name, "command")
    when: dict[str, Any] = {"after": duration(after, "--after"), "at": moment(at, "--at")}
    wire = declaration_of(cls).name

    async def one(client: "Client", content: bytes, own_id: str | None) -> Answer:
        ticket = await client.send(decoded(found, cls, content), id=own_id, **when)
        return (
            Answer(id=ticket.id, type=wire, state="accepted") if wait is None else await answer_to(ticket, wire, wait)
        )

    sending = Sending(app=found, doing=f"sending {wire}", one=one, message_id=message_id, as_json=as_json)
    raise typer.Exit(asyncio.run(send_all(sending, Bodies(body, file), chosen_address(store, found, broker))))
