"""Asking: a destructive verb says what it will do, and does it when told so."""

import sys

from tense.cli.mistake import MistakeError


def confirmed(what: str, *, yes: bool) -> bool:
    """Whether to go on: told so with --yes, or by whoever is asked now.

    Raises:
        MistakeError: nobody is there who could be asked.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        text = f"this would {what}. Nobody can be asked here: say --yes to do it."
        raise MistakeError(text)
    print(f"This will {what}. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
