"""Row 6: how long `import tense` and `tense --help` take, a new process each."""

import importlib.util
import subprocess
import sys
import time
from statistics import median

from benchmarks.children import ROOT, surroundings
from benchmarks.line import Line, amount, not_run

BARS = {"import tense": (["-c", "import tense"], 150.0), "tense --help": (["-m", "tense", "--help"], 250.0)}


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    rounds = 5 if quick else 11
    result = []
    for work, (arguments, most) in BARS.items():
        if "-m" in arguments and importlib.util.find_spec("tense.__main__") is None:
            result.append(not_run("startup", work, "there is no command line yet"))
            continue
        bare, taken = [], []
        for _ in range(rounds):
            bare.append(_milliseconds(["-c", "pass"]))
            taken.append(_milliseconds(arguments))
        result.append(
            Line(
                row="startup",
                work=work,
                tense=amount(median(taken), "ms"),
                beside=f"bare Python {amount(median(bare), 'ms')}",
                bar=f"<= {most:g} ms",
                met=median(taken) <= most,
                data={"tense": taken, "bare": bare},
            )
        )
    return result


def _milliseconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=surroundings(), capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000
