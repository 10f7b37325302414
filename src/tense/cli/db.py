"""`tense db`: shows the store's database, or brings it to this Tense's schema."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from tense.cli import options
from tense.cli.group import HELP
from tense.cli.opened import opened
from tense.cli.paper import paint, print_json, printable
from tense.cli.project import store_without_app
from tense.runtime.load import schema_script

command = typer.Typer(
    help="Show or migrate the store's database.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)

Sql = Annotated[bool, typer.Option("--sql", help="Print the statements that make the tables, and run nothing.")]


@command.command("info")
def info(as_json: options.Json = False, store: options.Store = None, broker: options.Broker = None) -> None:
    """Show the store's settings and figures."""
    address = store_without_app(store, broker)
    _print(address, asyncio.run(_described(address, create=False)), as_json=as_json)


@command.command("migrate")
def migrate(
    as_json: options.Json = False, store: options.Store = None, broker: options.Broker = None, sql: Sql = False
) -> None:
    """Make the store's tables, or bring older ones to this Tense's schema. `tense run` does the same when it starts."""
    address = store_without_app(store, broker)
    if sql:
        print(schema_script(address), end="")
        return
    described = asyncio.run(_described(address, create=True))
    if not as_json:
        print("the schema is that of this Tense.")
    _print(address, described, as_json=as_json)


def _print(address: str, described: Mapping[str, str], *, as_json: bool) -> None:
    facts = {"store": address, **described}
    if as_json:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{paint(f'{name:<{width}}', 'dim')}  {printable(value)}")


async def _described(address: str, *, create: bool) -> Mapping[str, str]:
    async with opened(address, create=create) as store:
        return await store.describe()
