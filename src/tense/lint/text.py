"""A report for people: the place with its line, the way of a chain, the mend, and what was not judged."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tense.lint.run import Report
from tense.lint.silence import lines_of
from tense.rules.meaning.finding import Finding, Hop
from tense.rules.meaning.graph import Place
from tense.rules.meaning.judge import Unjudged

_WIDEST = 160


def render(report: Report) -> str:
    """The report as text; it ends with a line that sums up."""
    parts = ["\n".join(_finding(finding)) for finding in report.findings]
    parts.append("\n".join([*_unjudged(report), _summary(report)]))
    return "\n\n".join(parts) + "\n"


def shown(place: Place | None) -> str:
    """A place as one can click it: file and line, and the pointer of a document."""
    if place is None:
        return "(no place)"
    text = relative(place.file) + (f":{place.line}" if place.line else "")
    return f"{text} {place.pointer}" if place.pointer else text


def relative(file: str) -> str:
    """The file from the current folder, where it lies below it."""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd())) if Path(file).is_absolute() else file
    except (ValueError, OSError):
        return file


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity} {finding.rule} {finding.name}: {finding.text}"
    yield f"  --> {shown(finding.place)}"
    yield from _source(finding.place)
    if finding.path:
        yield f"      {drawn(finding.path)}"
    yield f"      mend: {finding.mend}"


def _source(place: Place | None) -> Iterator[str]:
    if place is None or place.line is None:
        return
    lines = lines_of(place.file)
    if 0 < place.line <= len(lines):
        number = str(place.line)
        text = lines[place.line - 1].strip()
        yield f"{number:>5} | {text[:_WIDEST]}{'…' if len(text) > _WIDEST else ''}"


_ARROWS = {
    "publishes": ("╌╌", "╌╌▷"),
    "sends": ("──", "──▶"),
    "executes": ("══", "══▶"),
    "asks": ("··", "··▷"),
}


def drawn(path: Iterable[Hop]) -> str:
    """A way through services: dashed for events, solid for commands, doubled where the sender waits."""
    text = ""
    for hop in path:
        text += hop.service
        if hop.message:
            tail, head = _ARROWS.get(hop.verb, _ARROWS["publishes"])
            text += f" {tail} {hop.message} {head} "
    return text


def _unjudged(report: Report) -> Iterator[str]:
    """One line for each reason: which rules, and in how many sources."""
    groups: defaultdict[str, list[Unjudged]] = defaultdict(list)
    for one in report.unjudged:
        groups[_why(one)].append(one)
    for why, rows in groups.items():
        rules = " ".join(dict.fromkeys(row.rule for row in rows))
        sources = list(dict.fromkeys(row.source for row in rows))
        where = relative(sources[0]) if len(sources) == 1 else f"{len(sources)} of {len(report.sources)} sources"
        yield f"not judged in {where}, {why}: {rules}"


_TELLS = {
    "owners": "who owns a message",
    "handlers": "who else handles a message",
    "sayings": "who else says a message",
    "inside": "what a handler says",
    "rejections": "what a handler may refuse",
    "waits": "who waits",
    "stores": "what a handler stores",
    "imports": "who imports what",
    "entries": "what clients and scripts say",
}


def _why(one: Unjudged) -> str:
    if not one.missing:
        return "which may be a part of the fleet only (whole-fleet = true says it is all)"
    told = [_TELLS.get(fact, fact) for fact in one.missing]
    return "which does not tell " + (told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}")


def _summary(report: Report) -> str:
    count = Counter(one.severity for one in report.findings)
    found = [_many(count["error"], "error"), _many(count["warning"], "warning"), _many(count["note"], "note")]
    over = f"{_many(report.messages, 'message')} and {_many(report.services, 'service')}"
    text = f"{', '.join(found)} over {over} from {_many(len(report.sources), 'source')}."
    if report.silenced:
        text += f" {report.silenced} silenced."
    if report.known:
        text += f" {report.known} known from the baseline."
    return text


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
