from datetime import UTC, datetime, timedelta

import pytest

from tense.cli.mistake import MistakeError
from tense.cli.project import chosen_app
from tense.cli.words import duration, message_class, moment


@pytest.fixture
def app(project):
    return chosen_app(None, None)


@pytest.mark.parametrize("name", ["PlaceOrder", "orders.PlaceOrder"])
def test_a_message_is_found_by_either_of_its_names(app, name):
    assert message_class(app, name, "command").__name__ == "PlaceOrder"


def test_a_wrong_name_proposes_the_right_one(app):
    with pytest.raises(MistakeError, match="Did you mean: PlaceOrder"):
        message_class(app, "PlaceOrdr", "command")
    with pytest.raises(MistakeError, match=r"Did you mean: orders\.PlaceOrder"):
        message_class(app, "order.PlaceOrder", "command")


def test_a_name_like_no_other_lists_those_there_are(app):
    with pytest.raises(MistakeError, match=r"It knows: orders\.PlaceOrder, orders\.RemindCustomer"):
        message_class(app, "zzzzzz", "command")


def test_an_event_is_not_sent_and_a_command_not_published(app):
    with pytest.raises(MistakeError, match="is an event: tense publish OrderPlaced"):
        message_class(app, "OrderPlaced", "command")
    with pytest.raises(MistakeError, match="is a command: tense send PlaceOrder"):
        message_class(app, "PlaceOrder", "event")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1.5", 1.5), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172800)]
)
def test_lengths_of_time_are_read_as_people_write_them(text, seconds):
    assert duration(text, "--after") == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "", "5 parsecs", "-3s", "1h30"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(MistakeError, match="--after"):
        duration(text, "--after")


def test_a_moment_without_a_zone_is_of_this_machine():
    found = moment("2027-01-31T09:00", "--at")

    assert found.tzinfo is not None
    assert found == datetime(2027, 1, 31, 9).astimezone()
    assert moment("2027-01-31T09:00+00:00", "--at") == datetime(2027, 1, 31, 9, tzinfo=UTC)


def test_what_is_no_moment_is_refused():
    with pytest.raises(MistakeError, match="--at 'tomorrow'"):
        moment("tomorrow", "--at")
