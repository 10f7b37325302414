"""What small trees in the manner of each framework say, handle and publish."""

from pathlib import Path

import pytest

from tense.rules.meaning.graph import Topology
from tense.topology.read import is_unreadable, read_topology

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def tree(name: str) -> Topology:
    return read_topology([str(FIXTURES / name)])


def said(topology: Topology) -> set[tuple[str, str, str, str | None]]:
    return {(one.service, one.verb, one.message, one.inside) for one in topology.sayings}


def handled(topology: Topology) -> set[tuple[str, str, str]]:
    return {(one.service, one.message, one.name) for one in topology.handlings}


def kinds(topology: Topology) -> dict[str, str]:
    return {one.name: one.kind for one in topology.messages}


def written(folder: Path, **files: str) -> Topology:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_topology([str(folder)])


def test_faststream_joins_the_two_sides_of_a_topic():
    topology = tree("faststream")

    assert handled(topology) == {
        ("orders", "orders.requests", "place_order"),
        ("orders", "PaymentTaken", "close_order"),
        ("payments", "OrderPlaced", "take_payment"),
        ("billing", "SendInvoice", "send_invoice"),
        ("mailing", "SendInvoice", "mail_invoice"),
    }
    assert said(topology) == {
        ("orders", "unknown", "OrderPlaced", "place_order"),
        ("orders", "unknown", "SendInvoice", "close_order"),
        ("payments", "unknown", "PaymentTaken", "take_payment"),
    }
    assert {one.name: one.messages for one in topology.channels}["payments.taken"] == ("PaymentTaken",)


def test_a_schema_that_both_sides_copy_has_no_owner_that_source_could_tell():
    owners = {one.name: one.owner for one in tree("faststream").messages}

    assert owners["SendInvoice"] is None
    assert "owners" in next(iter(tree("faststream").unknown.values()))


def test_celery_tasks_are_commands_with_one_function():
    topology = tree("celery")

    assert set(kinds(topology).values()) == {"command"}
    assert ("shop", "send", "orders.place_order", None) in said(topology)
    assert ("billing", "send", "ship_order", "send_receipt") in said(topology)
    assert ("billing", "send", "book_payment", "charge_card") in said(topology)
    assert ("billing", "charge_card", "charge_card") in handled(topology)


def test_celery_shows_who_waits_and_what_leaves_outside_the_transaction():
    by_message = {one.message: one for one in tree("celery").sayings}

    assert (by_message["order_was_charged"].verb, by_message["order_was_charged"].waits) == ("execute", True)
    assert by_message["charge_card"].transactional is False
    assert by_message["orders.place_order"].transactional is None


def test_protean_reads_what_the_domain_marks():
    topology = tree("protean")

    assert kinds(topology) == {"PlaceOrder": "command", "OrderPlaced": "event", "NotifyWarehouse": "event"}
    assert said(topology) == {
        ("ordering", "execute", "PlaceOrder", None),
        ("ordering", "publish", "OrderPlaced", "OrderCommands.place_order"),
    }
    refusals = {one.message: one.rejections for one in topology.handlings}
    assert refusals["PlaceOrder"] == ("TooExpensive",)
    fields = {
        one.name: one for message in topology.messages for one in message.fields or () if message.name == "PlaceOrder"
    }
    assert fields["customer"].required


def test_a_plain_bus_is_read_from_its_tables_and_its_aggregates():
    topology = tree("plainbus")

    assert kinds(topology)["CreateShipment"] == "event"
    assert ("stock", "publish", "Allocated", "allocate") in said(topology)
    assert ("stock", "execute", "Allocate", None) in said(topology)
    assert ("stock", "CreateShipment", "ship") in handled(topology)
    assert {name for _, message, name in handled(topology) if message == "Allocated"} == {
        "publish_allocated",
        "add_to_read_model",
    }
    optional = [
        one.name for m in topology.messages if m.name == "CreateBatch" for one in m.fields or () if not one.required
    ]
    assert optional == ["eta"]


def test_a_mixed_fleet_is_one_topology():
    topology = tree("mixed")

    assert {one.name for one in topology.services} == {
        "catalog", "search", "mailing", "reports", "accounts", "ledger", "training", "lending",
    }  # fmt: skip
    assert ("search", "ProductPriced", "indexPrice") in handled(topology)
    assert ("reports", "execute", "build_report", None) in said(topology)
    assert ("accounts", "publish", "accounts.account_opened", "AccountsService.open_account") in said(topology)
    assert ("ledger", "accounts.account_opened", "LedgerService.open_book") in handled(topology)
    assert ("lending", "publish", "BookLent", "lend_book") in said(topology)
    stored = {one.name for one in topology.messages if one.stored}
    assert stored == {"Dog.Registered", "Dog.TrickAdded"}


def test_a_file_that_is_no_python_is_stated_and_the_rest_is_read():
    (problem,) = tree("mixed").problems

    assert problem.place is not None
    assert problem.place.file.endswith("broken.py")
    assert not problem.fatal


def test_every_saying_and_handling_has_a_line():
    for name in ("faststream", "celery", "protean", "plainbus", "mixed"):
        topology = tree(name)
        for one in (*topology.sayings, *topology.handlings):
            assert one.place is not None
            assert one.place.line is not None


