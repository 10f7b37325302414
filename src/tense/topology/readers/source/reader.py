"""The reader of Python source: parses a tree, asks each framework's module, and settles the rest."""

from collections.abc import Sequence
from pathlib import Path

from tense.rules.meaning.graph import Place, Problem, Topology
from tense.topology.reader import Draft, Step, no_step
from tense.topology.readers.source.classes import Classes
from tense.topology.readers.source.finish import finish
from tense.topology.readers.source.frameworks.eventsourcing import declare_eventsourcing, read_eventsourcing
from tense.topology.readers.source.frameworks.faststream import read_faststream
from tense.topology.readers.source.frameworks.lato import declare_lato, read_lato
from tense.topology.readers.source.frameworks.nameko import read_nameko
from tense.topology.readers.source.frameworks.plainbus import read_plainbus
from tense.topology.readers.source.frameworks.protean import declare_protean, read_protean
from tense.topology.readers.source.frameworks.tasks import read_tasks
from tense.topology.readers.source.lookup import Lookup
from tense.topology.readers.source.modules import Module, parsed
from tense.topology.readers.source.services import Services
from tense.topology.readers.source.tree import FrameworkReader, Tree

DECLARE: tuple[FrameworkReader, ...] = (declare_protean, declare_eventsourcing, declare_lato)
"""Those that declare kinds in ways of their own: asked before anything is named."""

READ: tuple[FrameworkReader, ...] = (
    read_tasks,
    read_faststream,
    read_nameko,
    read_protean,
    read_eventsourcing,
    read_lato,
    read_plainbus,
)
"""In this order: the last takes what the others left."""

_APPLICATIONS = frozenset({"FastStream", "Celery", "ServiceContainer"})


class SourceReader:
    """Reads a tree of Python source as the services of one fleet."""

    suffixes = frozenset({".py"})

    def accepts(self, path: Path) -> bool:
        """Accept every file of source: what says a message and what defines it may share no word."""
        return path.suffix.lower() == ".py"

    def read(self, files: Sequence[Path], *, folder: Path, step: Step = no_step) -> list[Topology]:
        """Read all files as one tree: what one file names another defines."""
        modules: list[Module] = []
        draft = Draft(source=str(folder if len(files) != 1 else files[0]))
        for number, path in enumerate(files):
            step(number, len(files), str(path))
            found = parsed(path, folder=folder)
            if isinstance(found, Problem):
                draft.problems.append(found)
            else:
                modules.append(found)
        _read(modules, folder, draft)
        if not draft.messages:
            text = "says and handles no message that can be recognised"
            draft.problems.append(Problem(text=text, place=Place(file=draft.source), fatal=True))
        return [draft.topology()]


def _read(modules: list[Module], folder: Path, draft: Draft) -> None:
    classes = Classes(modules)
    lookup = Lookup(modules)
    # The services follow from the files that have to do with messages, so these are found with a first tree.
    first = Tree(folder, modules, classes, lookup, Services(folder, []), Draft(source=draft.source))
    for declare in DECLARE:
        declare(first)
    for read in READ:
        read(first)
    concerned = _concerned(first)
    alone = {module.path for module in modules if any(called.method in _APPLICATIONS for called in module.calls)}
    services = Services(folder, concerned, [path for path in concerned if path in alone])
    tree = Tree(folder, modules, classes, lookup, services, draft)
    for read in READ:
        read(tree)
    finish(tree)


def _concerned(tree: Tree) -> list[Path]:
    draft = tree.draft
    places = [one.place for group in (draft.messages.values(), draft.handlings.values()) for one in group]
    places += [said.place for _function, said in tree.later]
    files = {place.file for place in places if place is not None}
    return [module.path for module in tree.modules if module.file in files]
