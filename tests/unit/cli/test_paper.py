import io
import json
import logging

import pytest

from tense.cli.logs import JsonFormatter, TextFormatter, configure_logs
from tense.cli.mistake import MistakeError
from tense.cli.paper import age, counted, paint, printable, table, wants_colour


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colours_are_for_terminals_only():
    assert paint("ok", "green", Terminal()) == "\x1b[32mok\x1b[0m"
    assert paint("ok", "green", io.StringIO()) == "ok"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colours_gets_none(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    assert not wants_colour(Terminal())


def test_what_is_shown_cannot_move_the_cursor():
    assert printable("a\x1b[2Jb\nc") == "a?[2Jb?c"
    assert printable("abcdef", 4) == "abc…"


def test_figures_stand_to_the_right():
    assert table(("name", "n"), [("a", 5), ("bcdefg", 17)], indent="").splitlines()[1:] == ["a        5", "bcdefg  17"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 ms"), (0.25, "250 ms"), (5, "5 s"), (300, "5 min"), (7200 * 2, "4 h"), (86400 * 3, "3 days")],
)
def test_an_age_is_told_in_one_unit(seconds, said):
    assert age(seconds) == said


def test_one_is_not_many():
    assert counted(1, "process", "processes") == "1 process"
    assert counted(1200, "event") == "1,200 events"


def record(text, **extra):
    made = logging.LogRecord("tense", logging.WARNING, "file", 1, text, (), None)
    made.__dict__.update(extra)
    return made


def test_a_log_line_as_json_is_one_object_with_its_fields():
    line = JsonFormatter().format(record("a\nb", fields={"event": "started"}))

    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "tense",
        "text": "a\nb",
        "event": "started",
    }


def test_a_log_line_names_the_message_it_belongs_to():
    from tense.dispatch.context import handling
    from tense.messages.metadata import Metadata

    token = handling.set(Metadata(id="1", kind="command", type="orders.PlaceOrder"))
    try:
        line = json.loads(JsonFormatter().format(record("hello")))
    finally:
        handling.reset(token)

    assert line["message"] == {"id": "1", "type": "orders.PlaceOrder", "correlationid": "1", "attempt": 1}


def test_a_traceback_stands_beneath_its_line():
    import sys

    try:
        int("boom")
    except ValueError:
        text = TextFormatter(io.StringIO()).format(record("failed", exc_info=sys.exc_info()))

    assert "warning: failed\nTraceback" in text
    assert text.endswith("'boom'")


def test_a_format_that_does_not_exist_is_refused():
    with pytest.raises(MistakeError, match="text and json"):
        configure_logs("yaml")
