"""The ORM in a `def` handler, whose thread no request begins and ends."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")


def connected(function: Callable[P, T]) -> Callable[P, T]:
    """Does around a handler what Django does around a request: connections that are too old or broken are closed.

    Without it a thread of a worker keeps the connection that a restarted server has forgotten, and fails for ever.
    """

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> T:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return within
