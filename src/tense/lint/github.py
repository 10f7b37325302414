"""A report as workflow commands, which GitHub shows beside the lines of a change."""

from collections.abc import Iterator

from tense.lint.run import Report
from tense.lint.text import relative
from tense.rules.meaning.finding import Finding, Severity

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """One annotation for each finding."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        text = _data(f"{finding.text}\n{finding.mend}")
        yield f"::{_COMMANDS[finding.severity]} {','.join(_properties(finding))}::{text}"


def _properties(finding: Finding) -> Iterator[str]:
    if finding.place is not None:
        yield f"file={_property(relative(finding.place.file))}"
        if finding.place.line:
            yield f"line={finding.place.line}"
    yield f"title={_property(f'{finding.rule} {finding.name}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
