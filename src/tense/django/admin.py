"""Dead letters in Django's admin: to be read. Nothing can be added, changed or deleted here."""

from contextlib import suppress
from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.html import format_html

from tense.django.models import DeadLetter

MOST = 65_536
"""Bytes of a message that a page shows."""


@admin.register(DeadLetter)
class DeadLetterAdmin(admin.ModelAdmin):
    """What was given up: why, when, after how many attempts, and the message as it came."""

    list_display = ("number", "died", "type", "key", "reason", "attempts", "brief_error")
    list_filter = ("reason", "consumer", "type")
    search_fields = ("message_id", "key", "type", "error")
    search_help_text = "Search in ids, keys, types and errors"
    show_full_result_count = False
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("type", "key", "message_id", "consumer", "kind")}),
        ("Why", {"fields": ("reason", "attempts", "redriven", "accepted", "died", "error", "shown_traceback")}),
        ("The message", {"fields": ("shown_headers", "shown_body")}),
        ("What next", {"fields": ("commands",)}),
    )

    class Media:
        """How long text stands on the page."""

        css = {"all": ("tense/admin.css",)}  # noqa: RUF012 - as Django's forms have it

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """Nobody."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """Nobody: what is held back behind a dead letter would never hear of it."""
        del request, obj
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without what only the page of one letter shows."""
        return super().get_queryset(request).defer("headers", "body", "traceback")

    @admin.display(description="error")
    def brief_error(self, letter: DeadLetter) -> str:
        """The error's first line."""
        return truncatechars(letter.error.partition("\n")[0], 80)

    @admin.display(description="traceback")
    def shown_traceback(self, letter: DeadLetter) -> str:
        """As it was."""
        return preformatted(letter.traceback) if letter.traceback else "-"

    @admin.display(description="headers")
    def shown_headers(self, letter: DeadLetter) -> str:
        """Indented, if they can be read."""
        return preformatted(readable(letter.headers))

    @admin.display(description="body")
    def shown_body(self, letter: DeadLetter) -> str:
        """Indented, if it can be read."""
        return preformatted(readable(letter.body))

    @admin.display(description="in a terminal")
    def commands(self, letter: DeadLetter) -> str:
        """What decides over it."""
        return preformatted("\n".join(f"tense dead {verb} {letter.number}" for verb in ("show", "redrive", "drop")))


def preformatted(text: str) -> str:
    """Text whose lines and spaces count, escaped."""
    return format_html('<pre class="tense">{}</pre>', text)


def readable(raw: Any) -> str:
    """Bytes for people: JSON with its lines indented, other text as it is, anything else in hexadecimal figures."""
    data = bytes(raw)
    rest = f"\n... and {len(data) - MOST:,} bytes more" if len(data) > MOST else ""
    if not rest:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.format(msgspec.json.encode(msgspec.Raw(data)), indent=2).decode()
    try:
        return data[:MOST].decode(errors="ignore" if rest else "strict") + rest
    except UnicodeDecodeError:
        return data[:MOST].hex(" ") + rest
