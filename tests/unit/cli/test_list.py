import json


def test_services_messages_and_handlers_are_listed(tense):
    said = json.loads(tense("list", "--json").out)

    services = {row["name"]: row for row in said["services"]}
    messages = {row["name"]: row for row in said["messages"]}
    assert services["orders"]["handles"] == ["orders.PlaceOrder", "orders.RemindCustomer"]
    assert services["email"]["subscribes"] == ["orders.OrderPlaced"]
    assert messages["orders.PlaceOrder"]["kind"] == "command"
    assert messages["orders.OrderPlaced"]["handled_by"] == ["shopapp:confirm"]
    assert messages["orders.OrderPlaced"]["said_by"] == ["shopapp:place"]


def test_what_waits_is_listed_for_each_consumer(tense, serve):
    serve()
    tense("send", "PlaceOrder", '{"order_id": "1"}')

    lags = {lag["consumer"]: lag for lag in json.loads(tense("list", "--json").out)["lags"]}

    assert lags["orders"]["waiting"] == 1
    assert lags["email<orders.order"]["waiting"] == 0


def test_people_get_tables_without_colours_in_a_pipe(tense, serve):
    serve()

    out = tense("list").out

    assert "\x1b" not in out
    assert "email<orders.order" in out
    assert "orders.PlaceOrder" in out
    assert "0/64" in out


def test_an_app_is_listed_though_its_store_is_not_there(tense):
    ran = tense("list")

    assert ran.status == 0
    assert "there is no store at" in ran.out
