"""Every page does what it says."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, Block, Reader, blocks_of, pages, same


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
