"""How well names are read: `make bench-names`. Exits 1 when a bar is missed, 2 without the corpus.

Three measures. By cross-validation: five folds grouped by `words`, the weights made from the other four. As
shipped: the weights in the package, which have seen these names, through `tense classify --json`. On unseen
sources: ten folds grouped by repository, which is what a stranger's names are like.
"""

import csv
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / ".." / "shared" / "corpus"

sys.path.insert(0, str(ROOT / "src"))

from tense.rules.naming.phrase import phrase_of  # noqa: E402 - the checkout's own package
from tense.rules.naming.reading import judge  # noqa: E402 - the checkout's own package

DECIDED, RIGHT = 0.86, 0.965
HARD_EXACT, AMBIGUOUS_DECIDED = 0.90, 0.10
PER_SECOND = 10_000


def load(file):
    """The rows of one file of the corpus."""
    with (CORPUS / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def trainer():
    """The script that makes the weights, as a module."""
    loader = importlib.machinery.SourceFileLoader("train_names", str(ROOT / "scripts" / "train_names"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("train_names", loader))
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = written
    return module


def fold(text, folds):
    """Which fold a group of names falls in, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"fold {text}".encode()).digest()[:8], "big") % folds


def cross_validated(rows, *, by, folds):
    """A verdict on every row, by weights made from the folds that the row is not in."""
    train = trainer()
    data = train.examples(rows)
    places = [fold(row[by], folds) for row in rows]
    verdicts = [None] * len(rows)
    for left_out in range(folds):
        weights = train.train([example for example, place in zip(data, places, strict=True) if place != left_out])
        for at, place in enumerate(places):
            if place == left_out:
                verdicts[at] = judge(phrase_of(rows[at]["name"]), weights)
    return verdicts


def shipped(names):
    """The answers of `tense classify --json` to these names, and the seconds it took, start included."""
    begin = time.perf_counter()
    answers = subprocess.run(
        [sys.executable, "-m", "tense.cli.classify", "--json"],
        input="\n".join(names).encode() + b"\n",
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ).stdout.splitlines()
    return [json.loads(line) for line in answers], time.perf_counter() - begin


def figures(rows, kinds):
    """Decided, and right of decided, as shares."""
    decided = [(row, kind) for row, kind in zip(rows, kinds, strict=True) if kind in {"command", "event"}]
    right = sum(row["label"] == kind for row, kind in decided)
    return len(decided) / len(rows), right / max(1, len(decided))


def table(rows, columns):
    """Decided and right by style and declared kind, one pair of columns for each way of measuring."""
    heads = "".join(f"{head:>24}" for head in columns)
    print(f"{'':32}{heads}")
    print(f"{'style':<14}{'declared':<10}{'names':>8}" + f"{'decided':>14}{'right':>10}" * len(columns))
    groups = Counter((row["style"], row["label"]) for row in rows)
    for (style, label), count in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        at = [index for index, row in enumerate(rows) if (row["style"], row["label"]) == (style, label)]
        line = "".join(_pair([rows[i] for i in at], [kinds[i] for i in at]) for kinds in columns.values())
        print(f"{style:<14}{label:<10}{count:>8}{line}")
    print(f"{'all':<24}{len(rows):>8}" + "".join(_pair(rows, kinds) for kinds in columns.values()))


def _pair(rows, kinds):
    decided, right = figures(rows, kinds)
    return f"{decided:>13.1%} {right:>9.1%}" if decided else f"{decided:>13.1%} {'-':>9}"


def calibration(rows, verdicts):
    """How often a verdict is right that says it is this sure."""
    print("\nsaid to be sure     names   right")
    for low, high in ((0.8, 0.85), (0.85, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
        at = [
            row["label"] == found.kind
            for row, found in zip(rows, verdicts, strict=True)
            if found.kind in {"command", "event"} and low <= found.confidence < high
        ]
        if at:
            print(f"{low:.0%} to {min(high, 1):.0%}".ljust(16), f"{len(at):>8}{sum(at) / len(at):>8.1%}")


def hard(answers, rows):
    """Exact verdicts of all five kinds, and the share of ambiguous names decided wrongly."""
    print("\nhard names          names   exact")
    for kind in ("command", "event", "query", "ambiguous", "neither"):
        of_kind = [a["kind"] == kind for a, row in zip(answers, rows, strict=True) if row["expected"] == kind]
        print(f"{kind:<16}{len(of_kind):>9}{sum(of_kind) / len(of_kind):>8.1%}")
    exact = sum(a["kind"] == row["expected"] for a, row in zip(answers, rows, strict=True)) / len(rows)
    both = [a["kind"] for a, row in zip(answers, rows, strict=True) if row["expected"] == "ambiguous"]
    decided = sum(kind in {"command", "event"} for kind in both) / len(both)
    print(f"{'all':<16}{len(rows):>9}{exact:>8.1%}   ambiguous decided {decided:.1%}")
    return exact, decided


def speed(names):
    """Names in a second of one core through the command line, start included, however busy the others are."""
    many = (names * (2 * PER_SECOND // len(names) + 1))[: 2 * PER_SECOND]
    by_core, by_clock = min(_seconds(many) for _ in range(3))
    print(f"\n{len(many) / by_core:,.0f} names/s of one core ({len(many):,} by `tense classify --json`, start")
    print(f"included), {len(many) / by_clock:,.0f} names/s by the clock of this machine now")
    return len(many) / by_core


def _seconds(names):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, clock = shipped(names)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def main():
    """Print the tables and judge them by the bars."""
    if not CORPUS.is_dir():
        print(
            "The corpus (`shared/corpus` beside the checkout) is not here, so nothing can be measured.",
            file=sys.stderr,
        )
        return 2
    rows, hard_rows = load("message_names_open.csv"), load("hard_names_open.csv")
    validated = cross_validated(rows, by="words", folds=5)
    unseen = cross_validated(rows, by="repo", folds=10)
    answers, _ = shipped([row["name"] for row in rows])
    columns = {
        "cross-validated": [found.kind for found in validated],
        "unseen sources": [found.kind for found in unseen],
        "as shipped": [answer["kind"] for answer in answers],
    }
    table(rows, columns)
    calibration(rows, validated)
    exact, ambiguous = hard(shipped([row["name"] for row in hard_rows])[0], hard_rows)
    rate = speed([row["name"] for row in rows])
    decided, right = figures(rows, columns["cross-validated"])
    bars = {
        f"decided {decided:.1%}, at least {DECIDED:.1%}": decided >= DECIDED,
        f"right of decided {right:.1%}, at least {RIGHT:.1%}": right >= RIGHT,
        f"hard names exact {exact:.1%}, at least {HARD_EXACT:.1%}": exact >= HARD_EXACT,
        f"ambiguous decided {ambiguous:.1%}, at most {AMBIGUOUS_DECIDED:.1%}": ambiguous <= AMBIGUOUS_DECIDED,
        f"{rate:,.0f} names/s, at least {PER_SECOND:,}": rate >= PER_SECOND,
    }
    print()
    for bar, met in bars.items():
        print(f"{'met   ' if met else 'MISSED'}  {bar}")
    return 0 if all(bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
