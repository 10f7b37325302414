"""`tense dev`: starts again when the code changes, and says what it lacks."""

import os
import signal
import subprocess
import sys

import pytest
from command_line import APP, LIMIT, SOURCE, send

pytestmark = pytest.mark.system


def test_development_starts_again_when_a_file_changes(folder, start):
    running = start("dev")
    running.until("running workapp:app")
    send(folder, "before")
    assert "work.DoWork" in running.until("-> do done")

    (folder / "workapp.py").write_text(APP.replace('"did {command.name}"', '"really did {command.name}"'))
    running.until("workapp.py changed: starting again")
    running.until("running workapp:app")
    send(folder, "after")
    assert "really did after" in running.until("-> do done")

    running.process.terminate()
    status, said = running.ended()
    assert status == 0
    assert "Traceback" not in said


def test_development_goes_on_after_a_mistake_in_the_code(folder, start):
    running = start("dev")
    running.until("running workapp:app")

    (folder / "workapp.py").write_text("def broken(")
    running.until("cannot be imported")
    (folder / "workapp.py").write_text(APP)

    running.until("running workapp:app")


def test_development_leaves_nobody_behind_when_it_is_killed(folder, start):
    running = start("dev")
    running.until("running workapp:app")

    running.process.kill()

    assert "stopped." in running.until("stopped.")
    assert running.ended()[0] == -signal.SIGKILL


def test_development_names_the_extra_that_is_missing(folder):
    (folder / "hide.py").write_text(
        "import sys\nsys.modules['watchfiles'] = None\nfrom tense.cli.main import run\nraise SystemExit(run(['dev']))\n"
    )

    ran = subprocess.run(
        [sys.executable, "hide.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )

    assert ran.returncode == 2
    assert "tense[reload]" in ran.stderr
    assert "--no-reload" in ran.stderr
