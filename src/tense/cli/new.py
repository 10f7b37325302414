"""`tense new`: writes a starter project that passes its own tests and type checks."""

import keyword
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from tense.cli import options
from tense.cli.mistake import MistakeError
from tense.cli.paper import paint, print_json

NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")

TAKEN = {"tests", "test", "tense"}
"""Names that would hide something the project needs."""

RENAMED = {"gitignore": ".gitignore"}


def command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The project's name: lower-case letters, digits, - or _.")
    ],
    *,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="Where, if not in a folder of its name.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a starter project: a contract, two services, an app, tests, and settings for the checks.

    Nothing that exists is overwritten.
    """
    folder = into or Path(name)
    written = write_project(name, folder)
    if as_json:
        print_json({"folder": str(folder), "files": written})
        return
    for file in written:
        print(f"  {folder / file}")
    print(f"\n{paint(name, 'bold')} is ready. Now:\n\n  cd {folder}\n  tense dev\n")


def write_project(name: str, folder: Path) -> list[str]:
    """Write the project's files into a folder; their names.

    Raises:
        MistakeError: the name cannot be a project's, the folder has something in it or cannot be written.
    """
    package = package_name(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"{folder} exists and is not empty. Give another name, or --into another folder."
        raise MistakeError(text)
    written: list[str] = []
    try:
        for path, template in _templates():
            place = Path(*(package if part == "package" else RENAMED.get(part, part) for part in path))
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            text = template.read_text("utf-8").replace("@package@", package).replace("@name@", name)
            (folder / place).write_text(text, "utf-8")
            written.append(str(place))
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror}"
        raise MistakeError(text) from error
    return written


def package_name(name: str) -> str:
    """The package of a project.

    Raises:
        MistakeError: the name is none, or means something else already.
    """
    package = name.replace("-", "_")
    if not NAME.fullmatch(name) or keyword.iskeyword(package):
        text = f"{name!r} cannot name a project. Use lower-case letters, digits, - or _, beginning with a letter."
        raise MistakeError(text)
    if package in TAKEN or package in sys.stdlib_module_names:
        text = f"{name!r} would hide the module {package!r}. Give another name."
        raise MistakeError(text)
    return package


def _templates() -> Iterator[tuple[tuple[str, ...], Traversable]]:
    """Each file of the starter with the parts of its path, `.txt` taken off; in order of path."""

    def within(folder: Traversable, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Traversable]]:
        for each in sorted(folder.iterdir(), key=lambda found: found.name):
            if each.is_dir():
                yield from within(each, (*path, each.name))
            elif each.name.endswith(".txt"):
                yield (*path, each.name.removesuffix(".txt")), each

    return within(files("tense.cli") / "template", ())
