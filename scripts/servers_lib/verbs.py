"""The verbs of `scripts/servers`: up, down, status, env."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from servers_lib import pgbouncer, postgres
from servers_lib.place import Place, ServerError, home_of

HOME = home_of(Path(__file__).resolve().parents[2])

SERVERS = {"postgres": postgres, "pgbouncer": pgbouncer}
"""Every server by name, after those it stands on: a module with `up(place)` that gives its address, and its signal to stop."""

USAGE = f"""usage: scripts/servers up [NAME ...] | down [NAME ...] | status | env

names: {", ".join(SERVERS)} (none: all)
"""


def main(arguments: Sequence[str]) -> int:
    """Run one verb; 0 if it worked, 1 if a server did not, 2 if it was not understood."""
    verb, names = (arguments[0] if arguments else ""), list(arguments[1:])
    if verb not in VERBS or any(name not in SERVERS for name in names):
        sys.stderr.write(USAGE)
        return 2
    try:
        VERBS[verb](names or list(SERVERS))
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def up(names: Sequence[str]) -> None:
    """Start what does not run yet."""
    for name in names:
        place = Place(HOME, name)
        if place.alive:
            print(f"{name} runs already: {place.address}")
            continue
        place.record_address(SERVERS[name].up(place))
        print(f"{name} is up: {place.address}")


def down(names: Sequence[str]) -> None:
    """Stop what was started here."""
    for name in reversed(names):
        place = Place(HOME, name)
        print(f"{name} is stopped" if place.stop(SERVERS[name].STOP) else f"{name} did not run")


def status(names: Sequence[str]) -> None:
    """Say what runs."""
    for name in names:
        place = Place(HOME, name)
        print(f"{name}: " + (f"pid {place.pid}, {place.address}" if place.alive else "stopped"))


def env(names: Sequence[str]) -> None:
    """Print the addresses of what runs, as a shell reads them."""
    for name in names:
        place = Place(HOME, name)
        if place.alive:
            print(f"export TENSE_TEST_{name.upper()}={place.address}")


VERBS: dict[str, Callable[[Sequence[str]], None]] = {"up": up, "down": down, "status": status, "env": env}
