"""A folder with a small app, and processes of the command line in it."""

import pytest
from command_line import APP, Running


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "workapp.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.tense]\napp = "workapp:app"\nstore = "sqlite:///work.db"\n')
    return tmp_path


@pytest.fixture
def start(folder):
    started = []

    def begin(*words):
        running = Running(folder, *words)
        started.append(running)
        return running

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.ended()
