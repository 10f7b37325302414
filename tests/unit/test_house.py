"""The house rules that no other tool checks: what is public, what is loaded, how long things are."""

import ast
import re
import subprocess
import sys
from functools import cache
from inspect import isclass, isfunction
from pathlib import Path
from types import ModuleType
from typing import get_origin

import pytest

import tense
import tense.testing

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "examples", "benchmarks", "scripts")
SKIPPED = {"__pycache__", "fixtures", ".venv"}
"""Folders of files that nobody here writes or keeps in order."""

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
MOST_METHODS = 7

BUSIER: dict[str, int] = {
    "Client": 9,  # five verbs, and four more that tickets and the Execute port call
}
"""Public classes with more methods than the rule, and how many they may have; none is best."""

OPEN_WORK = ("TO" + "DO", "FIX" + "ME", "X" * 3)


@cache
def files():
    found = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py") if not SKIPPED & set(file.parts)]
    assert len(found) > 100, "these tests look at the wrong place"
    return sorted(found)


def named(file):
    return file.relative_to(ROOT).as_posix()


def functions(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(node):
    """The lines of a function without its decorators and docstring."""
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if documented else 0
    return node.end_lineno - node.lineno + 1 - docstring


def test_no_file_is_longer_than_the_rule():
    lengths = {named(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files()}

    over = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}

    assert over == {}


def test_no_function_is_longer_than_the_rule():
    over = {
        f"{named(file)}:{node.lineno} {node.name}": length(node)
        for file in files()
        for node in functions(file)
        if length(node) > LONGEST_FUNCTION
    }

    assert over == {}


def test_no_public_class_has_more_methods_than_the_rule():
    classes = [
        thing
        for module in (tense, tense.testing)
        for name in module.__all__
        if isinstance(thing := getattr(module, name), type)
    ]
    counts = {cls.__name__: len([name for name in vars(cls) if is_public_method(cls, name)]) for cls in classes}

    over = {name: methods for name, methods in counts.items() if methods > BUSIER.get(name, MOST_METHODS)}

    assert over == {}


def is_public_method(cls, name):
    return not name.startswith("_") and callable(getattr(cls, name)) and not isinstance(vars(cls)[name], type)


def test_no_open_work_is_left_in_comments():
    found = [
        f"{named(file)}:{number}"
        for file in files()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if any(word in line for word in OPEN_WORK)
    ]

    assert found == []


@pytest.mark.parametrize("module", [tense, tense.testing], ids=lambda module: module.__name__)
def test_the_list_of_public_names_is_sorted_and_complete(module):
    public = {
        name for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert module.__all__ == sorted(module.__all__)
    assert set(module.__all__) == public


@pytest.mark.parametrize("module", [tense, tense.testing], ids=lambda module: module.__name__)
def test_every_public_class_and_function_has_a_docstring(module):
    things = {name: getattr(module, name) for name in module.__all__}

    bare = [
        name
        for name, thing in things.items()
        if (isclass(thing) or isfunction(thing)) and not get_origin(thing) and not thing.__doc__
    ]

    assert bare == []


def test_packages_hold_one_docstring_and_no_code():
    public_faces = {"src/tense/__init__.py", "src/tense/testing/__init__.py"}
    found = []
    for file in files():
        if file.name == "__init__.py" and named(file).startswith("src/") and named(file) not in public_faces:
            body = ast.parse(file.read_text(encoding="utf-8")).body
            if len(body) != 1 or not isinstance(body[0], ast.Expr):
                found.append(named(file))

    assert found == []


def test_nothing_inside_the_package_imports_its_public_face():
    found = [
        f"{named(file)}:{node.lineno}"
        for file in files()
        if named(file).startswith("src/")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "tense")
        or (isinstance(node, ast.Import) and any(alias.name == "tense" for alias in node.names))
    ]

    assert found == []


STORES = re.compile(r"(memory|sqlite|postgres(ql)?)(:.*)?", re.DOTALL)
"""What a store is called, and how its address begins."""

QUESTIONS = {"startswith", "endswith", "removeprefix", "match", "fullmatch"}

MAY_ASK: dict[str, str] = {
    "src/tense/runtime/load.py": "the composition root: from an address to a store",
    "src/tense/django/conf.py": "which of Django's databases it is, and how its tables are named there",
    "src/tense/django/checks.py": "the settings of Django's databases",
    "src/tense/django/tables.py": "migrations are written for one kind of database each",
    "src/tense/django/unit.py": "Django begins transactions in SQLite itself",
    "src/tense/sqlalchemy/tables.py": "the tables as SQLAlchemy has them, in the user's database",
    "src/tense/testing/scenario.py": "a scenario looks into the store that it made itself, which is in memory",
}
"""Who may ask which store it is, and why. All others ask what it can do, or have the composition root answer."""


def asks_which_store(node):
    """Whether a piece of code compares something with the name of a store, or with its class."""
    if isinstance(node, ast.Compare):
        return any(names_a_store(part) for part in (node.left, *node.comparators))
    if isinstance(node, ast.MatchValue):
        return names_a_store(node.value)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in QUESTIONS and any(map(names_a_store, node.args))
    return (
        isinstance(node.func, ast.Name)
        and node.func.id in {"isinstance", "issubclass"}
        and re.search(r"\b(Memory|Sqlite|Postgres)\w+", ast.unparse(node.args[1])) is not None
    )


def names_a_store(node):
    parts = node.elts if isinstance(node, (ast.Tuple, ast.Set, ast.List)) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return any(STORES.fullmatch(text) for text in texts)


def test_nothing_above_the_adapters_asks_which_store_it_is():
    asking = {}
    for file in files():
        if named(file).startswith("src/tense/") and not named(file).startswith("src/tense/adapters/"):
            lines = [node.lineno for node in ast.walk(ast.parse(file.read_text())) if asks_which_store(node)]
            if lines:
                asking[named(file)] = sorted(lines)

    assert {name: lines for name, lines in asking.items() if name not in MAY_ASK} == {}
    assert sorted(set(MAY_ASK) - set(asking)) == [], "these ask no more: take them off the list"


@pytest.mark.parametrize(
    "code",
    [
        "if scheme == 'postgres': ...",
        "if 'sqlite' != scheme: ...",
        "if scheme in ('postgresql', 'postgres'): ...",
        "if address.startswith('postgres'): ...",
        "if address.startswith(('sqlite:', 'x')): ...",
        "if isinstance(store, PostgresStore): ...",
        "match scheme:\n    case 'memory': ...",
    ],
)
def test_each_way_of_asking_which_store_it_is_is_seen(code):
    assert any(asks_which_store(node) for node in ast.walk(ast.parse(code)))


HEAVY = (
    "typer",
    "rich",
    "click",
    "pydantic",
    "yaml",
    "attrs",
    "attr",
    "sqlite3",
    "watchfiles",
    "tomllib",
    "sqlalchemy",
    "django",
)
LATE = (
    "tense.rules.naming",
    "tense.rules.meaning",
    "tense.adapters.stores",
    "tense.cli",
    "tense.topology",
    "tense.lint",
    "tense.testing",
)


def test_importing_tense_loads_nothing_that_only_some_need():
    program = "import sys, tense; print('\\n'.join(sys.modules))"

    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    loaded = ran.stdout.split()
    assert "tense.runtime.app" in loaded
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert [name for name in loaded if any(name == late or name.startswith(f"{late}.") for late in LATE)] == []
