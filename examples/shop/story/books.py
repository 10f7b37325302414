"""Books: what the database says, read from outside of every service."""

from typing import Any

from examples.shop.story.ground import Ground

HANDLED = {
    "email": "SELECT count(*) FROM mails WHERE subject LIKE 'Thank%'",
    "warehouse": "SELECT count(*) FROM parcels",
    "analytics": "SELECT coalesce(sum(orders), 0) FROM sales WHERE sku = 'tea'",
    "loyalty": "SELECT coalesce(sum(orders), 0) FROM points",
    "recommendations": "SELECT count(DISTINCT order_id) FROM baskets",
}
"""For each subscriber, how many placed orders it has handled. Every order in this story has tea in it."""


class Books:
    """Reads the tables of the services, and the log."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def value(self, sql: str, *values: object) -> Any:
        """The first value of a query; 0 while its table does not exist."""
        row = self._ground.ask(sql, values)
        return 0 if row is None else row[0]

    def orders(self, state: str) -> int:
        """Orders that were placed, or refused after payment."""
        return int(self.value("SELECT count(*) FROM orders WHERE state = ?", state))

    def on_shelf(self, sku: str) -> int:
        """Pieces of an article in stock."""
        return int(self.value("SELECT count FROM shelf WHERE sku = ?", sku))

    def charges(self, order_id: str = "%", *, refunded: bool | None = None) -> int:
        """Charges of one order or of all, all or only those refunded or not."""
        wanted = "" if refunded is None else f" AND refunded = {int(refunded)}"
        return int(self.value(f"SELECT count(*) FROM payments WHERE order_id LIKE ?{wanted}", order_id))  # noqa: S608 - a 0 or a 1

    def published(self, event: str) -> int:
        """Events of one type in the log."""
        return int(self.value("SELECT count(*) FROM tense_log WHERE type = ?", event))

    def handled(self, *subscribers: str) -> dict[str, int]:
        """How many placed orders each subscriber has handled."""
        return {name: int(self.value(HANDLED[name])) for name in subscribers}

    def everybody_handled(self, count: int, *subscribers: str) -> bool:
        """Whether each of these has handled so many: not fewer, and not more."""
        return set(self.handled(*subscribers).values()) == {count}
