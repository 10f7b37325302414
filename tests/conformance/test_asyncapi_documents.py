"""Documents of others: every one is read or refused, quickly, and the verdicts are those of the official parser."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tense.rules.meaning.graph import Topology
from tense.topology.read import is_unreadable, read_topology
from tense.topology.readers.asyncapi.reader import AsyncApiReader
from tense.topology.render.html import html
from tense.topology.render.picture import picture
from tense.topology.render.svg import svg

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
OPEN = SHARED / "conformance" / "open"
LONGEST = 5.0

needs_data = pytest.mark.skipif(not OPEN.is_dir(), reason="the folder shared/conformance is not beside this checkout")


def read(path: Path) -> Topology:
    (topology,) = AsyncApiReader().read([path], folder=path.parent)
    return topology


def agrees(verdict: str, topology: Topology) -> bool:
    faults = [problem for problem in topology.problems if not problem.doubt]
    if verdict == "needs-external-file":
        return any("refers to" in problem.text for problem in topology.problems)
    return bool(faults) == (verdict == "invalid")


@needs_data
def test_verdicts_agree_with_those_of_the_official_parser():
    rows: list[dict[str, Any]] = json.loads((OPEN / "asyncapi" / "official-parser-verdicts.json").read_text())

    apart = [row["file"] for row in rows if not agrees(row["verdict"], read(OPEN / "asyncapi" / row["file"]))]

    print(f"{len(rows) - len(apart)} of {len(rows)} agree; apart: {apart}")
    assert len(apart) <= 0.02 * len(rows)


@needs_data
def test_every_document_named_invalid_is_stated_and_every_valid_one_is_read():
    documents = sorted((OPEN / "asyncapi" / "tck-2.0").rglob("*valid-*.y*ml"))

    silent = [path.name for path in documents if path.name.startswith("invalid") and not read(path).problems]
    refused = [path.name for path in documents if path.name.startswith("valid") and is_unreadable(read(path))]

    assert len(documents) > 150
    assert silent == []
    assert refused == []


@needs_data
def test_every_fault_has_a_place():
    rows = json.loads((OPEN / "asyncapi" / "official-parser-verdicts.json").read_text())

    placeless = [
        (row["file"], problem.text)
        for row in rows
        for problem in read(OPEN / "asyncapi" / row["file"]).problems
        if problem.place is None or problem.place.line is None
    ]

    assert placeless == []


@needs_data
def test_any_file_gives_an_answer_or_a_refusal_of_one_line():
    slow, wordy, silent = [], [], []

    for path in sorted(path for path in OPEN.rglob("*") if path.is_file()):
        began = time.perf_counter()
        topology = read_topology([str(path)])
        if is_unreadable(topology):
            wordy += [path for problem in topology.problems if "\n" in problem.text]
            silent += [] if topology.problems else [path]
        else:
            assert svg(picture(topology)).startswith("<svg")
            assert html(topology).startswith("<!doctype html>")
        if time.perf_counter() - began > LONGEST:
            slow.append(path)

    assert (slow, wordy, silent) == ([], [], [])


@needs_data
def test_folders_of_documents_are_read_as_fleets():
    corpus = SHARED / "corpus" / "asyncapi"

    topology = read_topology([str(corpus)])

    assert len(topology.services) > 30
    assert len(topology.messages) > 150
    names = [message.name for message in topology.messages]
    assert len(names) == len(set(names))
