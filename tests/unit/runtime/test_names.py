import importlib.util
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import pytest

from tense.errors import MessageDefinitionError, TenseWarning
from tense.runtime.app import App

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
from tense import App, Command, Contract, Event, Publish, Service

shop = Contract("shop")


class OrderPlaced(Command, owner=shop):{command_comment}
    order_id: str


{above}
class PlaceOrder(Event, owner=shop):{event_comment}
    order_id: str


service = Service(shop)


@service.handles(OrderPlaced)
async def place(command: OrderPlaced, publish: Publish[PlaceOrder]) -> None: ...
"""


def written(folder, command_comment="", event_comment="", above=""):
    """A module that names its command as an event and its event as a command."""
    file = folder / "misnamed.py"
    text = PROGRAM.format(command_comment=command_comment, event_comment=event_comment, above=above)
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"misnamed_{folder.name}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def told(module):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        App(module.service)
    return caught


def test_a_command_that_reads_as_a_fact_and_an_event_that_reads_as_an_order_are_warned_of(tmp_path):
    module = written(tmp_path)

    command, event = told(module)

    assert command.category is event.category is TenseWarning
    assert str(command.message) == (
        f'shop.OrderPlaced ({module.__file__}:7) is declared as a command, but "placed" is past and says what happened; a '
        "command says what to do. Call it PlaceOrder. If the name is right: # tense: ignore[N02] and why."
    )
    assert "declared as an event" in str(event.message)
    assert "Call it OrderPlaced." in str(event.message)
    assert (event.filename, event.lineno) == (module.__file__, 12)


def test_right_names_are_not_warned_of(tmp_path):
    module = written(tmp_path)
    module.OrderPlaced.__name__, module.PlaceOrder.__name__ = "PlaceOrder", "OrderPlaced"

    assert told(module) == []


def test_names_of_other_peoples_contracts_are_theirs(tmp_path):
    module = written(tmp_path)
    other = __import__("tense").Service(__import__("tense").Contract("mail"))

    async def read(event: module.PlaceOrder) -> None: ...

    other.subscribes(module.PlaceOrder)(read)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        App(other)

    assert caught == []


def test_a_comment_with_a_reason_silences_its_rule(tmp_path):
    module = written(
        tmp_path,
        command_comment="  # tense: ignore[N02] the partner's word",
        above="# tense: ignore[N01, N03] it is law",
    )

    assert told(module) == []


@pytest.mark.parametrize(
    "comment", ["  # tense: ignore[N02]", "  # tense: ignore[N02] -", "  # tense: ignore[N01] other", "  # noqa"]
)
def test_a_comment_without_reason_or_for_another_rule_silences_nothing(tmp_path, comment):
    module = written(tmp_path, command_comment=comment)

    assert len(told(module)) == 2


@pytest.mark.parametrize("severity", ["off", "note"])
def test_a_project_may_turn_a_rule_down(tmp_path, severity):
    (tmp_path / "pyproject.toml").write_text(f'[tool.tense.check.severity]\nN01 = "{severity}"\nN02 = "{severity}"\n')
    module = written(tmp_path)

    assert told(module) == []


def test_a_project_may_ignore_a_family_of_rules(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.tense.check]\nignore = ["N"]\n')
    module = written(tmp_path)

    assert told(module) == []


def test_a_project_may_make_a_rule_an_error(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.tense.check.severity]\nN02 = "error"\n')
    module = written(tmp_path)

    with pytest.raises(
        MessageDefinitionError, match=r"shop\.OrderPlaced .*:7\) is declared as a command.*Call it PlaceOrder"
    ):
        App(module.service)


@pytest.mark.parametrize(
    "text", ["", "not toml [", "[tool]\ntense = 3\n", "[tool.tense.check]\nseverity = 4\nignore = 5\n"]
)
def test_settings_that_cannot_be_read_leave_the_warning(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    module = written(tmp_path)

    assert len(told(module)) == 2


def test_the_nearest_project_file_counts(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.tense.check.severity]\nN01 = "off"\nN02 = "off"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("")

    assert len(told(written(inner))) == 2


def test_nothing_of_the_naming_tables_is_read_until_there_is_a_name_to_judge():
    program = (
        "import sys, tense\n"
        "tense.App(tense.Service(tense.Contract('idle')))\n"
        "print([name for name in sys.modules if name.startswith('tense.rules.naming.')])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    assert ran.stdout.strip() == "[]"
