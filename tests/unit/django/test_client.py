"""Views of one process share a client, and ask before they write."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.db import transaction
from django.test import override_settings
from django_site import databases, described

from tense import App
from tense.django.client import client, close_client
from tense.errors import WorkflowError
from words import Notify, PlaceOrder, publisher


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    address = f"sqlite:///{tmp_path}/shop.db"
    module = ModuleType("shop_of_this_test")
    module.app = App(publisher(), store=address)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop_of_this_test", module)
    with databases(default=described(address)), override_settings(TENSE_APP="shop_of_this_test:app"):
        yield module.app
        close_client()


def test_all_threads_have_one_client_until_it_is_closed() -> None:
    seen = set()
    threads = [threading.Thread(target=lambda: seen.add(client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    close_client()

    assert len(seen) == 1
    assert client() not in seen


def test_a_view_asks_before_its_block_and_not_within(app: App) -> None:
    async def work() -> None:
        async with app.running():
            await asyncio.to_thread(view)

    def view() -> None:
        answers.append(client().execute(PlaceOrder(order_id="a")).order_id)
        with transaction.atomic(), pytest.raises(WorkflowError, match="non_atomic_requests"):
            client().send(Notify(text="never sent"))

    answers: list[str] = []
    asyncio.run(work())

    assert answers == ["a"]


def test_the_block_that_a_test_case_opens_does_not_count() -> None:
    first = client()
    around = transaction.atomic()
    around._from_testcase = True

    with around:
        assert client() is first
