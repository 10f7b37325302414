"""The verbs on a pair: the store keeps state, messages travel elsewhere."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from tense.adapters.stores.sqlite.schema import VERSION
from tense.cli.project import chosen_broker, imported_app

BROKER = ("--broker", "sqlite:///broker.db")


@pytest.fixture
def serve_pair(project):
    """Runs the app's services on the pair until nothing is left to do."""

    def work():
        app = imported_app("shopapp:app", project)

        async def until_quiet():
            engine = app.engine("sqlite:///shop.db via sqlite:///broker.db")
            await engine.start(tuple(app.registry.services))
            await engine.worker.quiet()
            await engine.stop()

        asyncio.run(until_quiet())

    return work


def count(file, table):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_broker_is_first_what_is_said_then_the_projects_then_the_apps(project):
    app = imported_app("shopapp:app", project)
    app.broker = "sqlite:///apps.db"

    assert chosen_broker("sqlite:///said.db", app) == "sqlite:///said.db"
    assert chosen_broker(None, app) == "sqlite:///apps.db"
    (project / "pyproject.toml").write_text('[tool.tense]\napp = "shopapp:app"\nbroker = "sqlite:///projects.db"\n')
    assert chosen_broker(None, app) == "sqlite:///projects.db"
    assert chosen_broker(None, None) == "sqlite:///projects.db"


def test_messages_travel_on_the_broker_and_rows_stay_in_the_store(tense, project, serve_pair):
    serve_pair()
    sent = tense("send", "PlaceOrder", '{"order_id": "1"}', *BROKER)
    serve_pair()

    assert sent.status == 0
    assert count(project / "shop.db", "letters") == 1
    assert count(project / "shop.db", "tense_command") == 0
    assert count(project / "broker.db", "tense_log") == 1
    assert count(project / "shop.db", "tense_mark") == 3


def test_the_environment_names_the_broker_too(tense, project, serve_pair, monkeypatch):
    serve_pair()
    monkeypatch.setenv("TENSE_BROKER", "sqlite:///broker.db")

    tense("send", "PlaceOrder", '{"order_id": "1"}', "--id", "one")

    assert count(project / "broker.db", "tense_command") == 1
    assert "waiting" in tense("outcome", "one").out


def test_the_relay_is_listed_with_what_waits_in_the_outbox(tense, serve_pair):
    serve_pair()

    said = json.loads(tense("list", "--json", *BROKER).out)

    lags = {lag["consumer"]: lag for lag in said["lags"]}
    assert lags["@relay<@outbox.messages"]["waiting"] == 0
    assert set(lags) == {"@relay<@outbox.messages", "orders", "email<orders.order"}
    assert said["store"].endswith("shop.db via sqlite:///broker.db")


def test_dead_letters_are_seen_and_put_back_on_the_pair(tense, serve_pair):
    serve_pair()
    tense("send", "PlaceOrder", '{"order_id": "1", "sku": "broken"}', *BROKER)
    serve_pair()

    (letter,) = json.loads(tense("dead", "list", "--json", *BROKER).out)
    redriven = tense("dead", "redrive", letter["number"], "--yes", *BROKER)

    assert letter["reason"] == "exhausted"
    assert "put back: 1" in redriven.out


def test_a_doctor_finds_nothing_wrong_with_a_pair(tense, serve_pair):
    serve_pair()

    ran = tense("doctor", "--json", *BROKER)

    found = {finding["about"]: finding["state"] for finding in json.loads(ran.out)}
    assert ran.status == 0
    assert found["schema"] == found["lag"] == found["leases"] == found["clock"] == "fine"


def test_a_doctor_sees_an_outbox_that_nobody_carries_on(tense, project, serve_pair):
    serve_pair()
    app = imported_app("shopapp:app", project)
    app.broker = "sqlite:///broker.db"
    with closing(sqlite3.connect(project / "shop.db", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        with app.outbox(connection) as out:
            out.send(app.registry.messages["orders.PlaceOrder"](order_id="1"))
        connection.execute("COMMIT")

    lags = {lag["consumer"]: lag for lag in json.loads(tense("list", "--json", *BROKER).out)["lags"]}

    assert lags["@relay<@outbox.messages"]["waiting"] == 1


def test_both_databases_are_migrated_and_described(tense, project):
    migrated = tense("db", "migrate", *BROKER)
    described = json.loads(tense("db", "info", "--json", *BROKER).out)
    script = tense("db", "migrate", "--sql", *BROKER).out

    assert migrated.status == 0
    assert (project / "shop.db").exists()
    assert (project / "broker.db").exists()
    assert described["schema"] == described["state schema"] == str(VERSION)
    assert script.count("CREATE TABLE tense_mark") == 2


def test_a_broker_that_is_not_there_yet_is_told(tense, serve):
    serve()

    ran = tense("dead", "list", "--broker", "sqlite:///elsewhere.db")

    assert ran.status == 2
    assert "there is no store at elsewhere.db" in ran.err
