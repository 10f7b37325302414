"""One client for a process of Django: `client().execute(PlaceOrder(...))` in any view."""

import atexit
import os
import threading
from contextlib import ExitStack

from django.db import connections

from tense.adapters.sessions.django import is_open
from tense.django.conf import alias, store_now, tense_app
from tense.errors import WorkflowError
from tense.runtime.blocking import BlockingClient

INSIDE = (
    "client() was asked for within transaction.atomic(). What it sends leaves at once, whatever becomes of the block; and "
    "who waits for an answer must hold nothing. Call it before the block; within it, say `with app.outbox(connection) as "
    "out: out.send(...)`. Under ATOMIC_REQUESTS a view is a block: mark it with @transaction.non_atomic_requests."
)


class Held:
    """The client of this process, and what closes it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stack = ExitStack()
        self.client: BlockingClient | None = None

    def open(self) -> BlockingClient:
        """The one that is open, or a new one."""
        with self.lock:
            if self.client is None:
                app = tense_app()
                store = store_now(app.store) if isinstance(app.store, str) else None
                self.client = self.stack.enter_context(app.blocking_client(store=store))
            return self.client

    def close(self) -> None:
        """Close it; the next call opens another one."""
        with self.lock:
            self.client = None
            self.stack.close()


_held = Held()


def client() -> BlockingClient:
    """The client of TENSE_APP for this process, from any thread: opened at the first call, closed when the process ends.

    A forked child, such as a worker of gunicorn, has its own.

    Raises:
        WorkflowError: called within `transaction.atomic()`.
        ImproperlyConfigured: there is no TENSE_APP.
        StoreError: its store cannot be used.
    """
    if is_open(connections[alias()]):
        raise WorkflowError(INSIDE)
    return _held.open()


def close_client() -> None:
    """Close this process's client now; the next `client()` opens another one."""
    _held.close()


def _forget() -> None:
    """In a forked child: the parent's client is the parent's, and its lock may be held by a thread that is not here."""
    global _held  # noqa: PLW0603 - one for each process is the point
    _held = Held()


atexit.register(close_client)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
