import io
import sys
import warnings
from typing import NamedTuple

import pytest

from tense.cli.main import run

APP = """
import msgspec

from tense import App, Command, Contract, Event, Publish, Rejection, Retry, Send, Service, Transaction

orders = Contract("orders")


class Receipt(msgspec.Struct):
    total: int


class OutOfStock(Rejection):
    sku: str


class PlaceOrder(Command[Receipt, OutOfStock], owner=orders, key="order_id"):
    order_id: str
    sku: str = "pen"


class RemindCustomer(Command, owner=orders, key="order_id"):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


service = Service(orders)
email = Service(Contract("email"))


@service.handles(PlaceOrder, retry=Retry(attempts=1), on_failure="park")
async def place(command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced]) -> Receipt:
    if command.sku == "none":
        raise OutOfStock(sku="none")
    if command.sku == "broken":
        raise ValueError("the shelf is broken")
    publish(OrderPlaced(order_id=command.order_id))
    return Receipt(total=5)


@service.handles(RemindCustomer)
async def remind(command: RemindCustomer) -> None: ...


@email.subscribes(OrderPlaced)
async def confirm(event: OrderPlaced, db: Transaction, send: Send[RemindCustomer]) -> None:
    if event.order_id == "bad":
        raise ValueError("a bad order")
    await db.execute("CREATE TABLE IF NOT EXISTS letters (order_id TEXT)")
    await db.execute("INSERT INTO letters VALUES (:id)", id=event.order_id)
    send(RemindCustomer(order_id=event.order_id))


app = App(service, email)
"""

PROJECT = '[tool.tense]\napp = "shopapp:app"\nstore = "sqlite:///shop.db"\n'


class Ran(NamedTuple):
    """What a run of the command line left behind."""

    status: int
    out: str
    err: str


class Keyboard(io.TextIOWrapper):
    """Standard input with a person before it."""

    def isatty(self):
        return True


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with an app and a pyproject.toml that names it; we are in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENSE_STORE", raising=False)
    monkeypatch.delenv("TENSE_BROKER", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    (tmp_path / "shopapp.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def tense(project, capsys, monkeypatch):
    """Runs the command line here, as a person in the project's folder would."""

    def call(*words, stdin=None, person=False):
        typed = (Keyboard if person else io.TextIOWrapper)(io.BytesIO((stdin or "").encode()))
        monkeypatch.setattr(sys, "stdin", typed)
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            status = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return call


@pytest.fixture
def serve(project):
    """Runs the app's services on the project's store until nothing is left to do."""
    import asyncio

    from tense.cli.project import imported_app

    def work():
        app = imported_app("shopapp:app", project)

        async def until_quiet():
            engine = app.engine("sqlite:///shop.db")
            await engine.start(tuple(app.registry.services))
            await engine.worker.quiet()
            await engine.worker.quiet()
            await engine.stop()

        asyncio.run(until_quiet())

    return work
