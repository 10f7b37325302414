"""Bad bytes go to the dead letters at once, kept as they are; unknown types wait for a newer colleague; nothing dies of it."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tense import App, Command, CommandFailed, Contract, Retry, Service, upcast
from tense.messages.metadata import Metadata
from tense.testing.harness import Harness, harness
from words import FEW, Log, Notify, OrderPlaced, PlaceOrder, notes, orders, placing, publisher

BROKEN = {
    "not JSON": b"\x00\xff{",
    "another shape": b"[1, 2]",
    "a wrong type": b'{"order_id": 7}',
    "a missing field": b"{}",
    "a key twice": b'{"order_id": "a", "order_id": "b"}',
    "NaN": b'{"order_id": "a", "number": NaN}',
    "a lone surrogate": b'{"order_id": "\\ud800"}',
    "nested deeply": b'{"order_id": "a", "extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number too long": b'{"order_id": "a", "number": ' + b"9" * 5000 + b"}",
    "over the limit": b'{"order_id": "' + b"a" * 2_000_000 + b'"}',
}


def put(h: Harness, path: Path, body: bytes, **changes: object) -> str:
    """Write a command as a foreign hand would."""
    metadata = Metadata(id=h.engine.seams.chance.new_id(), kind="command", type="orders.PlaceOrder", partitionkey="a")
    metadata = msgspec.structs.replace(metadata, **{k: v for k, v in changes.items() if k != "headers"})
    headers = changes.get("headers", msgspec.json.encode(metadata))
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO tense_command (id, service, lane, state, key, type, headers, body, accepted) "
            "VALUES (?, 'orders', 1, 0, 'a', ?, ?, ?, 0)",
            (metadata.id, metadata.type, headers, body),
        )
    connection.close()
    h.engine.worker.arrived("orders", -1)
    return metadata.id


@pytest.mark.parametrize("what", BROKEN)
async def test_broken_bytes_are_dead_at_once_and_kept_and_the_next_is_handled(tmp_path: Path, what: str) -> None:
    log = Log()
    async with harness(App(placing(log)), store=f"sqlite:///{tmp_path}/test.db") as h:
        await h.idle()
        broken = put(h, tmp_path / "test.db", BROKEN[what])
        await h.idle()
        ticket = await h.client.send(PlaceOrder(order_id="well"))
        await h.idle()

        (letter,) = await h.dead()
        assert (letter.id, letter.reason, letter.attempts) == (broken, "undecodable", 1)
        assert letter.body == BROKEN[what]
        assert log == ["well.0"]
        assert (await ticket.result()).order_id == "well"
        with pytest.raises(CommandFailed, match="undecodable"):
            await h.client.ticket(PlaceOrder, broken).result()


@pytest.mark.parametrize("headers", [b"", b"\xff", b"[]", b'{"id": 1}', b"{" * 100_000])
async def test_broken_headers_are_dead_at_once(tmp_path: Path, headers: bytes) -> None:
    log = Log()
    async with harness(App(placing(log)), store=f"sqlite:///{tmp_path}/test.db") as h:
        await h.idle()
        put(h, tmp_path / "test.db", b'{"order_id": "a"}', headers=headers)
        await h.idle()
        await h.client.send(PlaceOrder(order_id="well"))
        await h.idle()

        (letter,) = await h.dead()
        assert letter.reason == "undecodable"
        assert log == ["well.0"]


async def test_an_unknown_type_waits_for_a_newer_colleague_and_is_dead_in_the_end(tmp_path: Path) -> None:
    log = Log()
    async with harness(App(placing(log)), store=f"sqlite:///{tmp_path}/test.db") as h:
        await h.idle()
        put(h, tmp_path / "test.db", b"{}", type="orders.ShipOrder")
        await h.idle()
        waiting = await h.dead()
        for _ in range(40):
            await h.later(timedelta(minutes=2))

        assert waiting == []
        (letter,) = await h.dead()
        assert letter.reason == "no-handler"


async def test_a_newer_version_of_a_command_is_released_and_done_by_who_knows_it(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/test.db"
    old, new = Log(), Log()
    async with harness(App(placing(old)), store=store) as h:
        await h.idle()
        put(h, tmp_path / "test.db", b'{"order_id": "a"}', dataversion=2)
        await h.idle()

    class NewPlaceOrder(Command[None], owner=orders, key="order_id", name="orders.PlaceOrder", version=2):
        order_id: str

    service = Service(orders)

    @service.handles(NewPlaceOrder, retry=FEW)
    async def place(command: NewPlaceOrder) -> None:
        new.note(command.order_id)

    async with harness(App(service), store=store, seed=1) as h:
        await h.later(timedelta(minutes=5))

        assert old == []
        assert new == ["a"]


async def test_an_older_version_is_upcast(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    class Renamed(Command, owner=orders, name="orders.PlaceOrder", version=3):
        order_id: str
        total: int

    @upcast(Renamed, version=1)
    def first(fields: dict[str, object]) -> dict[str, object]:
        return {"order_id": fields["id"]}

    @upcast(Renamed, version=2)
    def second(fields: dict[str, object]) -> dict[str, object]:
        return {**fields, "total": 0}

    service = Service(orders)

    @service.handles(Renamed)
    async def handle(command: Renamed) -> None:
        seen.append((command.order_id, command.total))

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        await h.idle()
        put(h, tmp_path / "test.db", b'{"id": "old"}')
        await h.idle()

        assert seen == [("old", 0)]


@pytest.mark.parametrize("error", [BaseException, SystemExit, KeyboardInterrupt, asyncio.CancelledError, MemoryError])
async def test_whatever_a_handler_raises_is_its_messages_failure_and_not_the_workers(
    error: type[BaseException],
) -> None:
    service = Service(notes)

    @service.handles(Notify, retry=Retry(attempts=2, first=timedelta(seconds=1)))
    async def raise_it(command: Notify) -> None:
        if command.text == "bad":
            raise error("on purpose")

    async with harness(App(service)) as h:
        bad = await h.client.send(Notify(text="bad"))
        await h.idle()
        await h.later(2)

        assert await h.client.execute(Notify(text="good")) is None
        with pytest.raises(CommandFailed, match=error.__name__):
            await bad.result()


async def test_a_handler_that_never_returns_is_ended_at_its_limit() -> None:
    service = Service(notes)

    @service.handles(Notify, retry=Retry(attempts=1), timeout=5)
    async def hang(command: Notify) -> None:
        await asyncio.Event().wait()

    async with harness(App(service)) as h:
        ticket = await h.client.send(Notify(text="x"))
        for _ in range(6):
            await h.clock.wind(1)
        await h.idle()

        with pytest.raises(CommandFailed, match="TimeoutError"):
            await ticket.result()


async def test_a_subscriber_that_returns_a_value_is_told_that_nobody_waits_for_it() -> None:
    def make(log: Log) -> Service:
        service = Service(Contract("email"))

        @service.subscribes(OrderPlaced, retry=Retry(attempts=1))
        async def answer(event: OrderPlaced):
            return "done"

        return service

    async with harness(App(publisher(), make(Log()))) as h:
        await h.client.execute(PlaceOrder(order_id="a"))
        await h.idle()

        (letter,) = await h.dead()
        assert "returned str" in letter.error


async def test_a_body_over_the_limit_is_refused_before_anything_is_sent() -> None:
    from tense.errors import MessageTooLargeError

    log = Log()
    async with harness(App(placing(log), max_body=1000)) as h:
        with pytest.raises(MessageTooLargeError, match="1,000"):
            await h.client.send(PlaceOrder(order_id="a" * 2000))

        await h.client.execute(PlaceOrder(order_id="small"))
        assert log == ["small.0"]
