"""`tense graph` and `tense diff` as they are typed."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tense.cli.diff import diff
from tense.cli.graph import graph

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
app = typer.Typer()
app.command()(graph)
app.command()(diff)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("form", "sign"), [("mermaid", "flowchart LR"), ("dot", "digraph"), ("svg", "<svg"), ("html", "<!doctype html>")]
)
def test_every_format_is_printed(form: str, sign: str):
    status, out, _ = run("graph", str(FIXTURES / "plainbus"), "--format", form)

    assert status == 0
    assert out.startswith(sign)
    assert "CreateShipment" in out


def test_the_ending_of_the_file_chooses_the_format(tmp_path: Path):
    status, out, _ = run("graph", str(FIXTURES / "celery"), "-o", str(tmp_path / "fleet.html"))

    assert (status, out) == (0, "")
    assert (tmp_path / "fleet.html").read_text().startswith("<!doctype html>")


def test_what_check_finds_is_on_the_picture_unless_it_is_not_wanted():
    _, red, _ = run("graph", str(FIXTURES / "plainbus"))
    _, plain, _ = run("graph", str(FIXTURES / "plainbus"), "--no-findings")

    assert "linkStyle" in red
    assert "linkStyle" not in plain


@pytest.mark.parametrize("target", ["none.yaml", "no_such_module:app", "os:path"])
def test_unusable_input_is_one_line_and_exit_2(target: str):
    status, out, said = run("graph", target)

    assert (status, out) == (2, "")
    assert said.startswith("tense graph: ")
    assert said.count("\n") == 1


def test_an_unknown_format_is_refused():
    status, _, said = run("graph", str(FIXTURES / "celery"), "--format", "png")

    assert status == 2
    assert "mermaid, dot, svg, html" in said


def test_what_breaks_somebody_exits_with_1(tmp_path: Path):
    text = (
        "class PlaceOrder(Command):\n    id: str\n{}\n@handles(PlaceOrder)\ndef place(c): ...\nbus.send(PlaceOrder())\n"
    )
    for name, extra in (("old", ""), ("new", "    total: int")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shop.py").write_text(text.format(extra))

    status, out, _ = run("diff", str(tmp_path / "old" / "shop.py"), str(tmp_path / "new" / "shop.py"))
    in_json = json.loads(run("diff", str(tmp_path / "old"), str(tmp_path / "new"), "--json")[1])

    assert status == 1
    assert "PlaceOrder requires total" in out
    assert in_json["breaking"]
    assert any(one["what"] == "field added" for one in in_json["changes"])


def test_the_same_twice_has_nothing_to_say():
    status, out, _ = run("diff", str(FIXTURES / "protean"), str(FIXTURES / "protean"))

    assert (status, out) == (0, "Nothing changed.\n")


def test_comparing_with_nothing_is_exit_2():
    status, _, said = run("diff", str(FIXTURES / "protean"), "none")

    assert status == 2
    assert said == "tense diff: none: does not exist\n"
