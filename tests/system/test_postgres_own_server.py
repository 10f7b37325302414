"""What only a server of one's own can show: a disk without room, and a standby."""

import asyncio
import os

import pytest
from asked import Asked
from own_postgres import has_compiler, own_postgres

from tense import App, Command, Contract, Retry, Service, Transaction
from tense.errors import StoreError, StoreFullError, StoreUnusableError

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

archive = Contract("archive")


class Keep(Command, owner=archive):
    text: str


def keeping() -> App:
    service = Service(archive)

    @service.handles(Keep, retry=Retry(attempts=1000))
    async def keep(command: Keep, db: Transaction) -> None:
        await db.execute("INSERT INTO kept VALUES (:text)", text=command.text)

    return App(service, lease=3.0)


@pytest.mark.skipif(not has_compiler(), reason="a full disk needs a C compiler")
async def test_a_full_disk_refuses_in_words_and_everything_accepted_is_handled_once_there_is_room() -> None:
    accepted: list[str] = []
    full: list[StoreError] = []
    with own_postgres(shim=True) as server:
        store = server.store()
        await asyncio.to_thread(Asked(store).run, "CREATE TABLE kept (text text)")
        async with keeping().running(store=store) as client:

            async def send(count: int) -> None:
                for _ in range(count):
                    text = os.urandom(20_000).hex()
                    try:
                        await client.send(Keep(text=text))
                        accepted.append(text)
                    except StoreError as error:
                        full.append(error)

            await send(20)
            with server.full_disk():
                await send(60)
            await send(20)
            async with asyncio.timeout(60):
                while await asyncio.to_thread(Asked(store).rows, "SELECT count(*) FROM kept") != [(len(accepted),)]:
                    await asyncio.sleep(0.05)
        kept = await asyncio.to_thread(Asked(store).rows, "SELECT text FROM kept")

    assert len(full) > 10
    assert {type(error) for error in full} == {StoreFullError}
    assert "has no room" in str(full[0])
    assert sorted(row[0] for row in kept) == sorted(accepted)


async def test_a_standby_is_refused_with_its_address_and_what_to_do() -> None:
    with own_postgres() as primary:
        async with keeping().client(store=primary.store()):
            pass
        says = pytest.raises(StoreUnusableError, match=r"is a standby and read-only\. Name the primary\.")
        with primary.standby() as follower, says as refused:
            async with keeping().client(store=follower.store()):
                pass

    assert follower.address in str(refused.value)
