import pytest

from tense import App, Command, Contract, Event, Execute, Service, Transaction
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.errors import NotSupportedError, RegistrationError
from tense.runtime.engine import Engine, Seams
from tense.runtime.replay import Replay, remembering, subscription_of
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn

orders = Contract("orders")
payment = Contract("payment")


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class ChargeCard(Command[str], owner=payment):
    order_id: str


placing = Service(orders)
charging = Service(payment)
billing = Service(Contract("billing"))


@charging.handles(ChargeCard)
async def charge(command: ChargeCard, db: Transaction) -> str:
    await db.execute("CREATE TABLE IF NOT EXISTS charges (order_id TEXT)")
    await db.execute("INSERT INTO charges VALUES (:id)", id=command.order_id)
    return "charged"


@billing.subscribes(OrderPlaced)
async def bill(event: OrderPlaced, ask: Execute[ChargeCard]) -> None:
    await ask(ChargeCard(order_id=event.order_id))


app = App(placing, charging, billing)


async def charges(engine: Engine) -> int:
    return int(await engine.store.snapshot().fetch_value("SELECT count(*) FROM charges"))


@pytest.fixture
async def engine(tmp_path):
    engine = app.engine(f"sqlite:///{tmp_path / 'shop.db'}")
    await engine.start(tuple(app.registry.services))
    for number in range(3):
        await engine.client.publish(OrderPlaced(order_id=str(number)))
    await engine.worker.quiet()
    await engine.worker.quiet()
    yield engine
    await engine.stop()


async def test_a_replay_executes_no_commands_and_says_which_it_was_asked_for(engine):
    spawn = SystemSpawn()
    replay = Replay(app, remembering(engine.store), Seams(SystemClock(), SystemChance(), spawn))
    before = await charges(engine)

    report = await replay.run("billing<orders.order")

    spawn.close()
    assert before == 3
    assert await charges(engine) == 3
    assert (report.handled, report.failed) == (0, 3)
    assert "a replay executes no commands; " in report.failures[0][1]
    assert "payment.ChargeCard" in report.failures[0][1]


def test_an_inbox_is_no_subscription():
    with pytest.raises(RegistrationError, match="commands are never replayed"):
        subscription_of(app.registry.consumers, "payment")
    with pytest.raises(RegistrationError, match=r"it has billing<orders\.order"):
        subscription_of(app.registry.consumers, "nobody<orders.order")


def test_a_store_that_forgets_events_cannot_replay():
    with pytest.raises(NotSupportedError, match="keeps no log of events"):
        remembering(object())
    assert remembering(SqliteStore("x.db")) is not None
