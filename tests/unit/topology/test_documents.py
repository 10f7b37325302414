"""Documents are loaded with their lines; what is dangerous in them does nothing."""

from pathlib import Path

import pytest

from tense.rules.meaning.graph import Problem
from tense.topology.readers import yaml_events as yaml_module
from tense.topology.readers.documents import Document, escaped, load, parts_of


def loaded(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> Document:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    document = load(path)
    assert isinstance(document, Document), document
    return document


def refused(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> Problem:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problem = load(path)
    assert isinstance(problem, Problem), problem
    assert problem.fatal
    assert "\n" not in problem.text
    return problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a:\n  b:\n    - x\n    - y: 1\n"),
        ("a.json", '{"a":\n {"b":\n  ["x",\n   {"y": 1}]}}'),
    ],
)
def test_a_pointer_has_the_line_it_is_written_on(tmp_path: Path, name: str, text: str):
    document = loaded(tmp_path, text, name)

    assert document.root == {"a": {"b": ["x", {"y": 1}]}}
    assert document.place("/a/b/1/y").line == 4
    assert document.place("/a/b").line == 2
    assert document.place("/a/b/1/none").line == 4


def test_a_key_with_a_slash_is_escaped_in_its_pointer(tmp_path: Path):
    document = loaded(tmp_path, "channels:\n  user/signedup:\n    x: 1\n")

    place = document.place("/channels/" + escaped("user/signedup") + "/x")

    assert place.line == 3
    assert parts_of("/a~1b/c~0d") == ["a/b", "c~d"]


def test_plain_scalars_are_those_of_yaml_1_2(tmp_path: Path):
    document = loaded(tmp_path, "a: yes\nb: true\nc: 2020-01-01\nd: 0o17\ne: 1e3\nf: ~\ng: '1'\nh: 010\n")

    assert document.root == {
        "a": "yes",
        "b": True,
        "c": "2020-01-01",
        "d": 15,
        "e": 1000.0,
        "f": None,
        "g": "1",
        "h": 10,
    }


def test_a_tag_is_stated_and_never_executed(tmp_path: Path):
    witness = tmp_path / "witness"

    document = loaded(tmp_path, f'a: !!python/object/apply:os.system ["touch {witness}"]\n')

    assert not witness.exists()
    assert document.root == {"a": [f"touch {witness}"]}
    assert "python/object/apply:os.system" in document.problems[0].text
    assert document.problems[0].doubt


def test_a_key_given_twice_is_stated(tmp_path: Path):
    document = loaded(tmp_path, "a: 1\nb: 2\na: 3\n")

    assert document.root == {"a": 3, "b": 2}
    assert [(one.text, one.place.line) for one in document.problems if one.place] == [
        ("has the key 'a' twice in one mapping: the later one counts", 3)
    ]


def test_merged_mappings_stand_below_what_is_said(tmp_path: Path):
    document = loaded(tmp_path, "base: &base {a: 1, b: 2}\nown:\n  <<: *base\n  b: 3\n")

    assert document.root == {"base": {"a": 1, "b": 2}, "own": {"a": 1, "b": 3}}


def test_a_bomb_of_aliases_is_refused_before_it_unfolds(tmp_path: Path):
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]

    problem = refused(tmp_path, "a0: &a0 [x, x]\n" + "\n".join(levels))

    assert "unfolds to more than" in problem.text


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_depth_is_bounded(tmp_path: Path, name: str):
    problem = refused(tmp_path, "[" * 50_000 + "]" * 50_000, name)

    assert "nest" in problem.text or "recursion" in problem.text


def test_an_alias_to_what_encloses_it_is_refused(tmp_path: Path):
    assert "names nothing before it" in refused(tmp_path, "a: &a\n  b: *a\n").text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: \xff\xfe", "UTF-8"),
        ("asyncapi: 3.0.0".encode("utf-16"), "UTF-8"),
        (b"a: \0", "not YAML"),
        (b"a: [1,\n", "not YAML"),
        (b"? [a]\n: b\n", "as a key"),
        (b"x" * 8_000_001, "larger than"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, text: bytes, said: str):
    assert said in refused(tmp_path, text).text


def test_a_bad_json_file_says_where(tmp_path: Path):
    problem = refused(tmp_path, '{"a": 1,\n "b": }', "a.json")

    assert problem.place is not None
    assert problem.place.line == 2
    assert "NaN is no number" in refused(tmp_path, '{"a": NaN}', "b.json").text


def test_yaml_without_its_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(yaml_module, "yaml", None)

    assert "tense[yaml]" in refused(tmp_path, "a: 1\n").text
    assert loaded(tmp_path, '{"a": 1}', "a.json").root == {"a": 1}


def test_a_missing_file_is_refused(tmp_path: Path):
    problem = load(tmp_path / "none.yaml")

    assert isinstance(problem, Problem)
    assert "cannot be read" in problem.text
