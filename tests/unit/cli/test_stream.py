import logging

import pytest

from tense import App, Command, Contract, Rejection, Retry, Service
from tense.cli.stream import Stream, shown_body, took_text
from tense.errors import CommandFailed
from tense.runtime.system import SystemClock

orders = Contract("orders")


class OutOfStock(Rejection): ...


class PlaceOrder(Command[int, OutOfStock], owner=orders):
    how: str


service = Service(orders)


@service.handles(PlaceOrder, retry=Retry(attempts=1))
async def place(command: PlaceOrder) -> int | OutOfStock:
    if command.how == "raise":
        raise OutOfStock
    if command.how == "return":
        return OutOfStock()
    if command.how == "break":
        raise ValueError("broken")
    return 7


@pytest.fixture
async def client(caplog):
    caplog.set_level(logging.INFO, "tense.stream")
    async with App(service, middleware=[Stream(SystemClock())]).running() as client:
        yield client


def handled(caplog):
    return [record.fields["handled"] for record in caplog.records if record.name == "tense.stream"]


@pytest.mark.parametrize(
    ("how", "outcome", "answer"),
    [("do", "done", "7"), ("raise", "refused", "OutOfStock()"), ("return", "refused", "OutOfStock()")],
)
async def test_each_message_is_told_with_its_handler_and_how_it_ended(client, caplog, how, outcome, answer):
    await client.outcome(PlaceOrder(how=how))

    (said,) = handled(caplog)
    assert (said["type"], said["service"], said["outcome"], said["answer"]) == (
        "orders.PlaceOrder",
        "orders",
        outcome,
        answer,
    )
    assert said["handler"].endswith(":place")
    assert said["seconds"] >= 0


async def test_a_failure_is_told_and_still_fails(client, caplog):
    with pytest.raises(CommandFailed):
        await client.outcome(PlaceOrder(how="break"))

    (said,) = handled(caplog)
    assert (said["outcome"], said["answer"]) == ("failed", "ValueError: broken")


async def test_the_line_for_people_says_it_all(client, caplog):
    await client.execute(PlaceOrder(how="do"))

    (text,) = [record.getMessage() for record in caplog.records if record.name == "tense.stream"]
    assert 'orders.PlaceOrder {"how":"do"} -> place done 7 in ' in text


def test_a_body_is_shown_in_short_and_without_control_characters():
    assert len(shown_body(PlaceOrder(how="x" * 500))) == 60
    assert "\x1b" not in shown_body(PlaceOrder(how="\x1b[2J"))


def test_a_duration_is_told_as_finely_as_it_matters():
    assert (took_text(0.00012), took_text(2.5)) == ("0.1 ms", "2.5 s")
