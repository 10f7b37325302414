"""Line: one measured piece of work, beside what it is compared with and the bar it must meet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table. `met` is None where nothing is judged: not run, or for information."""

    row: str
    work: str
    tense: str
    beside: str
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None
    data: dict[str, Any] = field(default_factory=dict)


def compared(
    row: str, work: str, values: tuple[Sequence[float], Sequence[float]], *, other: str, bar: float, unit: str = "/s"
) -> Line:
    """A line whose ratio is Tense : other, the median of the ratios of each round, and at least `bar`."""
    tense, limit = values
    ratio = median(a / b for a, b in zip(tense, limit, strict=True))
    return Line(
        row=row,
        work=work,
        tense=amount(median(tense), unit),
        beside=f"{other} {amount(median(limit), unit)}",
        ratio=ratio,
        bar=f">= {bar:g} x",
        met=ratio >= bar,
        data={"tense": list(tense), other: list(limit)},
    )


def not_run(row: str, work: str, why: str) -> Line:
    """A line that says plainly that it was not measured."""
    return Line(row=row, work=work, tense="-", beside=f"not run: {why}")


def amount(value: float, unit: str) -> str:
    """A figure as it is read."""
    if unit == "/s":
        return f"{value:,.0f}/s"
    return f"{value:,.2f} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def table(lines: Sequence[Line]) -> str:
    """The lines as aligned text, with what was missed below."""
    cells = [("row", "work", "Tense", "beside", "ratio", "bar", "")]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        verdict = {True: "met", False: "MISSED", None: ""}[line.met]
        cells.append((line.row, line.work, line.tense, line.beside, ratio, line.bar, verdict))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    text.insert(1, "-" * max(map(len, text)))
    missed = [line for line in lines if line.met is False]
    text.append("")
    text += [f"missed: {line.row}: {line.work}: {line.tense}, the bar is {line.bar}" for line in missed]
    text.append(f"{sum(line.met is True for line in lines)} bars met, {len(missed)} missed")
    return "\n".join(text)
