"""`tense check` from the outside: exit status, formats, and that bad input never ends in a traceback."""

import json
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tense.cli.check import check

ROOT = Path(__file__).resolve().parents[3]
BAD_INPUT = ROOT / ".." / "shared" / "conformance" / "open"
CORPUS = ROOT / ".." / "shared" / "corpus" / "asyncapi"
PLAIN = """asyncapi: 3.0.0
info: {title: orders, version: '1'}
channels:
  orders:
    address: shop.event.order
    messages:
      placed: {name: OrderPlaced, payload: {type: object, properties: {orderId: {type: string}}}}
operations:
  place: {action: send, channel: {$ref: '#/channels/orders'}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(check)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_a_clean_document_ends_in_0(run, tmp_path):
    (tmp_path / "orders.yaml").write_text(PLAIN)

    result = run("orders.yaml")

    assert (result.exit_code, "0 errors, 0 warnings" in result.stdout) == (0, True)


def test_findings_end_in_1_and_are_left_out_by_ignore(run, tmp_path):
    (tmp_path / "orders.yaml").write_text(PLAIN.replace("OrderPlaced", "SendEmailEvent"))

    assert run("orders.yaml").exit_code == 1
    assert "N17" in run("orders.yaml").stdout
    assert run("orders.yaml", "--ignore", "N").exit_code == 0
    assert run("orders.yaml", "--select", "G,S").exit_code == 0


def test_the_project_settings_count(run, tmp_path):
    (tmp_path / "orders.yaml").write_text(PLAIN.replace("OrderPlaced", "SendEmailEvent"))
    (tmp_path / "pyproject.toml").write_text('[tool.tense.check]\nignore = ["N17", "N01"]\n')

    assert run("orders.yaml").exit_code == 0


def test_a_baseline_is_written_once_and_kept(run, tmp_path):
    (tmp_path / "orders.yaml").write_text(PLAIN.replace("OrderPlaced", "SendEmailEvent"))

    first = run("orders.yaml", "--baseline", "known.json")
    second = run("orders.yaml", "--baseline", "known.json")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "was written with" in first.stderr
    assert "known from the baseline" in second.stdout


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_formats_for_programs_are_json(run, tmp_path, form):
    (tmp_path / "orders.yaml").write_text(PLAIN)

    assert json.loads(run("orders.yaml", "--format", form).stdout)


@pytest.mark.parametrize(
    "words",
    [
        ["nowhere.yaml"],
        ["."],
        ["orders.yaml", "--format", "xml"],
        ["orders.yaml", "--select", "N99"],
        ["orders.yaml", "--config", "nowhere.toml"],
        ["--explain", "N99"],
        ["broken.yaml"],
        ["nothing.bin"],
    ],
)
def test_unusable_input_is_refused_in_one_line_with_2(run, tmp_path, words):
    if words != ["."]:
        (tmp_path / "orders.yaml").write_text(PLAIN)
        (tmp_path / "broken.yaml").write_text("asyncapi: [")
        (tmp_path / "nothing.bin").write_bytes(bytes(range(256)))

    result = run(*words)

    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("tense check: ")


def test_without_a_target_the_app_of_the_project_is_checked(run, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.tense]\napp = "till_of_this_test:app"\n')
    (tmp_path / "till_of_this_test.py").write_text(
        "from tense import App, Command, Contract, Service\n\n"
        'till = Contract("till")\n\n\n'
        "class ProcessPayment(Command, owner=till):\n    payment_id: str\n\n\n"
        "service = Service(till)\n\n\n"
        "@service.handles(ProcessPayment)\nasync def process(command: ProcessPayment) -> None: ...\n\n\n"
        "app = App(service)\n"
    )
    monkeypatch.setattr("sys.path", list(sys.path))

    result = run()

    assert result.exit_code == 0, result.output
    assert "N14 vague-verb: ProcessPayment" in result.stdout
    assert "till_of_this_test.py:6" in result.stdout


def test_an_app_that_cannot_be_imported_is_refused(run):
    result = run("no_such_module_here:app")

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_rule_is_explained(run):
    result = run("--explain", "N09")

    assert result.exit_code == 0
    assert result.stdout.startswith("# N09 crud-event")


def test_any_file_of_the_bad_input_gets_an_answer(run):
    if not BAD_INPUT.is_dir():
        pytest.skip("the folder shared/conformance/open beside this checkout is missing")
    files = [path for path in sorted(BAD_INPUT.rglob("*")) if path.is_file()]

    for path in files[:: max(1, len(files) // 120)]:
        started = time.perf_counter()
        result = run(path)
        assert result.exit_code in {0, 1, 2}, (path, result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), (path, result.exception)
        assert time.perf_counter() - started < 5, path


def test_a_fleet_of_a_hundred_documents_is_judged(run, tmp_path):
    for number in range(100):
        text = PLAIN.replace("orders", f"orders{number}").replace("OrderPlaced", f"Order{number}Placed")
        (tmp_path / f"orders{number}.yaml").write_text(text)

    result = run(".")

    assert result.exit_code == 0, result.output
    assert "100 messages and 100 services from 100 sources" in result.stdout
