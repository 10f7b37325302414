"""The verbs of the command line as a table; nothing of them is imported until one is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: the module under `tense.cli` whose `command` it is, and what it does in one line."""

    module: str
    help: str


VERBS: Mapping[str, Verb] = {
    "new": Verb("new", "Write a starter project that passes its own tests."),
    "dev": Verb("dev", "Run an app, show each message, and start again when a file changes."),
    "run": Verb("run", "Run an app's services until told to stop."),
    "send": Verb("send", "Send a command, or one for each line of JSON."),
    "publish": Verb("publish", "Publish an event of one of the app's own services."),
    "outcome": Verb("outcome", "Say what became of a command."),
    "list": Verb("list", "List services, messages, who handles them, and what waits."),
    "dead": Verb("dead", "List, show, redrive or drop dead letters."),
    "replay": Verb("replay", "Feed logged events to one subscription again, with shut ports."),
    "classify": Verb("classify", "Say what kind of message a name reads as."),
    "check": Verb("check", "Find commands and events that are mixed up."),
    "graph": Verb("graph", "Draw who says and handles what."),
    "diff": Verb("diff", "Say what changed between two topologies."),
    "doctor": Verb("doctor", "Look for trouble: configuration, schema, lag, leases, clock."),
    "db": Verb("db", "Show or migrate the store's database."),
}
"""Every verb in the order of a project's life. Those whose module is not here are not shown."""


@cache
def known_verbs() -> tuple[str, ...]:
    """The verbs whose module exists; found without importing any."""
    return tuple(name for name, verb in VERBS.items() if find_spec(f"tense.cli.{verb.module}") is not None)


def nearest(word: str, known: tuple[str, ...] | list[str]) -> str | None:
    """The known word that a wrong one was probably meant to be."""
    lowered = {each.lower(): each for each in reversed(known)}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.5)
    return lowered[close[0]] if close else None
