"""Telling: claims that were checked, in colours where a person looks."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence

GREEN, RED, BOLD, DIM, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[2m", "\033[0m"


class Story:
    """Prints a story and remembers which of its claims were not so."""

    def __init__(self) -> None:
        self.claims = 0
        self.untrue: list[str] = []
        self._began = time.monotonic()
        self._chapters = 0
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._began

    def chapter(self, title: str, *lines: str) -> None:
        """Begin a chapter, with what happens in it."""
        self._chapters += 1
        print(f"\n{self._in(BOLD, f'{self._chapters}  {title}')}")
        self.tell(*lines)

    def tell(self, *lines: str) -> None:
        """Say what happens. Nothing in it is a claim."""
        for line in lines:
            print(f"   {self._in(DIM, line)}", flush=True)

    def claim(self, text: str, so: object, *, but: object = "") -> None:
        """Say something that was checked; `but` is what was found instead."""
        self.claims += 1
        if so:
            print(f"   {self._in(GREEN, '✓')} {text}", flush=True)
        else:
            self.untrue.append(text)
            found = f" (found: {but})" if but != "" else ""
            print(f"   {self._in(RED, '✗ not so:')} {text}{found}", flush=True)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table: the first column is text, the others are figures."""
        cells = [[str(cell) for cell in row] for row in (head, *rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
        for number, row in enumerate(cells):
            first, *others = (
                cell.rjust(width) if column else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            line = "  ".join((first, *others))
            print(f"     {self._in(BOLD, line) if number == 0 else line}")

    def end(self) -> int:
        """The last line, and the exit status."""
        if self.untrue:
            print(f"\n{self._in(RED, f'{len(self.untrue)} of {self.claims} claims were not so.')}")
            return 1
        print(f"\n{self._in(BOLD, f'{self.claims} claims, all of them so')}, in {self.seconds:.1f} seconds.")
        return 0

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._coloured else text


async def until(check: Callable[[], object], limit: float = 15.0) -> bool:
    """Whether something became true within so many seconds."""
    end = time.monotonic() + limit
    while not (so := check()) and time.monotonic() < end:  # noqa: ASYNC110 - it looks at tables that others write
        await asyncio.sleep(0.01)
    return bool(so)