def test_nothing_is_imported_or_run(tmp_path: Path):
    witness = tmp_path / "witness"
    text = f"open({str(witness)!r}, 'w')\nclass OrderPlaced(Event): ...\nbus.publish(OrderPlaced())\n"

    topology = written(tmp_path / "tree", app=text)

    assert kinds(topology) == {"OrderPlaced": "event"}
    assert not witness.exists()


@pytest.mark.parametrize(
    "registration",
    [
        "bus.register_handler(OrderPlaced, confirm)",
        "bus.subscribe(OrderPlaced, lambda event: confirm(event))",
        "bus.subscribe(OrderPlaced, functools.partial(confirm, x=1))",
        "bus.register({OrderPlaced: [confirm]})",
        "HANDLERS = {OrderPlaced: [confirm]}",
        "HANDLERS: dict = {OrderPlaced: confirm}",
    ],
)
def test_a_handler_is_found_however_it_is_registered(tmp_path: Path, registration: str):
    text = f"class OrderPlaced(DomainEvent): ...\ndef confirm(event): ...\n{registration}\n"

    assert {name for _, _, name in handled(written(tmp_path, app=text))} == {"confirm"}


@pytest.mark.parametrize(
    "handler",
    [
        "@bus.handler(PlaceOrder)\ndef place(c): ...",
        "@handles(PlaceOrder)\nasync def place(c): ...",
        "@command_handler\ndef place(c: PlaceOrder): ...",
        "class PlaceOrderHandler:\n    def handle(self, c: PlaceOrder): ...",
        "class PlaceOrderHandler(Handler[PlaceOrder]):\n    def handle(self, c): ...",
    ],
)
def test_a_handler_is_found_by_its_marks(tmp_path: Path, handler: str):
    topology = written(tmp_path, app=f"class PlaceOrder(Command): ...\n{handler}\n")

    assert [one.message for one in topology.handlings] == ["PlaceOrder"]


def test_events_of_other_libraries_are_no_messages(tmp_path: Path):
    text = "import asyncio\nfrom django.core.management import BaseCommand\n"
    text += "class Stop(asyncio.Event): ...\nclass Command(BaseCommand): ...\nclass Load(BaseCommand): ...\nbus.publish(Stop())\n"

    assert is_unreadable(written(tmp_path, app=text))


def test_a_name_means_only_what_is_imported_where_it_stands(tmp_path: Path):
    topology = written(
        tmp_path,
        a__events="class Closed(Event): ...",
        b__use="def close(bus, publish):\n    publish(Closed())\n",
        a__use="from a.events import Closed\ndef close(bus):\n    bus.publish(Closed())\n",
    )

    assert {one.place.file.rpartition("/")[2] for one in topology.sayings if one.place} == {"use.py"}
    assert {one.service for one in topology.sayings} == {"a"}


def test_two_messages_of_one_name_stay_two(tmp_path: Path):
    text = "class Closed(Event): ...\nbus.publish(Closed())\n"

    topology = written(tmp_path, accounts__events=text, tickets__events=text)

    assert len(topology.messages) == 2
    assert {one.written for one in topology.messages} == {"Closed"}
    assert {one.owner for one in topology.messages} == {"accounts", "tickets"}


def test_what_lies_beside_the_services_is_owned_by_none_of_them(tmp_path: Path):
    topology = written(
        tmp_path,
        shop__contracts__all="class OrderPlaced(Event): ...",
        shop__orders__a="from shop.contracts.all import OrderPlaced\nbus.publish(OrderPlaced())",
        shop__email__b="from shop.contracts.all import OrderPlaced\n@on(OrderPlaced)\ndef mail(e): ...",
    )

    assert [one.owner for one in topology.messages] == [None]
    assert {one.name for one in topology.services} == {"orders", "email"}


def test_vendored_code_and_tests_are_left_out_unless_asked_for(tmp_path: Path):
    text = "class {0}Placed(Event): ...\nbus.publish({0}Placed())\n"
    for name in ("own", ".venv/x", "node_modules/y", "tests/z"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text(text.format(name[-1].upper()))

    without = read_topology([str(tmp_path)])
    with_tests = read_topology([str(tmp_path)], tests=True)

    assert set(kinds(without)) == {"NPlaced"}
    assert set(kinds(with_tests)) == {"NPlaced", "ZPlaced"}


def test_a_folder_without_messages_is_refused_in_one_line(tmp_path: Path):
    topology = written(tmp_path, app="print('hello')")

    assert is_unreadable(topology)
    assert "no message" in topology.problems[0].text
    assert is_unreadable(read_topology([str(tmp_path / "none")]))


def test_a_long_reading_says_how_far_it_is(tmp_path: Path):
    for number in range(5):
        (tmp_path / f"a{number}.py").write_text("class OrderPlaced(Event): ...\nbus.publish(OrderPlaced())")
    steps: list[tuple[int, int]] = []

    read_topology([str(tmp_path)], step=lambda done, of, _file: steps.append((done, of)))

    assert steps == [(number, 5) for number in range(5)]
