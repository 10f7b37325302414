"""The reader of AsyncAPI documents: loads one, judges it against the specification, and reads its version."""

import re
from collections.abc import Sequence
from pathlib import Path

from tense.rules.meaning.graph import Place, Problem, Topology
from tense.topology.reader import Step, no_step
from tense.topology.readers.asyncapi.conventions import conventions
from tense.topology.readers.asyncapi.v2 import read_2
from tense.topology.readers.asyncapi.v3 import read_3
from tense.topology.readers.asyncapi.validity import Validity
from tense.topology.readers.documents import Document, load
from tense.topology.readers.refs import At, References

KNOWN = ("2.0.0", "2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0", "2.6.0", "3.0.0", "3.1.0")
_SIGN = re.compile(rb"(?:^|[{,]|\n)\s*[\"']?asyncapi[\"']?\s*:")
_VERSION = re.compile(r"([23])\.(\d{1,3})\.\d{1,3}(?:[-+.\w]*)")
_FIRST_BYTES = 200_000


class AsyncApiReader:
    """Reads each document as one application of a fleet."""

    suffixes = frozenset({".yml", ".yaml", ".json"})

    def accepts(self, path: Path) -> bool:
        """Tell whether the first part of a file names the field `asyncapi`."""
        try:
            with path.open("rb") as file:
                return _SIGN.search(file.read(_FIRST_BYTES)) is not None
        except OSError:
            return False

    def read(self, files: Sequence[Path], *, folder: Path, step: Step = no_step) -> list[Topology]:
        """Read each file; a document that cannot be read gives a topology with a fatal problem."""
        found: list[Topology] = []
        references = References(folder)
        for number, path in enumerate(files):
            step(number, len(files), str(path))
            found.append(read_document(path, references))
        return found


def read_document(path: Path, references: References) -> Topology:
    """Return the topology of one document, with what is wrong in it."""
    document = load(path)
    if isinstance(document, Problem):
        return Topology(sources=(str(path),), problems=(document,))
    version = document.root.get("asyncapi") if isinstance(document.root, dict) else None
    refusal = _refusal(document, version)
    if refusal is not None:
        return Topology(sources=(document.file,), problems=(*document.problems, refusal))
    return _read(document, str(version), references)


def _refusal(document: Document, version: object) -> Problem | None:
    if not isinstance(document.root, dict) or "asyncapi" not in document.root:
        text = "is not an AsyncAPI document: it has no field asyncapi"
    elif not isinstance(version, str) or _VERSION.fullmatch(version) is None:
        text = f"is of AsyncAPI version {str(version)[:40]}; known are {KNOWN[0]} to {KNOWN[-1]}"
    else:
        return None
    return Problem(text=text, place=Place(file=document.file, line=1, pointer=""), fatal=True)


def _read(document: Document, version: str, references: References) -> Topology:
    root = At(document, "", document.root)
    matched = _VERSION.fullmatch(version)
    major, minor = (int(matched[1]), int(matched[2])) if matched else (3, 0)
    problems = list(document.problems)
    if version not in KNOWN:
        text = f"names AsyncAPI version {version[:40]}, which is not known: read as {major}.x"
        problems.append(root.child("asyncapi").problem(text))
    problems += Validity(major, minor, references).judge(root)
    problems += conventions(root, references, major)
    draft = (read_2 if major == 2 else read_3)(root, references)  # noqa: PLR2004  # the major version
    draft.problems = list(dict.fromkeys([*problems, *draft.problems]))
    return draft.topology()
