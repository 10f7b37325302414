"""Digest: counts what happened in each place."""

from typing import get_args

from examples.webhooks.digest.contract import digest
from examples.webhooks.repository.events import AnyEvent
from tense import Service, Transaction

service = Service(digest)

TABLE = """CREATE TABLE IF NOT EXISTS digest (
    place TEXT NOT NULL, event TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (place, event))
"""
ADD = """INSERT INTO digest VALUES (:place, :event, 1)
ON CONFLICT (place, event) DO UPDATE SET count = count + 1
"""


async def count(event: AnyEvent, db: Transaction) -> None:
    """A plain addition: an event is counted once, however often it is delivered."""
    await db.execute(TABLE)
    await db.execute(ADD, place=event.place, event=type(event).__name__)


for each in get_args(AnyEvent):
    service.subscribes(each, from_start=True)(count)
