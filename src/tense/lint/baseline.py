"""A baseline: the findings an old project lives with, so that only new ones fail.

A fingerprint holds the rule, what it is about and the services on the way, and no line number: code may move.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tense.lint.refusal import UnusableInputError
from tense.rules.meaning.finding import Finding

_VERSION = 1


def fingerprint(finding: Finding) -> str:
    """A stable name for a finding: the same after the code around it has moved."""
    way = [(hop.service, hop.message) for hop in finding.path]
    told = json.dumps([finding.rule, finding.subject, finding.service, way], ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def write(path: Path, findings: Iterable[Finding]) -> int:
    """Write a baseline; return how many findings it holds."""
    kept = sorted((fingerprint(one), one.rule, one.subject) for one in findings)
    rows = [{"fingerprint": mark, "rule": rule, "subject": subject} for mark, rule, subject in kept]
    try:
        path.write_text(json.dumps({"version": _VERSION, "findings": rows}, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UnusableInputError(f"cannot be written: {error.strerror}", where=str(path)) from error
    return len(rows)


def read(path: Path) -> Counter[str]:
    """How often each fingerprint stands in a baseline."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise UnusableInputError(f"is a baseline of version {document['version']}, not {_VERSION}", where=str(path))
        return Counter(str(row["fingerprint"]) for row in document["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, UnusableInputError):
            raise
        raise UnusableInputError(
            "is no baseline of tense check", where=str(path), mend="Delete it to have it written anew."
        ) from error


def new(findings: Iterable[Finding], known: Counter[str]) -> tuple[list[Finding], int]:
    """The findings that are not in the baseline, and how many are."""
    left = Counter(known)
    fresh: list[Finding] = []
    old = 0
    for finding in findings:
        mark = fingerprint(finding)
        if left[mark] > 0:
            left[mark] -= 1
            old += 1
        else:
            fresh.append(finding)
    return fresh, old
