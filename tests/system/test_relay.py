"""A pair across processes: deaths between the halves, a network that goes away, a long backlog, and the shop."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import halves
import pytest
from pairs import SERVER, SHARED, addresses, lag, pair_of, placed, selling, until

from tense import App, Client
from tense.cli.opened import opened
from tense.errors import UnencodableError
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.runtime.load import one_store, open_store
from tense.runtime.relay_loop import MOST
from tense.runtime.relay_parcel import parcel
from tense.runtime.system import SystemChance
from tense.testing.breakers.failpoints import KILLED
from tense.testing.breakers.proxy import proxy
from words import Log, OrderPlaced, PlaceOrder, subscriber

pytestmark = pytest.mark.system

BACKLOG = 100_000


@pytest.fixture(params=SHARED)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    return addresses(request, tmp_path)


@pytest.mark.parametrize("place", ["before finish", "after finish", "before accept", "after accept"])
async def test_who_dies_between_the_stores_leaves_each_effect_once(pair: tuple[str, str], place: str) -> None:
    state, broker = pair
    async with halves.app.client(store=broker) as client:
        with pytest.warns(UserWarning, match="nobody has ever run"):
            ticket = await client.send(halves.PlaceOrder(order_id="a"))
    died = await asyncio.to_thread(_work, state, broker, place)

    async with halves.app.running(store=state, broker=broker) as client:
        answer = await client.ticket(halves.PlaceOrder, ticket.id).result(timeout=20)
        await until(lambda: _seen(client, 1))
        await pair_of(client).settled()
        effects = await pair_of(client).snapshot().fetch_value("SELECT count(*) FROM effects")
        seen = await pair_of(client).snapshot().fetch_value("SELECT count(*) FROM seen")

    assert died.returncode == KILLED, died.stderr
    assert "placed" in died.stdout
    assert (answer, effects, seen) == ("done", 1, 1)


def _work(state: str, broker: str, place: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(Path(halves.__file__)), state, broker, place]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def _seen(client: Client, count: int) -> bool:
    try:
        return bool(await pair_of(client).snapshot().fetch_value("SELECT count(*) FROM seen") == count)
    except Exception as error:  # noqa: BLE001 - there is no such table until the first is seen
        assert "seen" in str(error)
        return False


@pytest.mark.parametrize("kind", ["command", "event"])
async def test_nothing_runs_again_that_ended_before_the_death(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    state, broker = f"sqlite:///{tmp_path / 'state.db'}", f"sqlite:///{tmp_path / 'broker.db'}"
    async with halves.app.client(store=broker) as client:
        if kind == "event":
            await client.publish(halves.OrderPlaced(order_id="a"))
        else:
            with pytest.warns(UserWarning, match="nobody has ever run"):
                await client.send(halves.PlaceOrder(order_id="a"))
    died = await asyncio.to_thread(_work, state, broker, "before finish")

    async with halves.app.running(store=state, broker=broker) as client:
        await client.execute(halves.PlaceOrder(order_id="a"))
        await until(lambda: _seen(client, 2))
        await pair_of(client).settled()

    ran = died.stdout + capfd.readouterr().out
    assert (ran.count("placed"), ran.count("counted")) == ((2, 2) if kind == "command" else (1, 2))


@pytest.mark.server("postgres")
async def test_a_network_that_goes_away_only_makes_the_outbox_longer(postgres: str, tmp_path: Path) -> None:
    done, heard = Log(), Log()
    parts = urlsplit(postgres)
    app = App(selling(done), subscriber("email", heard))
    async with proxy(str(parts.hostname), parts.port or 5432) as network:
        broker = postgres.replace(f":{parts.port}/", f":{network.port}/")
        async with app.running(store=f"sqlite:///{tmp_path / 'state.db'}", broker=broker) as client:
            await client.execute(PlaceOrder(order_id="a", number=0))
            await until(lambda: len(heard) == 1)
            network.refusing = True
            network.cut()
            await _said_in_own_transaction(app, tmp_path / "state.db", range(1, 31))
            waiting = await lag_of_state(client)
            network.refusing = False
            await until(lambda: len(heard) == 31, lambda: heard, limit=60)

            assert waiting == 30
            assert await placed(client) == [("a", 0)]
    assert heard == [f"a.{n}" for n in range(31)]


async def _said_in_own_transaction(app: App, file: Path, numbers: range, *, key: str = "a") -> None:
    """As another process says it: beside this loop, which may have the file's turn."""
    outbox = App(*app.registry.services.values(), broker="sqlite:///anywhere.db")
    await asyncio.to_thread(_say, outbox, file, [OrderPlaced(order_id=key, number=number) for number in numbers])


def _say(outbox: App, file: Path, events: Sequence[OrderPlaced]) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file, isolation_level=None, timeout=10)) as connection:
        for event in events:
            connection.execute("BEGIN IMMEDIATE")
            with outbox.outbox(connection) as out:
                out.publish(event)
            connection.execute("COMMIT")


