"""Every page does what it says."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, Block, Reader, blocks_of, pages, same

import tense


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    reader = Reader(folder=tmp_path, page=str(page.relative_to(ROOT)))

    try:
        for block in blocks_of(page.read_text()):
            reader.follow(block)
    finally:
        reader.leave()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    missing = [link for link in links if not (page.parent / link).exists()]

    assert missing == []


def test_a_program_that_fails_is_noticed(tmp_path: Path) -> None:
    reader = Reader(folder=tmp_path, page="made up")

    with pytest.raises(AssertionError, match="made up:3"):
        reader.follow(Block(language="python", content="raise SystemExit(1)\n", line=3))


def test_another_output_is_noticed(tmp_path: Path) -> None:
    reader = Reader(folder=tmp_path, page="made up")
    reader.follow(Block(language="python", content="print('left')\n", line=1))

    with pytest.raises(AssertionError, match="left"):
        reader.follow(Block(language="text", content="right\n", line=5))


def test_three_dots_stand_for_anything_and_nothing_else_does() -> None:
    assert same("id 1234 done\n", "id ... done")
    assert not same("id 1234 failed\n", "id ... done")
    assert not same("a\nb\n", "a")


def test_every_promise_names_a_test_that_there_is() -> None:
    page = (ROOT / "docs" / "reference" / "guarantees.md").read_text()
    promises = re.findall(r"^\| \d+ \| (.*) \| (.*) \|$", page, re.MULTILINE)
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", sources))

    missing = [name for _, shown in promises for name in re.findall(r"`(test_\w+)`", shown) if name not in there]

    assert len(promises) == 10
    assert all("`test_" in shown for _, shown in promises)
    assert missing == []


def test_every_make_target_that_a_page_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        target
        for page in pages()
        for target in re.findall(r"`make ([a-z-]+)`|^\$ make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }

    missing = [target for pair in named for target in pair if target and f"\n{target}:" not in makefile]

    assert missing == []


def test_every_public_name_is_written_of() -> None:
    text = "\n".join(page.read_text() for page in pages())

    missing = [name for name in tense.__all__ if not re.search(rf"\b{name}\b", text)]

    assert missing == []


def test_every_page_is_found_from_the_index() -> None:
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text()
    written = {str(page.relative_to(docs)) for page in docs.rglob("*.md") if page.parent.name != "rules"} - {"index.md"}

    missing = sorted(page for page in written if f"]({page})" not in index)

    assert missing == []
