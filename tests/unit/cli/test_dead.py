import json
import sys

import pytest


@pytest.fixture
def broken(tense, serve):
    """Two dead commands."""
    serve()
    for name in ("1", "2"):
        tense("send", "PlaceOrder", json.dumps({"order_id": name, "sku": "broken"}), "--id", name)
    serve()


def numbers(tense, *words):
    return [letter["number"] for letter in json.loads(tense("dead", "list", "--json", *words).out)]


def test_no_dead_letters_is_said(tense, serve):
    serve()

    assert tense("dead", "list").out == "no dead letters.\n"
    assert json.loads(tense("dead", "list", "--json").out) == []


def test_dead_letters_are_listed_with_their_reason(tense, broken):
    ran = tense("dead", "list")

    assert ran.status == 0
    assert ran.out.count("orders.PlaceOrder") == 2
    assert ran.out.count("the shelf is broken") == 2


def test_a_list_that_was_cut_says_so(tense, broken):
    assert "and more: --limit 10" in tense("dead", "list", "--limit", "1").out


def test_only_those_of_one_consumer_are_listed(tense, broken):
    assert numbers(tense, "--consumer", "email<orders.order") == []
    assert numbers(tense, "--consumer", "orders") == [1, 2]


def test_one_is_shown_whole(tense, broken):
    shown = tense("dead", "show", 1)
    plain = json.loads(tense("dead", "show", 1, "--json").out)

    assert "Traceback (most recent call last)" in shown.out
    assert "ValueError: the shelf is broken" in shown.out
    assert f'{{"order_id":"{plain["id"]}","sku":"broken"}}' in shown.out
    assert plain["body"] == {"order_id": plain["id"], "sku": "broken"}
    assert plain["headers"]["id"] == plain["id"]
    assert plain["reason"]


def test_one_that_is_not_there_is_named(tense, broken):
    for words in (["show", 9], ["redrive", 1, 9, "--yes"], ["drop", 9, "--yes"]):
        ran = tense("dead", *words)
        assert ran.status == 2
        assert "there is no dead letter 9" in ran.err
    assert numbers(tense) == [1, 2]


def test_a_redriven_command_is_handled_again_by_mended_code(tense, broken, serve, project):
    redriven = json.loads(tense("dead", "show", 1, "--json").out)["id"]
    source = (project / "shopapp.py").read_text()
    (project / "shopapp.py").write_text(source.replace('command.sku == "broken"', "False"))
    sys.modules.pop("shopapp")

    ran = tense("dead", "redrive", 1, "--yes")
    serve()

    assert ran.out == "put back: 1.\n"
    assert numbers(tense) == [2]
    assert tense("outcome", redriven).out == f'completed orders.PlaceOrder {redriven} {{"total":5}}\n'


def test_dropped_ones_are_gone(tense, broken):
    ran = tense("dead", "drop", "--consumer", "orders", "--yes", "--json")

    assert json.loads(ran.out) == {"drop": 2}
    assert numbers(tense) == []


@pytest.mark.parametrize("verb", ["redrive", "drop"])
def test_nothing_is_done_where_nobody_can_be_asked(tense, broken, verb):
    ran = tense("dead", verb, "--all")

    assert ran.status == 2
    assert "2 dead letters of orders" in ran.err
    assert "--yes" in ran.err
    assert numbers(tense) == [1, 2]


@pytest.mark.parametrize(("answer", "left"), [("n", [1, 2]), ("", [1, 2]), ("y", [])])
def test_whoever_is_asked_decides(tense, broken, answer, left):
    ran = tense("dead", "drop", "--all", stdin=f"{answer}\n", person=True)

    assert "This will forget 2 dead letters of orders for good" in ran.err
    assert ran.status == (2 if left else 0)
    assert numbers(tense) == left


@pytest.mark.parametrize("words", [["redrive"], ["drop", 1, "--all"], ["drop", 1, "--consumer", "orders"]])
def test_which_ones_must_be_said_in_one_way(tense, broken, words):
    ran = tense("dead", *words, "--yes")

    assert ran.status == 2
    assert "say which" in ran.err