async def lag_of_state(client: Client) -> int:
    """What waits in the outbox, asked while the transport is away."""
    return sum(each.waiting for each in await pair_of(client).state.lags())


async def test_a_long_backlog_is_carried_in_order_without_being_held_in_memory(tmp_path: Path) -> None:
    state, broker = f"sqlite:///{tmp_path / 'state.db'}", f"sqlite:///{tmp_path / 'broker.db'}"
    async with opened(state, create=True) as store:
        for start in range(0, BACKLOG, 5000):
            said = [parcel(_envelope(number)) for number in range(start, start + 5000)]
            await asyncio.gather(*(store.accept(each) for each in said))
    transport = Watched(open_store(broker))

    app = App(selling(Log()))
    async with app.running(store=one_store(state, transport, app.lanes)) as client:  # type: ignore[arg-type]
        held: list[int] = []

        def through() -> bool:
            held.append(pair_of(client)._carrier._loop.loaded)
            return transport.accepted == BACKLOG

        await until(through, lambda: transport.accepted, limit=120)
        await until(lambda: _empty(client))

    assert 0 < max(held) <= MOST
    assert all(numbers == sorted(numbers) for numbers in transport.numbers.values())
    assert sum(map(len, transport.numbers.values())) == BACKLOG


async def _empty(client: Client) -> bool:
    rows = await pair_of(client).state.snapshot().fetch_value("SELECT count(*) FROM tense_log")
    return rows == await lag(client) == 0


def _envelope(number: int) -> Envelope:
    metadata = Metadata(
        id=SystemChance().new_id(), kind="command", type="archive.Keep", partitionkey=f"k{number % 500}"
    )
    return Envelope(metadata=metadata, body=b"%d" % number, service="archive")


class Watched:
    """A store, and what is accepted by it: how much, and of each key in which order."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.accepted = 0
        self.numbers: dict[str, list[int]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def accept(self, envelope: Envelope) -> "asyncio.Future[bool]":
        answer: asyncio.Future[bool] = self._store.accept(envelope)
        answer.add_done_callback(lambda _done: self._one(envelope))
        return answer

    def _one(self, envelope: Envelope) -> None:
        self.accepted += 1
        self.numbers.setdefault(str(envelope.metadata.partitionkey), []).append(int(envelope.body))


@SERVER
async def test_what_the_other_database_cannot_keep_is_refused_alone(postgres: str, tmp_path: Path) -> None:
    heard = Log()
    app = App(selling(Log()), subscriber("email", heard))
    async with app.running(store=f"sqlite:///{tmp_path / 'state.db'}", broker=postgres) as client:
        await client.execute(PlaceOrder(order_id="fine"))
        sent = [client.publish(OrderPlaced(order_id=key)) for key in ("nul\x00", "good")]
        said = await asyncio.gather(*sent, return_exceptions=True)
        await _said_in_own_transaction(app, tmp_path / "state.db", range(1), key="nul\x00")
        await _said_in_own_transaction(app, tmp_path / "state.db", range(1, 2))
        await until(lambda: len(heard) == 3, lambda: heard)
        (letter,) = await pair_of(client).dead()

    assert [type(each) for each in said] == [UnencodableError, type(None)]
    assert (letter.key, letter.reason) == ("nul\x00", "refused")
    assert sorted(heard) == ["a.1", "fine.0", "good.0"]


@pytest.fixture
async def asked(postgres: str) -> AsyncIterator[Any]:
    from asked import Asked

    connection = await Asked(postgres).connect()
    yield connection
    await connection.close()


@SERVER
async def test_the_shop_runs_with_its_state_in_a_file_and_its_messages_on_postgres(
    postgres: str, asked: Any, tmp_path: Path
) -> None:
    from examples.shop.app import app
    from examples.shop.orders.contract import OutOfStock
    from examples.shop.story.ordinary import open_the_shop, order

    handled = (
        "SELECT (SELECT count(*) FROM parcels), (SELECT sum(orders) FROM sales WHERE sku = 'tea'), "
        "(SELECT sum(orders) FROM points), (SELECT count(*) FROM mails WHERE subject LIKE 'Thank%')"
    )
    async with app.running(store=f"sqlite:///{tmp_path / 'shop.db'}", broker=postgres) as client:
        books = pair_of(client).snapshot()
        await open_the_shop(client)
        receipt = await client.execute(order("1001", tea=2, cup=1))
        answer = await client.outcome(order("1002", "grace", samovar=2))
        await asyncio.gather(*(client.execute(order(f"many-{n}", f"customer-{n % 5}")) for n in range(30)))

        async def through() -> bool:
            row = await books.fetch_one(handled)
            return row is not None and tuple(row) == (31, 31, 31, 31)

        await until(through)

        assert receipt.total_cents == 1600
        assert isinstance(answer, OutOfStock)
        assert await books.fetch_value("SELECT count FROM shelf WHERE sku = 'tea'") == 5000 - 2 - 30
        assert await asked.fetchval("SELECT count(*) FROM dead") == 0
