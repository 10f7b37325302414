"""Paper: what is printed for people, coloured where one looks and plain in a pipe."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

import msgspec

STYLES: Mapping[str, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}

MINUTE, HOUR, DAY = 60, 3600, 86400


def wants_colour(target: TextIO) -> bool:
    """Whether somebody looks who wants colours: a terminal that can, and no NO_COLOR."""
    return target.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, target: TextIO | None = None) -> str:
    """The text in a style, or as it is where nobody sees colours (on standard output, if no target is named)."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if wants_colour(target or sys.stdout) else text


def printable(text: str, most: int = 0) -> str:
    """Text that cannot move a cursor or colour a terminal, cut to `most` characters (0: as long as it is)."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if not most or len(clean) <= most else clean[: most - 1] + "…"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "  ") -> str:
    """Rows under their heads in columns; figures to the right."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[at]) for row in cells)) for at, head in enumerate(heads)]
    right = [bool(rows) and all(isinstance(row[at], int | float) for row in rows) for at in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(row, widths, right, strict=True)
        ]
        return (indent + "  ".join(parts)).rstrip()

    return "\n".join([paint(line(list(heads)), "dim"), *map(line, cells)])


def age(seconds: float) -> str:
    """How long ago or how long, in one unit that says enough."""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.0f} h" if seconds < 2 * DAY else f"{seconds / DAY:.0f} days"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun: `1 event`, `1,200 events`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def print_json(value: object) -> None:
    """A value as JSON: indented for a terminal, on one line in a pipe."""
    text = msgspec.json.encode(value)
    if sys.stdout.isatty():
        text = msgspec.json.format(text, indent=2)
    print(text.decode())


def complain(text: str) -> None:
    """Say on standard error that something is not as it should be."""
    print(f"{paint('tense:', 'red', sys.stderr)} {text}", file=sys.stderr)
