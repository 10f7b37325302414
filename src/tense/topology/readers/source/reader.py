"""The reader of Python source."""
from collections.abc import Sequence
from pathlib import Path

from tense.rules.meaning.graph import Topology
from tense.topology.reader import Step, no_step


class SourceReader:
    suffixes = frozenset({".py"})

    def accepts(self, path: Path) -> bool:
        return False

    def read(self, files: Sequence[Path], *, folder: Path, step: Step = no_step) -> list[Topology]:
        return []
