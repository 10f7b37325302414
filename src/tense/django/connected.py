"""The ORM in a `def` handler, whose thread no request begins and ends."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


def connected(function: Callable[P, T]) -> Callable[P, T]:
    """Does around a handler what Django does around a request: connections that are too old or broken are closed.

    Without it a thread of a worker keeps the connection that a restarted server has forgotten, and fails for ever. In an
    open transaction, as in that of a DjangoUnit, it does nothing.
    """

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> T:
        close_what_is_old()
        try:
            return function(*args, **kwargs)
        finally:
            close_what_is_old()

    return within


def close_what_is_old() -> None:
    """Close the connections of this thread that are too old or broken, and in no transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
