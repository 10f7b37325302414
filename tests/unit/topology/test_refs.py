"""References lead inside the document and the given folder, and nowhere else."""

from pathlib import Path

import pytest

from tense.rules.meaning.graph import Problem
from tense.topology.readers.documents import Document, load
from tense.topology.readers.refs import At, References


def followed(folder: Path, ref: str, files: dict[str, str] | None = None) -> At | Problem:
    for name, text in {"main.yaml": f"use: {{$ref: '{ref}'}}\nthing: {{a: 1}}\n", **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    document = load(folder / "main.yaml")
    assert isinstance(document, Document)
    return References(folder).follow(At(document, "", document.root).child("use"))


def test_a_local_reference_is_followed(tmp_path: Path):
    found = followed(tmp_path, "#/thing")

    assert isinstance(found, At)
    assert (found.value, found.pointer) == ({"a": 1}, "/thing")


def test_a_file_in_the_folder_is_opened(tmp_path: Path):
    found = followed(
        tmp_path, "./parts/b.yaml#/x/y", {"parts/b.yaml": "x: {$ref: 'c.json'}", "parts/c.json": '{"y": 2}'}
    )

    assert isinstance(found, At)
    assert found.value == 2
    assert found.document.path.name == "c.json"


def test_a_chain_that_leads_back_to_itself_ends(tmp_path: Path):
    found = followed(tmp_path, "#/b", {"main.yaml": "use: {$ref: '#/b'}\nb: {$ref: '#/use'}\n"})

    assert isinstance(found, Problem)
    assert "back to itself" in found.text


@pytest.mark.parametrize(
    "ref", ["../secret.yaml", "/etc/hostname", "%2e%2e/secret.yaml", "parts/../../secret.yaml", "inner/link.yaml"]
)
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, ref: str):
    (tmp_path / "secret.yaml").write_text("a: 1")
    folder = tmp_path / "given"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "link.yaml").symlink_to(tmp_path / "secret.yaml")

    found = followed(folder, ref)

    assert isinstance(found, Problem)
    assert "outside the given folder" in found.text
    assert found.doubt


@pytest.mark.parametrize("ref", ["http://127.0.0.1:9/x.yaml", "https://e.x/y", "file:///etc/passwd", "//host/x"])
def test_nothing_is_fetched(tmp_path: Path, ref: str):
    found = followed(tmp_path, ref)

    assert isinstance(found, Problem)
    assert "nothing is fetched" in found.text


@pytest.mark.parametrize(
    ("ref", "said"), [("#/none", "does not exist"), ("#none", "no JSON pointer"), ("gone.yaml", "is no file")]
)
def test_a_reference_to_nothing_is_stated_with_its_line(tmp_path: Path, ref: str, said: str):
    found = followed(tmp_path, ref)

    assert isinstance(found, Problem)
    assert said in found.text
    assert found.place is not None
    assert found.place.line == 1
