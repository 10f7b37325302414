"""What mypy --strict and pyright strict must say of each snippet and program, and nothing beyond it."""

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("checkers", Path(__file__).with_name("checkers.py"))
assert _spec is not None
assert _spec.loader is not None
checkers: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(checkers)

pytestmark = pytest.mark.types

SNIPPETS = sorted(file for file in checkers.SNIPPETS.glob("*.py") if file.stem != "words")
PROGRAMS = sorted(checkers.PROGRAMS.glob("*.py"))
MYPY_ALONE = {"result_used_of_a_subscriber"}
"""Pyright has no rule against using what a function that gives nothing gave."""


@pytest.fixture(scope="session")
def found(tmp_path_factory, worker_id):
    """Both checkers over all files, run once however many workers test."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    kept = shared / "checked.json"
    with (shared / "checking.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            reports = {
                "mypy": checkers.run_mypy(checkers.ROOT / ".mypy_cache" / "typing"),
                "pyright": checkers.run_pyright(shared),
            }
            kept.write_text(json.dumps(reports), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def worker_id(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("file", SNIPPETS, ids=lambda file: file.stem)
def test_a_mistake_is_reported_on_its_line_and_nothing_else_is(file, checker, found):
    wanted = checkers.expected(file, checker)

    reported = found[checker].get(file.name, {})

    assert wanted or (checker == "pyright" and file.stem in MYPY_ALONE), (
        "a snippet that nothing is said of proves nothing"
    )
    assert reported == wanted


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("file", [*PROGRAMS, checkers.SNIPPETS / "words.py"], ids=lambda file: file.stem)
def test_a_right_program_is_clean(file, checker, found):
    reported = found[checker].get(file.name, {})

    assert reported == {}


def test_every_program_can_be_imported():
    names = [file.stem for file in PROGRAMS]
    path = os.pathsep.join(map(str, (checkers.ROOT / "src", checkers.PROGRAMS)))
    program = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"

    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )

    assert ran.returncode == 0, ran.stderr


def test_the_tables_are_as_long_as_promised():
    assert len(SNIPPETS) >= 24
    assert len(PROGRAMS) >= 10
