"""Reads targets (files and folders) into one topology, by the readers that know them."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from tense.rules.meaning.graph import Fact, Place, Problem, Topology
from tense.topology.merge import merged
from tense.topology.reader import Reader, Step, no_step
from tense.topology.readers.asyncapi.reader import AsyncApiReader
from tense.topology.readers.source.reader import SourceReader

SKIPPED = frozenset(
    {"__pycache__", "node_modules", "site-packages", "vendor", "vendored", "_vendor", "third_party"}
    | {"venv", "env", "virtualenv", "build", "dist", "migrations", "htmlcov"}
)
"""Folders that hold what others wrote, or what was built; folders that begin with a dot are skipped too."""

TESTS = frozenset({"test", "tests", "testing", "e2e"})
_MOST_FILES = 20_000


def default_readers() -> tuple[Reader, ...]:
    """Return the readers of every source that is known; a new source is one more of them."""
    return (AsyncApiReader(), SourceReader())


def read_topology(
    targets: Sequence[str],
    *,
    readers: Sequence[Reader] | None = None,
    tests: bool = False,
    step: Step = no_step,
) -> Topology:
    """Return the topology of files and folders.

    A folder is walked: what others wrote (virtual environments, vendored code) is skipped, and so are tests
    unless `tests` is true. What cannot be read is stated in `problems`, a target that gave nothing as `fatal`.
    """
    known = tuple(readers) if readers is not None else default_readers()
    parts: list[Topology] = []
    with _collector_at_rest():
        for target in targets:
            parts += _read_target(target, known, tests=tests, step=step)
    return _with_unknown_others(merged(parts), parts)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the collector of cycles from walking millions of syntax nodes that are all still in use."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def is_unreadable(topology: Topology) -> bool:
    """Tell whether nothing at all was read, so that there is nothing to judge or draw."""
    empty = not topology.messages and not topology.services
    return empty and any(problem.fatal for problem in topology.problems)


def _read_target(target: str, readers: Sequence[Reader], *, tests: bool, step: Step) -> list[Topology]:
    path = Path(target)
    try:
        if path.is_dir():
            return _read_folder(path, readers, tests=tests, step=step)
        if path.is_file():
            return _read_file(path, readers, step)
    except OSError as error:
        return [_refused(target, f"cannot be read: {error.strerror or error}")]
    return [_refused(target, "does not exist")]


def _read_file(path: Path, readers: Sequence[Reader], step: Step) -> list[Topology]:
    """Read a file that was asked for by name: a reader of its ending says what is wrong with it."""
    fitting = [reader for reader in readers if path.suffix.lower() in reader.suffixes]
    if not fitting:
        return [_refused(str(path), "is no AsyncAPI document (.yml, .yaml, .json) and no Python source (.py)")]
    folder = path.parent if str(path.parent) else Path()
    chosen = next((reader for reader in fitting if reader.accepts(path)), fitting[0])
    return chosen.read([path], folder=folder, step=step)


def _read_folder(folder: Path, readers: Sequence[Reader], *, tests: bool, step: Step) -> list[Topology]:
    shares: dict[int, list[Path]] = {}
    parts: list[Topology] = []
    for number, path in enumerate(_walk(folder, tests=tests)):
        if number >= _MOST_FILES:
            text = f"holds more than {_MOST_FILES} files to read: the rest was left out"
            parts.append(Topology(sources=(str(folder),), problems=(_problem(str(folder), text),)))
            break
        for index, reader in enumerate(readers):
            if path.suffix.lower() in reader.suffixes and reader.accepts(path):
                shares.setdefault(index, []).append(path)
                break
    for index, files in sorted(shares.items()):
        parts += readers[index].read(files, folder=folder, step=step)
    if any(part.messages for part in parts):
        # Source beside documents need not speak of messages, nor the other way round.
        return [part for part in parts if part.messages or part.services or not _only_says_nothing(part)]
    if not shares:
        text = "holds no AsyncAPI document and no Python source that sends or handles a message"
        parts.append(_refused(str(folder), text))
    return parts


def _only_says_nothing(part: Topology) -> bool:
    own = part.sources[0] if part.sources else ""
    return all(problem.fatal and problem.place is not None and problem.place.file == own for problem in part.problems)


def _walk(folder: Path, *, tests: bool) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_own(Path(here) / name, tests=tests))
        for name in sorted(files):
            if tests or not _is_test(name):
                yield Path(here) / name


def _is_test(name: str) -> bool:
    return name.startswith("test_") or name.endswith("_test.py") or name in {"conftest.py", "tests.py"}


def _is_own(folder: Path, *, tests: bool) -> bool:
    name = folder.name.lower()
    if name.startswith(".") or name in SKIPPED or name.endswith(".egg-info"):
        return False
    if not tests and name in TESTS:
        return False
    return not (folder / "pyvenv.cfg").exists()


def _problem(target: str, text: str, *, fatal: bool = False) -> Problem:
    return Problem(text=text, place=Place(file=target), fatal=fatal)


def _refused(target: str, text: str) -> Topology:
    return Topology(sources=(target,), problems=(_problem(target, text, fatal=True),))


def _with_unknown_others(fleet: Topology, parts: Sequence[Topology]) -> Topology:
    """Say that a single document does not tell who else says and handles its messages."""
    described = [part for part in parts if part.services]
    alone = len(described) == 1 and bool(described[0].channels) and len(described[0].services) == 1
    if not alone:
        return fleet
    others: tuple[Fact, ...] = ("handlers", "sayings")
    told = {name: tuple(sorted({*facts, *others})) for name, facts in fleet.unknown.items()}
    return replace(fleet, unknown=told)
