"""python -m tense.testing.simulation: a fleet, its faults, and many seeds."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tense.runtime.load import AppNotFoundError
from tense.testing.simulation.run import Verdict, simulate
from tense.testing.simulation.search import Found, search, smallest, subject_of

FIXED = "PYTHONHASHSEED"
"""Sets of strings are walked in the order of their hashes: for a run to be the same twice, these must be fixed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run seeds, or one seed, or a tape. 0: all is as it must be; 1: it is not; 2: nothing to run."""
    options = _options(arguments)
    sys.path.insert(0, "")
    try:
        subject = subject_of(options.app)
    except AppNotFoundError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that prints
        return 2
    if options.seed is not None:
        tape = None if options.tape is None else json.loads(Path(options.tape).read_text())
        return _tell(simulate(subject, options.seed, tape))
    began = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    found = search(options.app, seeds, options.processes, lambda so_far: _progress(so_far, options.seeds, began))
    _table(found, time.monotonic() - began)
    for verdict in found.failed[:3]:
        _tell(verdict)
        _say(f"    replay: {_replay(options.app, verdict.seed)}")
    if found.failed and not options.no_shrink:
        least = smallest(subject, found.failed[0])
        place = Path(f"simulation-{least.seed}.tape.json")
        place.write_text(json.dumps(list(least.tape)))
        _say(f"\nthe smallest tape of seed {least.seed}: {sum(map(bool, least.tape))} choices that are not 0")
        _tell(least)
        _say(f"    replay: {_replay(options.app, least.seed)} --tape {place}")
    return 1 if found.failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tense.testing.simulation", description=__doc__)
    parser.add_argument("--app", required=True, help="MODULE:APP; the module has `workload`, and may have `check`")
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one seed and tell its story")
    parser.add_argument("--tape", help="play this tape instead of what the seed draws")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-shrink", action="store_true", help="do not look for the smallest tape that fails")
    return parser.parse_args(arguments)


def _progress(found: Found, seeds: int, began: float) -> None:
    text = f"\r{found.seeds} of {seeds} seeds, {len(found.failed)} failed, {time.monotonic() - began:.0f} s "
    print(text, end="", file=sys.stderr, flush=True)  # noqa: T201 - a program that prints


def _table(found: Found, took: float) -> None:
    rows = {
        "seeds": f"{found.seeds:,}",
        "failed": f"{len(found.failed):,}",
        "messages": f"{found.messages:,}",
        "kills": f"{found.faults['killed']:,}",
        "graceful stops": f"{found.faults['stops']:,}",
        "pauses": f"{found.faults['paused']:,}",
        "cuts": f"{found.faults['cut off']:,}",
        "steps": f"{found.steps:,}",
        "virtual time": f"{found.seconds / 3600:.1f} h",
        "trace of all": f"{found.trace:08x}",
        "real time": f"{took:.0f} s",
    }
    _say("")
    for name, value in rows.items():
        _say(f"{name:>16}  {value}")


def _tell(verdict: Verdict) -> int:
    _say(
        f"\nseed {verdict.seed}, trace {verdict.trace}: {verdict.steps:,} steps, {verdict.seconds:.1f} virtual seconds"
    )
    for event in verdict.events:
        _say(f"    {event}")
    for finding in verdict.findings[:20]:
        _say(f"  ✗ {finding}")
    if not verdict.findings:
        _say("  all is as it must be")
    return 1 if verdict.findings else 0


def _replay(app: str, seed: int) -> str:
    return f"python -m tense.testing.simulation --app {app} --seed {seed}"


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a program that prints


def _fixed() -> None:
    """Start again with fixed hashes."""
    if os.environ.get(FIXED) != "0":
        program = [sys.executable, "-m", "tense.testing.simulation", *sys.argv[1:]]
        os.execve(sys.executable, program, {**os.environ, FIXED: "0"})  # noqa: S606 - this very program


if __name__ == "__main__":
    _fixed()
    sys.exit(main())
