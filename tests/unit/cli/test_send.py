import json
import sqlite3

import pytest


def test_a_sent_command_prints_its_id_alone_in_a_pipe_and_waits_with_a_warning(tense):
    ran = tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "first")

    assert ran.status == 0
    assert ran.out == "first\n"
    assert "nobody has ever run 'orders'" in ran.err
    assert "tense run shopapp:app --service orders" in ran.err


def test_the_outcome_of_each_ending_is_told_with_its_exit_status(tense, serve):
    for sku in ("pen", "none", "broken"):
        tense("send", "PlaceOrder", json.dumps({"order_id": sku, "sku": sku}), "--id", sku)
    serve()

    done, refused, failed = (tense("outcome", sku) for sku in ("pen", "none", "broken"))

    assert (done.status, done.out) == (0, 'completed orders.PlaceOrder pen {"total":5}\n')
    assert (refused.status, refused.out) == (1, 'rejected orders.PlaceOrder none OutOfStock {"sku":"none"}\n')
    assert failed.status == 1
    assert failed.out.startswith("failed orders.PlaceOrder broken: ")
    assert "the shelf is broken" in failed.out


def test_an_outcome_as_json(tense, serve):
    tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "1")
    serve()

    said = json.loads(tense("outcome", "1", "--json").out)

    assert said == {"id": "1", "type": "orders.PlaceOrder", "state": "completed", "attempts": 1, "result": {"total": 5}}


def test_a_command_that_has_not_ended_says_where_it_stands_and_leaves_with_1(tense):
    tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "1")

    ran = tense("outcome", "1", "--wait", "0.05")

    assert ran.status == 1
    assert "orders.PlaceOrder 1" in ran.out


def test_an_id_that_nobody_knows_leaves_with_2(tense):
    tense("send", "PlaceOrder", '{"order_id": "1"}')

    ran = tense("outcome", "nobody")

    assert ran.status == 2
    assert "no command 'nobody'" in ran.err


def test_waiting_in_vain_says_that_the_outcome_is_not_known(tense):
    ran = tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "1", "--wait", "0.05", "--json")

    assert ran.status == 1
    assert json.loads(ran.out)["state"] == "unknown"


def test_lines_of_json_are_sent_in_order_and_a_bad_one_is_told_by_its_number(tense):
    lines = ['{"order_id": "1"}', "", '{"order_id": 2}', '{"order_id": "3"}', "{nonsense"]

    ran = tense("send", "PlaceOrder", "--id", "batch", stdin="\n".join(lines))

    assert ran.status == 1
    assert ran.out.splitlines() == ["batch-1", "batch-4"]
    assert "line 3: not a PlaceOrder" in ran.err
    assert "line 5: not a PlaceOrder" in ran.err
    assert "2 accepted, 2 not as they should be" in ran.err


def test_the_same_lines_again_change_nothing(tense, serve, project):
    lines = "\n".join(json.dumps({"order_id": str(number)}) for number in range(700))
    tense("send", "PlaceOrder", "--id", "batch", stdin=lines)

    again = tense("send", "PlaceOrder", "--id", "batch", stdin=lines)

    assert again.status == 0
    assert len(again.out.splitlines()) == 700
    assert json.loads(tense("db", "info", "--json").out)["commands"] == "700"


def test_the_same_id_with_another_body_is_refused(tense):
    tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "1")

    ran = tense("send", "PlaceOrder", '{"order_id": "2"}', "--id", "1")

    assert ran.status == 2
    assert "was accepted before with another body" in ran.err


def test_a_file_of_one_document_over_several_lines_is_one_command(tense, project):
    (project / "order.json").write_text('{\n  "order_id": "1"\n}\n')
    (project / "orders.jsonl").write_text('{"order_id": "2"}\n{"order_id": "3"}')

    one = tense("send", "PlaceOrder", "--file", "order.json")
    two = tense("send", "PlaceOrder", "--file", "orders.jsonl")

    assert (len(one.out.splitlines()), len(two.out.splitlines())) == (1, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["PlaceOrder", '{"order_id": 1}'], "not a PlaceOrder: Expected `str`"),
        (["PlaceOrder", '{"order_id": "1", "order_id": "2"}'], "stands twice"),
        (["PlaceOrder", "NaN"], "not a PlaceOrder"),
        (["PlaceOrder", "{}", "--file", "x"], "not both"),
        (["PlaceOrder", "--file", "x.json"], "there is no file x.json"),
        (["PlaceOrder", "--file", "."], "is not a file"),
        (["PlaceOrder", "{}", "--after", "1s", "--at", "2027-01-01"], "give one"),
        (["PlaceOrder", "{}", "--store", "memory:"], "lives and dies with its process"),
        (["PlaceOrder", "{}", "--store", "redis://x"], "no address of a store"),
        (["PlaceOrdr", "{}"], "Did you mean: PlaceOrder"),
        (["OrderPlaced", "{}"], "tense publish OrderPlaced"),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_message(tense, words, said):
    ran = tense("send", *words)

    assert ran.status == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_command_for_later_is_not_handled_before(tense, serve):
    tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "1", "--after", "1h")
    tense("send", "PlaceOrder", '{"order_id": "2"}', "--id", "2", "--at", "2001-01-01T00:00+00:00")
    serve()

    assert tense("outcome", "1").status == 1
    assert tense("outcome", "2").status == 0


def test_an_event_is_published_and_reaches_its_subscriber(tense, serve, project):
    serve()
    ran = tense("publish", "OrderPlaced", '{"order_id": "7"}')
    serve()

    with sqlite3.connect(project / "shop.db") as db:
        letters = db.execute("SELECT order_id FROM letters").fetchall()
    db.close()
    assert ran.status == 0
    assert ran.out.strip()
    assert letters == [("7",)]


def test_an_event_of_somebody_else_is_not_published(tense, project):
    (project / "email_only.py").write_text("import shopapp\nfrom tense import App\napp = App(shopapp.email)\n")

    ran = tense("publish", "OrderPlaced", '{"order_id": "7"}', "--app", "email_only:app")

    assert ran.status == 2
    assert "Only the owner says that it happened" in ran.err


def test_a_store_that_is_no_database_is_told(tense, project):
    (project / "no.db").write_text("this is a letter and no database; it is long enough to be looked at by anyone")

    for words in (["send", "PlaceOrder", '{"order_id": "1"}'], ["dead", "list"], ["db", "info"], ["outcome", "1"]):
        ran = tense(*words, "--store", "sqlite:///no.db")
        assert ran.status == 2
        assert "is not a SQLite database" in ran.err


def test_looking_does_not_make_a_store(tense, project):
    for words in (["dead", "list"], ["db", "info"], ["outcome", "1"], ["list"], ["doctor"]):
        tense(*words)

    assert not (project / "shop.db").exists()


def test_a_store_of_a_newer_tense_is_told_and_left_alone(tense, project):
    tense("db", "migrate")
    db = sqlite3.connect(project / "shop.db")
    db.execute("UPDATE tense_meta SET value = '9999' WHERE name = 'schema'")
    db.commit()
    db.close()

    for words in (["send", "PlaceOrder", '{"order_id": "1"}'], ["run"], ["db", "info"], ["doctor"]):
        ran = tense(*words)
        assert ran.status in {1, 2}
        assert "made by a newer Tense" in ran.out + ran.err
        assert "Traceback" not in ran.err


def test_a_folder_that_is_not_there_is_told(tense):
    ran = tense("send", "PlaceOrder", '{"order_id": "1"}', "--store", "sqlite:///nowhere/shop.db")

    assert ran.status == 2
    assert "the folder nowhere does not exist" in ran.err
