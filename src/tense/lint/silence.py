"""The one silencer: `# tense: ignore[G13] why`, on the line of the finding or alone above it."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Place, Value
from tense.rules.meaning.table import BY_ID

_SILENCER = re.compile(r"#\s*tense:\s*ignore(?:\[(?P<ids>[^\]]*)\])?[ \t]*(?P<why>.*)$")
_LARGEST = 5_000_000


class Silencer(Value, frozen=True, kw_only=True):
    """One comment that silences rules on one line, with its reason."""

    rules: tuple[str, ...]
    why: str
    place: Place
    alone: bool

    def covers(self, finding: Finding) -> bool:
        """True where the finding stands on this line, or below this comment, and the reason is given."""
        if finding.place is None or finding.place.line is None or self.place.line is None or not self.why:
            return False
        below = self.alone and finding.place.line == self.place.line + 1
        return finding.rule in self.rules and (finding.place.line == self.place.line or below)


@lru_cache(maxsize=512)
def lines_of(file: str) -> tuple[str, ...]:
    """The lines of a file; none where it cannot be read as text."""
    try:
        path = Path(file)
        if path.stat().st_size > _LARGEST:
            return ()
        return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=512)
def silencers_of(file: str) -> tuple[Silencer, ...]:
    """The silencers of a file."""
    return tuple(_silencers(file))


def _silencers(file: str) -> Iterator[Silencer]:
    previous: Silencer | None = None
    for number, line in enumerate(lines_of(file), start=1):
        found = _SILENCER.search(line) if "tense:" in line else None
        if found is None:
            previous = None
            continue
        ids = tuple(one.strip() for one in (found["ids"] or "").split(",") if one.strip())
        alone = not line[: found.start()].strip()
        place = Place(file=file, line=number)
        silencer = Silencer(rules=ids, why=found["why"].strip(" -:"), place=place, alone=alone)
        yield silencer
        if alone and previous is not None:
            # Several comments above one line all speak of it: lift the earlier ones onto the last.
            yield Silencer(rules=previous.rules, why=previous.why, place=place, alone=True)
        previous = silencer if alone else None


def silenced(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Part findings into those that stay and those that are silenced with a reason."""
    stay: list[Finding] = []
    quiet: list[Finding] = []
    for finding in findings:
        here = silencers_of(finding.place.file) if finding.place else ()
        (quiet if any(one.covers(finding) for one in here) else stay).append(finding)
    return stay, quiet


def complaints(files: Iterable[str]) -> Iterator[Finding]:
    """What is wrong with the silencers of the files: no reason, no rule, or a rule that does not exist."""
    for file in dict.fromkeys(files):
        for one in dict.fromkeys(silencers_of(file)):
            unknown = [rule for rule in one.rules if rule not in BY_ID]
            if not one.why:
                text = "A silencer without a reason silences nothing."
                yield _complaint(
                    "X01",
                    "silencer-without-reason",
                    one,
                    text,
                    "Write why behind it: # tense: ignore[G13] the reason",
                )
            if unknown or not one.rules:
                text = f"A silencer names no known rule: {', '.join(unknown) or 'nothing in brackets'}."
                yield _complaint(
                    "X02", "silencer-of-nothing", one, text, "Name the rule: # tense: ignore[G13] the reason"
                )


def _complaint(rule: str, name: str, one: Silencer, text: str, mend: str) -> Finding:
    return Finding(
        rule=rule,
        name=name,
        severity="warning",
        certainty=1.0,
        subject=f"line {one.place.line}",
        text=text,
        mend=mend,
        place=one.place,
    )
