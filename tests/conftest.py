"""What every test may ask for: the real servers that run, and one line about those that do not."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@cache
def server_address(name: str) -> str:
    """The address of a running server: from the environment, or as `scripts/servers env` tells it."""
    variable = f"TENSE_TEST_{name.upper()}"
    if variable in os.environ:
        return os.environ[variable]
    told = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "servers"), "env", name], capture_output=True, text=True, check=False
    ).stdout
    return told.strip().partition(f"{variable}=")[2]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, at one place so that it is told in one line, what needs a server that does not run."""
    for mark in item.iter_markers("server"):
        name = mark.args[0]
        if not server_address(name):
            pytest.skip(f"not run: it needs {name}; start it with `scripts/servers up {name}`, or `make test-servers`")
