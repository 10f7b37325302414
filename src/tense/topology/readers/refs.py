"""Follows `$ref` inside a document or to a file inside the given folder; never outside or to a network."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from tense.rules.meaning.graph import Problem
from tense.topology.readers.documents import Document, escaped, load, parts_of

_NETWORK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")
_MOST_HOPS = 40
_MOST_FILES = 500


@dataclass(frozen=True, slots=True)
class At:
    """A value and where it stands: a document and a JSON pointer into it."""

    document: Document
    pointer: str
    value: object

    def child(self, key: str | int) -> "At":
        """Return the entry of a mapping or sequence; its value is None where there is none."""
        value: object = None
        if isinstance(self.value, dict):
            value = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            value = self.value[key]
        return At(self.document, f"{self.pointer}/{escaped(key)}", value)

    def problem(self, text: str, *, doubt: bool = False) -> Problem:
        """State a problem at this place."""
        return Problem(text=text, place=self.document.place(self.pointer), doubt=doubt)


@dataclass(slots=True)
class References:
    """Resolves references for one reading. `folder` is the outermost folder that files may come from."""

    folder: Path
    files: dict[Path, Document | Problem] = field(default_factory=dict)

    def follow(self, at: At) -> At | Problem:
        """Return what a chain of `$ref` ends at; a value without `$ref` is returned as it is."""
        seen: set[tuple[str, str]] = set()
        while isinstance(at.value, dict) and "$ref" in at.value:
            if (at.document.file, at.pointer) in seen or len(seen) >= _MOST_HOPS:
                return at.problem("has a $ref that leads back to itself")
            seen.add((at.document.file, at.pointer))
            found = self._step(at, at.value["$ref"])
            if isinstance(found, Problem):
                return found
            at = found
        return at

    def _step(self, at: At, ref: object) -> At | Problem:
        here = at.child("$ref")
        if not isinstance(ref, str):
            return here.problem("has a $ref that is no text")
        target, _, fragment = ref.partition("#")
        if _NETWORK.match(target):
            return here.problem(f"refers to {ref[:120]}: nothing is fetched, so that part is not known", doubt=True)
        document = self._document(here, unquote(target)) if target else at.document
        if isinstance(document, Problem):
            return document
        return self._inside(here, document, unquote(fragment))

    def _inside(self, here: At, document: Document, fragment: str) -> At | Problem:
        if fragment and not fragment.startswith("/"):
            return here.problem(f"refers to #{fragment[:120]}, which is no JSON pointer: it begins without /")
        found = At(document, "", document.root)
        for part in parts_of(fragment):
            if isinstance(found.value, dict) and part not in found.value and "$ref" in found.value:
                through = self.follow(found)
                found = found if isinstance(through, Problem) else through
            key: str | int = int(part) if isinstance(found.value, list) and part.isdigit() else part
            present = isinstance(found.value, dict) and key in found.value
            present = present or (isinstance(found.value, list) and isinstance(key, int) and key < len(found.value))
            if not present:
                return here.problem(f"refers to {fragment[:120] or 'nothing'}, which does not exist in {document.file}")
            found = found.child(key)
        return found

    def _document(self, here: At, target: str) -> Document | Problem:
        try:
            path = (here.document.path.parent / target).resolve()
            inside = path.is_relative_to(self.folder.resolve())
            exists = inside and path.is_file()
        except (OSError, ValueError, RuntimeError):
            return here.problem(f"refers to {target[:120]}, which is no path")
        if not inside:
            return here.problem(f"refers to {target[:120]}, outside the given folder: it was not opened", doubt=True)
        if not exists:
            return here.problem(f"refers to {target[:120]}, which is no file")
        if path not in self.files:
            if len(self.files) >= _MOST_FILES:
                return here.problem(f"refers to more than {_MOST_FILES} files: {target[:120]} was not opened")
            shown = str(Path(here.document.file).parent / target)
            self.files[path] = load(path, file=shown)
        loaded = self.files[path]
        if isinstance(loaded, Problem):
            return here.problem(f"refers to {target[:120]}, which {loaded.text}")
        return loaded
