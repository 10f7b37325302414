"""`tense diff`: what changed between two topologies, and who breaks."""

import sys
from typing import Annotated

import msgspec
import typer

from tense.cli.graph import read_or_refuse
from tense.lint.refusal import UnusableInputError
from tense.topology.diff import Changes, Weight
from tense.topology.diff import diff as compared

_TITLES: dict[Weight, str] = {"breaking": "Breaks somebody", "risky": "May be meant", "safe": "Safe"}


def changes_between(old: str, new: str) -> Changes:
    """Return what changed from one target to another.

    Raises:
        UnusableInputError: one of them cannot be read.
    """
    return compared(read_or_refuse([old]), read_or_refuse([new]))


def told(changes: Changes) -> str:
    """Return the changes as text, the gravest first."""
    if not changes.changes:
        return "Nothing changed.\n"
    lines: list[str] = []
    for weight, title in _TITLES.items():
        own = [one for one in changes.changes if one.weight == weight]
        if not own:
            continue
        lines.append(f"{title} ({len(own)})")
        for one in own:
            lines.append(f"  {one.subject} {one.text}")
            if one.place is not None:
                lines.append(f"    {one.place.file}{f':{one.place.line}' if one.place.line else ''}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_json(changes: Changes) -> str:
    """Return the changes as JSON."""
    body = {"breaking": changes.is_breaking, "changes": changes.changes}
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


def diff(
    old: Annotated[str, typer.Argument(help="The topology before: an app, folder or document.")],
    new: Annotated[str, typer.Argument(help="The topology after.")],
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what changed between two topologies: exit 0 nobody breaks, 1 somebody breaks, 2 unusable input."""
    try:
        changes = changes_between(old, new)
    except UnusableInputError as error:
        print(f"tense diff: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(as_json(changes) if as_json_ else told(changes), end="")
    raise typer.Exit(1 if changes.is_breaking else 0)


command = diff
"""What `tense diff` runs."""
