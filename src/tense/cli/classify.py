"""`tense classify`: what kind of message a name reads as, for people and as JSON lines."""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, BinaryIO, TextIO

import msgspec
import typer

from tense.cli.questions import ask_about
from tense.rules.naming.reading import Reading, read_name

LONGEST = 4096
"""Bytes of a line that are read as its name; the rest of a longer line is passed over."""

WIDEST = 48
"""Characters of a name that are shown to people in the first column."""

SUREST = 0.99
"""What people are shown at most: no name is beyond doubt."""

USAGE = 2
"""Exit status when there is nothing to classify, or the questions were not answered."""

_COLOURS = {"command": "34", "event": "32", "query": "36", "ambiguous": "33", "neither": "2"}


def classify(names: list[str], *, as_json: bool = False, ask: str | None = None) -> int:
    """Classify names, or one name by four questions; exit status 0, or 2 where there is nothing to do.

    Without names they are read from standard input, one per line: any bytes are answered, in order, each
    line as it comes, an empty line too. With `as_json` each answer is one JSON object on a line of its own.
    """
    try:
        return _classify(names, as_json=as_json, ask=ask)
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _classify(names: list[str], *, as_json: bool, ask: str | None) -> int:
    if ask is not None:
        if names or as_json:
            return _refuse("--ask takes one name and goes with neither other names nor --json.")
        return ask_about(printable(clean(ask)), sys.stdin, sys.stdout)
    if not names and sys.stdin.isatty():
        return _refuse("Give names (`tense classify OrderPlaced ship-order`), or pipe them in, one per line.")
    given = map(clean, names) if names else lines(sys.stdin.buffer)
    if as_json:
        write_json(given, sys.stdout.buffer)
    else:
        write_text(given, sys.stdout, colour=wants_colour(sys.stdout), width=_width(names))
    return 0


def _refuse(reason: str) -> int:
    print(f"tense classify: {reason}", file=sys.stderr)
    return USAGE


def lines(source: BinaryIO) -> Iterator[str]:
    """The names of a stream, one per line, whatever its bytes: bad UTF-8 is replaced, long lines are cut."""
    first = True
    while line := source.readline(LONGEST):
        if not line.endswith(b"\n"):
            _pass_over(source, line)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        yield text.removeprefix("\ufeff") if first else text
        first = False


def _pass_over(source: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = source.readline(LONGEST)


def clean(name: str) -> str:
    """A name from the command line as text that can be written, whatever bytes the shell gave."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:LONGEST]


def printable(name: str) -> str:
    """A name that cannot move the cursor or colour the terminal: control characters become `?`."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def write_json(names: Iterable[str], target: BinaryIO) -> None:
    """Answer each name with one JSON object on a line, and send it on at once."""
    encoder = msgspec.json.Encoder()
    for name in names:
        target.write(encoder.encode(read_name(name)) + b"\n")
        target.flush()


def write_text(names: Iterable[str], target: TextIO, *, colour: bool, width: int) -> None:
    """Answer each name with one line for people: name, kind, how sure, why, and a better name."""
    for name in names:
        line = describe(read_name(name), colour=colour, width=width)
        target.write(line.encode(target.encoding or "utf-8", "replace").decode(target.encoding or "utf-8") + "\n")
        target.flush()


def describe(reading: Reading, *, colour: bool, width: int) -> str:
    """One line for people."""
    name = printable(reading.name)
    name = name if len(name) <= WIDEST else name[: WIDEST - 3] + "..."
    kind = f"{reading.kind:<9}"
    if colour:
        kind = f"\x1b[{_COLOURS[reading.kind]}m{kind}\x1b[0m"
    better = f" Better: {printable(reading.mend)}" if reading.mend is not None else ""
    return f"{name:<{width}}  {kind}  {min(reading.confidence, SUREST):4.0%}  {reading.why}{better}"


def wants_colour(target: TextIO) -> bool:
    """Whether to colour: a terminal, no NO_COLOR, not a dumb one."""
    return target.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width(names: list[str]) -> int:
    """The width of the first column; names that are still to come cannot be measured."""
    return max((min(len(printable(clean(name))), WIDEST) for name in names), default=30)


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Names to classify; without them, standard input, one per line."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer each name with one JSON object on a line.")] = False,
    ask: Annotated[
        str | None, typer.Option("--ask", metavar="NAME", help="Ask the four questions about one name.")
    ] = None,
) -> None:
    """Say what kind of message a name reads as: command, event, query, ambiguous or neither."""
    raise typer.Exit(classify(names or [], as_json=as_json, ask=ask))


def main() -> None:
    """Run this verb alone: `python -m tense.cli.classify`."""
    typer.run(command)


if __name__ == "__main__":
    main()
