"""Project: which app and which store the words mean; the only place that reads settings."""

import sys
import tomllib
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tense.cli.mistake import MistakeError
from tense.errors import DefinitionError

if TYPE_CHECKING:
    from tense.ports.store import Store
    from tense.runtime.app import App

DEFAULT_STORE = "sqlite:///tense.db"
"""Where messages go if nobody says otherwise."""

APP_MISSING = (
    "no app is named. Give it as MODULE:APP, or write it once into pyproject.toml:\n\n"
    '    [tool.tense]\n    app = "shop.app:app"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The nearest pyproject.toml with a `[tool.tense]`, and what that says. All None where there is none."""

    file: Path | None = None
    app: str | None = None
    store: str | None = None
    broker: str | None = None

    @property
    def folder(self) -> Path:
        """Where the project's modules are found."""
        return self.file.parent if self.file else Path.cwd()


def nearest_project(start: Path) -> Project:
    """The project that a folder belongs to.

    Raises:
        MistakeError: its pyproject.toml cannot be read.
    """
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and (said := _said(file)) is not None:
            return Project(file=file, **{name: _text(file, said, name) for name in ("app", "store", "broker")})
    return Project()


def _said(file: Path) -> dict[str, Any] | None:
    try:
        tool = tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        text = f"{file} cannot be read: {error}"
        raise MistakeError(text) from error
    said = tool.get("tense") if isinstance(tool, dict) else None
    return said if isinstance(said, dict) else None


def _text(file: Path, said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is None or isinstance(value, str):
        return value
    text = f"{file}: [tool.tense] {name} must be text, not {value!r}."
    raise MistakeError(text)


def chosen_app(app: str | None, app_dir: Path | None) -> "App":
    """The app that is named on the command line or else in pyproject.toml, imported.

    Raises:
        MistakeError: none is named, or it does not import.
        TenseError: it has errors.
    """
    project = nearest_project(Path.cwd())
    target = app or project.app
    if target is None:
        raise MistakeError(APP_MISSING)
    return imported_app(target, app_dir or (Path.cwd() if app else project.folder))


def imported_app(target: str, folder: Path) -> "App":
    """The app at `module:app`, with whatever its modules raise told in one message.

    Raises:
        MistakeError: it does not import.
        TenseError: it has errors.
    """
    from tense.runtime.load import AppNotFoundError, load_app

    try:
        app = load_app(target, str(folder))
    except AppNotFoundError:
        raise
    except DefinitionError as error:
        place = _last_place(error.__traceback__)
        text = f"{target} has an error{place}: {error}"
        raise MistakeError(text) from error
    except (Exception, SystemExit) as error:
        place = _syntax_place(error) or _last_place(error.__traceback__)
        said = error.msg if isinstance(error, SyntaxError) else error
        text = f"{target} cannot be imported{place}: {type(error).__name__}: {said}"
        raise MistakeError(text) from error
    app.target = target
    return app


def _syntax_place(error: BaseException) -> str:
    return f" ({_shown(error.filename)}:{error.lineno})" if isinstance(error, SyntaxError) and error.filename else ""


def _last_place(trace: TracebackType | None) -> str:
    """Where in the user's own files it happened: the last frame that is neither Python's nor ours."""
    ours = str(Path(__file__).parents[1])
    frames = [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith(("<", ours, sys.base_prefix)) and "site-packages" not in frame.filename
    ]
    return f" ({_shown(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def chosen_store(store: str | None, app: "App | None") -> "str | Store":
    """The store: as named on the command line or in TENSE_STORE, by the project, by the app, or the default."""
    project = nearest_project(Path.cwd())
    chosen = _chosen(store, project.store, project.folder, None if app is None else app.store)
    return _anchored(DEFAULT_STORE, project.folder) if chosen is None else chosen


def chosen_broker(broker: str | None, app: "App | None") -> "str | Store | None":
    """The broker: as named on the command line or in TENSE_BROKER, by the project, by the app; or none."""
    project = nearest_project(Path.cwd())
    return _chosen(broker, project.broker, project.folder, None if app is None else app.broker)


def _chosen(
    said: str | None, by_project: str | None, folder: Path, by_app: "str | Store | None"
) -> "str | Store | None":
    if said:
        return said
    return _anchored(by_project, folder) if by_project else by_app


def chosen_address(store: str | None, app: "App | None", broker: str | None = None) -> str:
    """The address of a store that other processes can open too; with a broker, of the pair.

    Raises:
        MistakeError: it lives in one process only.
    """
    from tense.runtime.load import is_private, via

    state, there = chosen_store(store, app), chosen_broker(broker, app)
    for part in (state, there):
        if part is not None and (not isinstance(part, str) or is_private(part)):
            text = (
                "a store in memory lives and dies with its process; name one that others share: "
                "--store sqlite:///tense.db"
            )
            raise MistakeError(text)
    return via(str(state), None if there is None else str(there))


def store_without_app(store: str | None, broker: str | None = None) -> str:
    """The address of the store for verbs that need no app; the project's app is only asked where nothing else says it.

    Raises:
        MistakeError: it lives in one process only, or the app that would know it does not import.
    """
    project = nearest_project(Path.cwd())
    app = None
    if not store and not project.store and project.app:
        app = imported_app(project.app, project.folder)
    return chosen_address(store, app, broker)


def _anchored(address: str, folder: Path) -> str:
    """A project's own file lies in the project's folder, from whatever folder beneath it is asked for."""
    from tense.runtime.load import anchored

    return anchored(address, folder)
