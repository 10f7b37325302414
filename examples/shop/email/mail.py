"""The way out to a mail server. A test hands in its own, with the same face."""

import logging
from collections.abc import AsyncIterator
from typing import Protocol

log = logging.getLogger("shop.mail")


class Mail(Protocol):
    """Sends mail."""

    async def send(self, to: str, subject: str, *, message_id: str) -> None:
        """Hand one mail over. The same `message_id` again is the same mail."""
        ...


class LoggedMail:
    """Writes mails to the log: all that a shop without a mail server can do."""

    async def send(self, to: str, subject: str, *, message_id: str) -> None:
        """Log it."""
        log.info("to %s: %s (%s)", to, subject, message_id)


async def open_mail() -> AsyncIterator[Mail]:
    """Opened once when the app starts, closed when it stops."""
    yield LoggedMail()
