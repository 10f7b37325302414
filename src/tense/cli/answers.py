"""Answers: what became of a command, as it is printed."""

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tense.cli.paper import age, paint, print_json, printable
from tense.errors import NoAnswer, OutcomeUnknown, UndecodableError
from tense.messages.outcome import Completed, Outcome, Rejected
from tense.ports.records import Standing

if TYPE_CHECKING:
    from tense.runtime.ticket import Ticket

STYLES = {
    "completed": "green",
    "published": "green",
    "accepted": "cyan",
    "rejected": "yellow",
    "failed": "red",
    "expired": "red",
    "cancelled": "yellow",
    "unknown": "red",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one command. `state` is how it ended, or where it stands.

    `result` is its encoded result, `rejection` the name of the refusal with `fields`, `reason` why it ended otherwise.
    """

    id: str
    type: str
    state: str
    attempts: int = 0
    result: Any = msgspec.UNSET
    rejection: str | None = None
    fields: Any = msgspec.UNSET
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether nothing went wrong as far as is known."""
        return self.state in {"completed", "accepted", "published"}


class Rows(Protocol):
    """Where standings are read: a store."""

    def standing(self, message_id: str) -> "Standing | asyncio.Future[Standing | None] | None":
        """As `Ledger.standing`."""
        ...

    def watch(self, message_id: str) -> "Outcome | asyncio.Future[Outcome]":
        """As `Ledger.watch`."""
        ...


def ended(message_id: str, name: str, outcome: Outcome, attempts: int = 0) -> Answer:
    """The answer that an outcome is."""
    state = type(outcome).__name__.lower()
    if isinstance(outcome, Completed):
        return Answer(id=message_id, type=name, state=state, attempts=attempts, result=outcome.result)
    if isinstance(outcome, Rejected):
        return Answer(
            id=message_id, type=name, state=state, attempts=attempts, rejection=outcome.name, fields=outcome.fields
        )
    return Answer(id=message_id, type=name, state=state, attempts=attempts, reason=outcome.reason)


async def standing_of(store: Rows, message_id: str, wait: float = 0.0) -> Answer | None:
    """What is known of a command, waiting at most so many seconds for its end; None if the id is not known."""
    found = store.standing(message_id)
    standing = await found if isinstance(found, asyncio.Future) else found
    if standing is None:
        return None
    outcome = standing.outcome
    if outcome is None and wait > 0:
        watched = store.watch(message_id)
        if isinstance(watched, asyncio.Future):
            done, _ = await asyncio.wait([watched], timeout=wait)
            outcome = watched.result() if done else None
            watched.cancel()
        else:
            outcome = watched
    if outcome is not None:
        return ended(message_id, standing.type, outcome, standing.attempts)
    return Answer(id=message_id, type=standing.type, state=standing.state, attempts=standing.attempts)


async def answer_to(ticket: "Ticket[Any, Any]", name: str, wait: float) -> Answer:
    """The answer to a command that was just sent; `unknown` if it has not ended in time."""
    with contextlib.suppress(NoAnswer, OutcomeUnknown, UndecodableError):
        await ticket.outcome(timeout=wait)
    standing = await ticket.standing()
    if standing is None or standing.outcome is None:
        reason = f"it was accepted and has not ended after {age(wait)}"
        return Answer(id=ticket.id, type=name, state="unknown", reason=reason)
    return ended(ticket.id, name, standing.outcome, standing.attempts)


def show_answer(answer: Answer, *, as_json: bool) -> None:
    """Print an answer: for people on a terminal, the bare id of what was accepted in a pipe, or JSON."""
    if as_json:
        print_json(answer)
    elif answer.state in {"accepted", "published"} and not sys.stdout.isatty():
        print(answer.id)
    else:
        print(f"{paint(answer.state, STYLES.get(answer.state, 'bold'))} {answer.type} {answer.id}{_more(answer)}")


def _more(answer: Answer) -> str:
    if answer.result is not msgspec.UNSET:
        return f" {_json(answer.result)}"
    if answer.rejection is not None:
        return f" {answer.rejection} {_json(answer.fields)}"
    return f": {printable(answer.reason)}" if answer.reason else ""


def _json(value: Any) -> str:
    return printable(msgspec.json.encode(value).decode())
