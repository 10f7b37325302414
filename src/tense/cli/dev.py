"""`tense dev`: runs an app, shows each message, and starts again when a file changes."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tense.cli import options
from tense.cli.mistake import MistakeError
from tense.cli.paper import paint
from tense.cli.project import APP_MISSING, nearest_project

GRACE = 30.0
"""Seconds a run may take to stop before it is ended."""

EXTRA_MISSING = (
    "starting again when a file changes needs watchfiles, which is not installed.\n"
    "Install the extra `reload`:  pip install 'tense[reload]'\n"
    "Or run without it:           tense dev --no-reload"
)


def command(
    app: options.App = None,
    *,
    service: options.Services = None,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
    reload: Annotated[
        bool, typer.Option("--reload/--no-reload", help="Start again when a Python file changes.")
    ] = True,
    watch: Annotated[
        list[Path] | None, typer.Option("--watch", metavar="FOLDER", help="Watch this too; may be given several times.")
    ] = None,
) -> None:
    """Run an app and show each message: what came in, which handler took it, how it ended, how long that took.

    When a Python file changes, running handlers end and the app starts again.
    """
    project = nearest_project(Path.cwd())
    target = app or project.app
    if target is None:
        raise MistakeError(APP_MISSING)
    folder = app_dir or (Path.cwd() if app else project.folder)
    words = [
        "run",
        target,
        "--messages",
        *(["--until-input-ends"] if reload else []),
        "--app-dir",
        str(folder),
        *_repeated("--service", service or []),
    ]
    words += ["--store", store] if store else []
    words += ["--broker", broker] if broker else []
    if not reload:
        from tense.cli.main import run

        raise typer.Exit(run(words))
    if find_spec("watchfiles") is None:
        raise MistakeError(EXTRA_MISSING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Runs([sys.executable, "-m", "tense", *words]).keep(_changes([folder, *(watch or [])], stop), stop)


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _changes(folders: Sequence[Path], stop: threading.Event) -> Iterator[list[str]]:
    """The Python files that changed, each time some did, until told to stop."""
    import watchfiles

    found = watchfiles.watch(
        *folders, watch_filter=watchfiles.PythonFilter(), stop_event=stop, raise_interrupt=False, rust_timeout=500
    )
    for changes in found:
        yield sorted({Path(path).name for _, path in changes})


class Runs:
    """One child process after another, each stopped in two phases before the next begins."""

    def __init__(self, words: Sequence[str], say: Callable[[str], None] | None = None) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self._words = words
        self._say = say or _say

    def keep(self, changes: Iterator[list[str]], stop: threading.Event) -> None:
        """Run, and again after each change, until there are no more changes."""
        self._start()
        try:
            for names in changes:
                if stop.is_set():
                    break
                self._say(f"{', '.join(names)} changed: starting again.")
                self._end()
                self._start()
        finally:
            self._end()

    def _start(self) -> None:
        # A group of its own: Ctrl-C reaches this process, which then stops the child once and not twice.
        # Its input ends with this process, however that ends: nobody is left behind.
        self.child = subprocess.Popen(self._words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ours

    def _end(self) -> None:
        child, self.child = self.child, None
        if child is None:
            return
        with child:
            child.terminate()
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                child.kill()


def _say(text: str) -> None:
    print(paint(text, "cyan", sys.stderr), file=sys.stderr, flush=True)
