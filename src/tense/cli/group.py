"""The verbs as one Typer group that imports a verb's module when that verb is used."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from tense.cli.verbs import VERBS, known_verbs

HELP = {"help_option_names": ["-h", "--help"]}


class LazyVerbs(TyperGroup):
    """A group whose commands are imported one by one, when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs there are."""
        del ctx
        return list(known_verbs())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one verb, imported now."""
        del ctx
        return command_of(cmd_name) if cmd_name in known_verbs() else None


def command_of(name: str) -> Any:
    """The command of a verb: its module's `command`, a function or a Typer of several."""
    verb = VERBS[name]
    found = import_module(f"tense.cli.{verb.module}").command
    if not isinstance(found, typer.Typer):
        app = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELP
        )
        app.command(name)(found)
        found = app
    made = typer.main.get_command(found)
    made.name = name
    made.short_help = verb.help
    return made


def typer_command() -> Any:
    """The whole command line as one command; with the options that install completion in a shell."""
    app = typer.Typer(
        name="tense", cls=LazyVerbs, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELP
    )
    app.callback()(_nothing)
    return typer.main.get_command(app)


def _nothing() -> None:
    """Commands are imperative. Events are past tense."""
