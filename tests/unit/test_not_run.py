"""What was not run because no server runs is told in one line for each kind of server, however many tests there are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SOME = """
import pytest

pytestmark = pytest.mark.server("postgres")


def test_one(): ...


@pytest.mark.parametrize("number", [1, 2])
def test_two(number): ...
"""

OTHERS = """
import pytest


@pytest.mark.server("pgbouncer")
async def test_three(): ...


@pytest.mark.server("postgres")
def test_four(postgres): ...


def test_that_needs_none(): ...
"""


def test_what_needs_a_server_that_does_not_run_is_told_once_for_each_kind(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    (tests / "deep").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    (tests / "test_some.py").write_text(SOME)
    (tests / "deep" / "test_others.py").write_text(OTHERS)
    # No scripts/servers is there to tell of one, and the environment does not either.
    without = {name: value for name, value in os.environ.items() if not name.startswith(("TENSE_", "PYTEST_"))}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest"], cwd=tmp_path, env=without, capture_output=True, text=True, check=False
    )

    told = sorted(line for line in ran.stdout.splitlines() if "not run" in line)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed, 5 skipped" in ran.stdout
    assert len(told) == 2, told
    for line, many, name in zip(told, (1, 4), ("pgbouncer", "postgres"), strict=True):
        assert line.startswith(f"SKIPPED [{many}] ")
        assert f"not run: it needs {name}; start it with `scripts/servers up {name}`" in line
