"""Reports: what pytest wrote about the tests that it ran, as JUnit XML."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SHOWN = 25
"""Lines of a failure that are kept: the end of it says what was found."""


@dataclass(frozen=True)
class Case:
    """One test: its file, its class if it has one, its name, how it ended, and why it was skipped or failed."""

    file: str
    place: str
    name: str
    end: Literal["passed", "skipped", "failed"]
    why: str = ""


def cases(report: Path) -> Iterator[Case]:
    """Every test of a report."""
    for test in ET.parse(report).iter("testcase"):
        module, _, place = test.get("classname", "").partition(".Test")
        file, name = f"{module.replace('.', '/')}.py", test.get("name", "")
        skipped, broken = test.find("skipped"), [child for child in test if child.tag in ("failure", "error")]
        if broken:
            text = broken[-1].text or broken[-1].get("message", "failed")
            yield Case(file, place, name, "failed", "\n".join(text.splitlines()[-SHOWN:]))
        elif skipped is not None:
            yield Case(file, place, name, "skipped", skipped.get("message", "skipped"))
        else:
            yield Case(file, place, name, "passed")


def printed(report: Path) -> list[str]:
    """What tests said; of those in other processes only the report has it."""
    return [line for out in ET.parse(report).iter("system-out") for line in (out.text or "").splitlines()]
