"""People: counts who wrote, reviewed and changed how much. What machines report it leaves to others."""

from typing import get_args

from examples.webhooks.people.contract import people
from examples.webhooks.repository.events import CommentEvent, CommitsPushed, IssueEvent, PullRequestEvent, ReviewEvent
from tense import Service, Transaction

service = Service(people)

Done = IssueEvent | PullRequestEvent | ReviewEvent | CommentEvent | CommitsPushed

TABLE = "CREATE TABLE IF NOT EXISTS people (login TEXT PRIMARY KEY, events INTEGER NOT NULL)"
ADD = "INSERT INTO people VALUES (:login, 1) ON CONFLICT (login) DO UPDATE SET events = events + 1"


async def credit(event: Done, db: Transaction) -> None:
    """One more thing done by somebody."""
    await db.execute(TABLE)
    await db.execute(ADD, login=event.by)


for each in get_args(Done):
    service.subscribes(each, from_start=True)(credit)
