"""`make bench`: measure every row, print the table, write it as JSON; exit 1 when a bar is missed."""

import argparse
import json
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks import across, backlog, durable, execute, fanout, relay, startup
from benchmarks.children import RESULTS, ChildError
from benchmarks.line import Line, not_run, table

Rows = dict[str, Callable[[bool], list[Line]]]

ROWS: Rows = {
    "execute": execute.lines,
    "durable": durable.lines,
    "slow-disk": durable.slow_lines,
    "fanout": fanout.lines,
    "across": across.lines,
    "backlog": backlog.lines,
    "relay": relay.lines,
    "startup": startup.lines,
}


def main(arguments: Sequence[str] | None = None, rows: Rows = ROWS) -> int:
    """Run the rows that are asked for; the exit status."""
    options = _options(arguments, rows)
    lines: list[Line] = []
    for name in options.rows or rows:
        began = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        try:
            lines += rows[name](options.quick)
        except ChildError as error:
            print(error, file=sys.stderr)
            lines.append(Line(row=name, work="(all)", tense="failed", beside="", bar="an answer", met=False))
        print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    if not lines:
        lines.append(not_run("-", "-", "no row was asked for"))
    print(table(lines))
    print(f"written to {_write(lines, quick=options.quick)}", file=sys.stderr)
    return int(any(line.met is False for line in lines))


def _options(arguments: Sequence[str] | None, rows: Rows) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[[], *rows], help=f"of: {', '.join(rows)}; all without one")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and messages: for a look, not for a verdict")
    return parser.parse_args(arguments)


def _write(lines: Sequence[Line], *, quick: bool) -> str:
    now = datetime.now(UTC)
    RESULTS.mkdir(parents=True, exist_ok=True)
    place = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    fields = ("row", "work", "tense", "beside", "ratio", "bar", "met", "data")
    found = {
        "at": now.isoformat(),
        "quick": quick,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
        "lines": [{name: getattr(line, name) for name in fields} for line in lines],
    }
    place.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return str(place)


if __name__ == "__main__":
    sys.exit(main())
