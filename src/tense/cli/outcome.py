"""`tense outcome`: says what became of a command."""

import asyncio
from typing import Annotated

import typer

from tense.cli import options
from tense.cli.answers import Answer, show_answer, standing_of
from tense.cli.mistake import MistakeError
from tense.cli.opened import opened
from tense.cli.project import store_without_app


def command(
    message_id: Annotated[str, typer.Argument(metavar="ID", help="The command's id, as `tense send` printed it.")],
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wait so long for its end, if it has not ended.", min=0)
    ] = 0.0,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
) -> None:
    """Say what became of a command.

    Exit status 0 if it was completed, 1 if it ended otherwise or has not ended, 2 if the id is not known.
    """
    answer = asyncio.run(_answer(store_without_app(store, broker), message_id, wait))
    if answer is None:
        text = f"no command {message_id!r} is known on this store (any more). Outcomes are kept for a time only."
        raise MistakeError(text)
    show_answer(answer, as_json=as_json)
    raise typer.Exit(0 if answer.state == "completed" else 1)


async def _answer(address: str, message_id: str, wait: float) -> Answer | None:
    async with opened(address) as store:
        return await standing_of(store, message_id, wait)
