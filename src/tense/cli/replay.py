"""`tense replay`: feeds logged events to one subscription again, and reports what it would have said."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tense.cli import options
from tense.cli.asking import confirmed
from tense.cli.mistake import MistakeError
from tense.cli.opened import opened
from tense.cli.paper import complain, counted, paint, print_json
from tense.cli.project import chosen_address, chosen_app
from tense.cli.verbs import nearest
from tense.cli.words import moment
from tense.messages.envelope import service_of
from tense.runtime.engine import Seams
from tense.runtime.replay import Replay, Report, remembering, subscription_of
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn

if TYPE_CHECKING:
    from tense.runtime.app import App

FEW = 10
"""Failures that are shown to people; the others are counted."""


def command(
    subscription: Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="As `tense list` names it: SERVICE<LOG.")],
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="WHERE", help="Begin after this position, or at this moment.")
    ] = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
    app: options.AppOption = None,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
) -> None:
    """Feed logged events to one subscription again, in an epoch of its own, with shut ports.

    Its handlers run and what they write is kept; what they would have published or sent is counted and not said.
    Only what the subscription has handled before is fed. Commands are never replayed. Exit status 1 if one failed.
    """
    found = chosen_app(app, app_dir)
    name = known_subscription(found, subscription)
    address = chosen_address(store, found, broker)
    where = beginning(since)
    if not confirmed(f"run the handlers of {name} again over what they have handled, and keep their writes", yes=yes):
        text = "nothing was done."
        raise MistakeError(text)
    report = asyncio.run(_replayed(found, address, name, where))
    show(name, report, as_json=as_json)
    raise typer.Exit(1 if report.failed else 0)


def known_subscription(app: "App", name: str) -> str:
    """The subscription's whole name; a service's name is enough where it has only one.

    Raises:
        MistakeError: there is none, with the nearest that there is.
        RegistrationError: it is an inbox.
    """
    names = [consumer.name for consumer in app.registry.consumers if consumer.kind == "subscription"]
    own = [each for each in names if service_of(each) == name]
    if name not in names and len(own) == 1:
        return own[0]
    if name not in names and (guess := nearest(name, own or names)):
        inbox = any(consumer.name == name and consumer.kind == "inbox" for consumer in app.registry.consumers)
        if not inbox or own:
            text = f"there is no subscription {name!r}. Did you mean: {guess!r}"
            raise MistakeError(text)
    return subscription_of(app.registry.consumers, name).name


def beginning(text: str | None) -> tuple[int, float]:
    """A position and a moment to begin at: `17`, `2027-01-31T09:00`, or nothing for the beginning.

    Raises:
        MistakeError: it is neither.
    """
    if text is None or text == "start":
        return 0, 0.0
    if text.isdecimal():
        return int(text), 0.0
    found: datetime | None = moment(text, "--from")
    return 0, 0.0 if found is None else found.timestamp()


async def _replayed(app: "App", address: str, name: str, where: tuple[int, float]) -> Report:
    spawn = SystemSpawn()
    try:
        async with opened(address) as store:
            replay = Replay(app, remembering(store), Seams(SystemClock(), SystemChance(), spawn))
            return await replay.run(name, after=where[0], since=where[1])
    finally:
        spawn.close()


def show(name: str, report: Report, *, as_json: bool) -> None:
    """Print what a replay did."""
    if as_json:
        failures = [{"position": position, "error": error} for position, error in report.failures]
        print_json(
            {
                "subscription": name,
                "handled": report.handled,
                "position": report.position,
                "silenced": dict(report.said),
                "failed": report.failed,
                "failures": failures,
            }
        )
        return
    print(f"{paint(name, 'bold')} handled {counted(report.handled, 'event')} again, up to position {report.position}.")
    for said, count in sorted(report.said.items()):
        print(f"  not said: {said} ({counted(count, 'time')})")
    for position, error in report.failures[:FEW]:
        complain(f"position {position} failed and was undone: {error}")
    if report.failed > FEW:
        complain(f"... and {report.failed - FEW:,} more failed.")
