"""A moment as Tense keeps it: seconds since the epoch."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class Moment(models.Field):
    """Seconds since the epoch in the table, a datetime in Python; lookups take datetimes."""

    def get_internal_type(self) -> str:
        """As databases keep it."""
        return "FloatField"

    def from_db_value(self, value: float | None, *_about: object) -> datetime | None:
        """A datetime as the project has them: aware if USE_TZ says so."""
        if value is None:
            return None
        moment = datetime.fromtimestamp(value, tz=UTC)
        return moment if settings.USE_TZ else timezone.make_naive(moment)

    def get_prep_value(self, value: Any) -> Any:
        """Seconds."""
        value = super().get_prep_value(value)
        if not isinstance(value, datetime):
            return value
        return (timezone.make_aware(value) if timezone.is_naive(value) else value).timestamp()
