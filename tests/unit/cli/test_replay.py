import json
import sqlite3
import sys

import pytest

from tense.cli.mistake import MistakeError
from tense.cli.replay import beginning

NAME = "email<orders.order"


@pytest.fixture
def letters(project):
    def read():
        db = sqlite3.connect(project / "shop.db")
        try:
            return [row[0] for row in db.execute("SELECT order_id FROM letters ORDER BY rowid")]
        finally:
            db.close()

    return read


@pytest.fixture
def handled(tense, serve):
    """Five orders placed, announced and handled by email."""
    serve()
    for number in range(5):
        tense("publish", "OrderPlaced", json.dumps({"order_id": str(number)}))
    serve()


def count(project, table):
    db = sqlite3.connect(project / "shop.db")
    try:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    finally:
        db.close()


def test_the_subscribers_run_again_and_keep_what_they_write(tense, handled, letters):
    ran = tense("replay", NAME, "--yes")

    assert ran.status == 0
    assert "handled 5 events again" in ran.out
    assert sorted(letters()[:5]) == letters()[5:] == ["0", "1", "2", "3", "4"]


def test_what_they_would_have_said_is_counted_and_not_said(tense, handled, project):
    commands = count(project, "tense_command")

    said = json.loads(tense("replay", NAME, "--yes", "--json").out)

    assert said["silenced"] == {"send orders.RemindCustomer": 5}
    assert count(project, "tense_command") == commands


def test_where_the_subscription_stands_is_not_moved(tense, handled, serve, letters):
    tense("replay", NAME, "--yes")

    serve()

    assert len(letters()) == 10


def test_events_that_it_has_not_reached_are_left_to_its_worker(tense, handled, serve, letters):
    tense("publish", "OrderPlaced", '{"order_id": "new"}')

    tense("replay", NAME, "--yes")
    before = letters()
    serve()

    assert "new" not in before
    assert letters().count("new") == 1


def test_it_may_begin_after_a_position_or_at_a_moment(tense, handled):
    after = json.loads(tense("replay", NAME, "--yes", "--json", "--from", "3").out)
    later = json.loads(tense("replay", NAME, "--yes", "--json", "--from", "2999-01-01").out)

    assert (after["handled"], after["position"]) == (2, 5)
    assert later["handled"] == 0


def test_a_handler_that_fails_is_undone_and_told_and_the_others_go_on(tense, handled, project, letters):
    source = (project / "shopapp.py").read_text()
    broken = source.replace(
        "    send(RemindCustomer(order_id=event.order_id))", "    if event.order_id == '2': raise ValueError('no')"
    )
    (project / "shopapp.py").write_text(broken)
    sys.modules.pop("shopapp", None)

    ran = tense("replay", NAME, "--yes")

    assert ran.status == 1
    assert "position 3 failed and was undone: ValueError: no" in ran.err
    assert letters()[5:] == ["0", "1", "3", "4"]


def test_commands_are_never_replayed(tense, handled):
    ran = tense("replay", "orders", "--yes")

    assert ran.status == 2
    assert "commands are never replayed" in ran.err


def test_the_name_of_the_service_is_enough_where_it_has_one_subscription(tense, handled):
    assert tense("replay", "email", "--yes").status == 0


def test_a_wrong_name_proposes_the_right_one(tense, handled):
    ran = tense("replay", "email<orders.ordr", "--yes")

    assert ran.status == 2
    assert "Did you mean: 'email<orders.order'" in ran.err


def test_nothing_is_done_where_nobody_can_be_asked(tense, handled, letters):
    ran = tense("replay", NAME)

    assert ran.status == 2
    assert "--yes" in ran.err
    assert len(letters()) == 5


def test_a_beginning_is_a_position_or_a_moment():
    assert beginning(None) == beginning("start") == (0, 0.0)
    assert beginning("17") == (17, 0.0)
    assert beginning("1970-01-01T00:01:00+00:00") == (0, 60.0)
    with pytest.raises(MistakeError, match="--from"):
        beginning("yesterday")
