"""Which service a file belongs to, by the folders it lies in."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

CONTAINERS = frozenset(
    {"src", "source", "app", "apps", "services", "microservices", "packages", "modules", "backend", "python"}
    | {"contexts", "bounded_contexts", "components", "projects", "server", "lib", "libs", "examples"}
)
"""Folders that only hold others."""

LAYERS = frozenset(
    {
        "domain",
        "adapters",
        "service_layer",
        "entrypoints",
        "application",
        "infrastructure",
        "api",
        "core",
        "config",
    }
    | {
        "model",
        "models",
        "handlers",
        "tasks",
        "utils",
        "db",
        "database",
        "helpers",
        "routers",
        "web",
        "cli",
        "bus",
    }
    | {
        "workers",
        "consumers",
        "producers",
        "subscribers",
        "publishers",
        "repositories",
        "views",
        "ports",
        "usecases",
    }
    | {
        "use_cases",
        "aggregates",
        "listeners",
        "jobs",
        "broker",
        "brokers",
        "internal",
        "features",
        "commands",
    }
    | {"events", "messages", "schemas", "queries", "messaging", "interfaces", "presentation", "management"}
)
"""Folders inside one service that name a part of its design."""

SHARED = frozenset(
    {
        "shared",
        "common",
        "commons",
        "contracts",
        "contract",
        "shared_kernel",
        "sharedkernel",
        "kernel",
        "seedwork",
    }
    | {
        "building_blocks",
        "messages",
        "events",
        "schemas",
        "protocol",
        "proto",
        "core",
        "lib",
        "libs",
        "toolkit",
    }
)
"""Folders beside services that hold what several of them use, and which none of them owns."""

_MARKS = ("pyproject.toml", "Dockerfile", "setup.py", "setup.cfg", "requirements.txt")


class Services:
    """Names the service of each file of one tree."""

    def __init__(self, folder: Path, files: Sequence[Path], alone: Iterable[Path] = ()) -> None:
        """Learn the tree. `alone` are files that start an application of their own."""
        self.folder = folder
        self.alone = set(alone)
        self.renamed: dict[str, str] = {}
        self._known: dict[Path, str] = {}
        self.root = folder.resolve().name or "app"
        self.marked = self._marked(files)
        self.skip = self._depth(files)

    def of(self, path: Path) -> str:
        """Return the service of a file; the tree's own name where nothing divides it."""
        found = self._known.get(path.parent)
        if found is None or path in self.alone:
            found = self._of(path)
            if path not in self.alone:
                self._known[path.parent] = found
        return self.renamed.get(found, found)

    def _of(self, path: Path) -> str:
        for parent in path.parents:
            if parent in self.marked:
                return parent.name
            if parent == self.folder:
                break
        parts = self._parts(path)[self.skip :]
        if parts and parts[0].lower() not in LAYERS:
            return parts[0]
        if path in self.alone and len(self.alone) > 1:
            return path.stem
        above = self._parts(path)[: self.skip]
        return above[-1] if above else self.root

    def is_shared(self, path: Path) -> bool:
        """Tell whether a file lies in a folder that no service owns, beside services."""
        if not self.divided:
            return False
        parts = self._parts(path)[self.skip :]
        where = parts[0].lower() if parts else path.stem.lower()
        return where in SHARED

    @property
    def divided(self) -> bool:
        """Tell whether the tree holds more than one service."""
        return self._divided

    def _parts(self, path: Path) -> tuple[str, ...]:
        folders: tuple[str, ...] = PurePath(path.relative_to(self.folder)).parts[:-1]
        while folders and folders[0].lower() in CONTAINERS:
            folders = folders[1:]
        return folders

    def _marked(self, files: Sequence[Path]) -> set[Path]:
        """Return the folders below the root that are built or deployed on their own, if there are several."""
        candidates = {parent for path in files for parent in path.parents if self.folder in parent.parents}
        found = {folder for folder in candidates if any((folder / mark).is_file() for mark in _MARKS)}
        found = {folder for folder in found if not any(parent in found for parent in folder.parents)}
        return found if len(found) > 1 else set()

    def _depth(self, files: Sequence[Path]) -> int:
        """Return how many folders to skip: those that all files share, as long as services lie below."""
        depth = 0
        every = [self._parts(path) for path in files]
        while True:
            heads = {parts[depth] for parts in every if len(parts) > depth}
            divided = {head for head in heads if head.lower() not in LAYERS}
            if len(heads) != 1 or not divided:
                self._divided = len(divided - SHARED) > 1 or len(self.marked) > 1 or len(self.alone) > 1
                return depth
            below = {parts[depth + 1] for parts in every if len(parts) > depth + 1}
            if not {head for head in below if head.lower() not in LAYERS}:
                self._divided = len(self.marked) > 1 or len(self.alone) > 1
                return depth
            depth += 1
