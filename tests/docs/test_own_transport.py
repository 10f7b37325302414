"""A store made outside of the package passes the kit from outside."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_store_of_the_example_passes_the_kit() -> None:
    test = "examples/own_transport/test_timed_store.py"

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-q", "-n0"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout
    assert "failed" not in ran.stdout
    assert int(ran.stdout.splitlines()[-1].split()[0]) > 60, ran.stdout
