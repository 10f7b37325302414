"""Tests with a worker: what `tense run` does, in a thread beside the test."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from django.db import connection
from django.test import TransactionTestCase

from examples.django_orders.app import app
from examples.django_orders.orders.step_3 import service as orders_before
from examples.django_orders.warehouse.service import service as warehouse
from tense import App
from tense.django.client import close_client
from tense.django.conf import store_address, table
from tense.errors import TenseError

before_step_4 = App(orders_before, warehouse, store=store_address())


class WithWorker(TransactionTestCase):
    """Runs the services while a test runs. A plain TestCase would hide its rows from them until it undoes them."""

    app: App = app

    def setUp(self) -> None:
        """Start the services on the database of the tests, without what the test before left there."""
        with connection.cursor() as cursor:
            for name in ("log", "command", "exception", "dead"):
                cursor.execute(f"DELETE FROM {table(name)}")  # noqa: S608 - one of the names above
        started: Future[Callable[[], object]] = Future()
        thread = threading.Thread(target=asyncio.run, args=[serve(self.app, store_address(), started)], daemon=True)
        thread.start()
        stop = started.result(30)
        # Last in, first out: clients go, then services end what they began.
        self.addCleanup(thread.join)
        self.addCleanup(stop)
        self.addCleanup(close_client)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what a subscriber does: nobody tells when."""
        end = time.monotonic() + 20
        while not condition():
            if time.monotonic() > end:
                self.fail("not within 20 s")
            time.sleep(0.02)


async def serve(app: App, store: str, started: "Future[Callable[[], object]]") -> None:
    """Run the services; what is told when they are up ends them."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    try:
        async with app.running(store=store):
            started.set_result(lambda: loop.call_soon_threadsafe(stop.set))
            await stop.wait()
    except TenseError as error:
        if started.done():
            raise
        started.set_exception(error)


def said() -> list[str]:
    """The types of the events that were said, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT type FROM {table('log')} ORDER BY pos")  # noqa: S608 - a name
        return [row[0] for row in cursor.fetchall()]
