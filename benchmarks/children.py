"""Children: every contender runs in a process of its own and answers with one line of JSON."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


class ChildError(Exception):
    """A contender did not answer."""


def ask(
    target: str,
    *,
    python: str | Path = sys.executable,
    preload: Path | None = None,
    limit: float = 600.0,
    **arguments: Any,
) -> dict[str, Any]:
    """Run `module:function` with these arguments in a new process; what it returned.

    Raises:
        ChildError: it ended without an answer.
    """
    done = subprocess.run(
        command(target, python, arguments),
        cwd=ROOT,
        env=surroundings(preload),
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    if done.returncode != 0:
        raise ChildError(f"{target} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


@contextmanager
def turns(
    target: str, *, python: str | Path = sys.executable, **arguments: Any
) -> Iterator[Callable[[], float | None]]:
    """Start `module:function`, which measures once for each line it is given; what is yielded asks for one figure.

    The figure is None where it cannot run (a peer that is not installed).
    """
    child = subprocess.Popen(
        command(target, python, arguments),
        cwd=ROOT,
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    given, told = child.stdin, child.stdout

    def turn() -> float | None:
        try:
            given.write("\n")
            given.flush()
        except BrokenPipeError:
            return None
        line = told.readline()
        return float(line) if line else None

    try:
        yield turn
    finally:
        with suppress(BrokenPipeError):
            given.close()
        child.wait(30)
        told.close()


def command(target: str, python: str | Path, arguments: Mapping[str, Any]) -> list[str]:
    """The command line of a child."""
    return [str(python), "-m", "benchmarks.children", target, json.dumps(arguments)]


def surroundings(preload: Path | None = None) -> dict[str, str]:
    """The environment of a child: this checkout first, nothing of a user's own."""
    given = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONHASHSEED": "0"}
    if preload is not None:
        given["LD_PRELOAD"] = str(preload)
    return given


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on the disk that the checkout is on, gone afterwards."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS, prefix="work-", ignore_cleanup_errors=True) as place:
        yield Path(place)


def main() -> None:
    """Run one contender in this process."""
    target, arguments = sys.argv[1:]
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    print(json.dumps(function(**json.loads(arguments))), flush=True)


if __name__ == "__main__":
    main()
