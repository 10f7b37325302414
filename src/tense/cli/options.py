"""Options: the words that several verbs take, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

App = Annotated[
    str | None,
    typer.Argument(metavar="APP", help="MODULE:APP; without it, app = under [tool.tense] in pyproject.toml."),
]
AppOption = Annotated[
    str | None,
    typer.Option("--app", metavar="APP", help="MODULE:APP; without it, app = under [tool.tense] in pyproject.toml."),
]
AppDir = Annotated[
    Path | None,
    typer.Option("--app-dir", metavar="FOLDER", help="Where the app's modules are found, if not here."),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="URL", envvar="TENSE_STORE", help="Where messages are kept, such as sqlite:///shop.db."
    ),
]
Broker = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        envvar="TENSE_BROKER",
        help="Where messages travel, if not in the store, such as postgresql://host/messages.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Services = Annotated[
    list[str] | None,
    typer.Option("--service", "-s", metavar="NAME", help="Run this service only; may be given several times."),
]
LogFormat = Annotated[str, typer.Option("--log-format", metavar="text|json", help="How log lines are written.")]
