"""Joining the transaction of Django's ORM: `transaction.atomic()` on `django.db.connection` or `connections[alias]`."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation

from tense.errors import NotSupportedError, StoreUnusableError, WorkflowError
from tense.messages.envelope import Envelope
from tense.ports.joining import Joint

Placed = Sequence[tuple[Envelope, int]]

NO_ATOMIC = (
    "app.outbox(connection) joins an open transaction, and the database {alias!r} has none: Django commits each statement "
    "by itself. Write `with transaction.atomic({using}), app.outbox({connection}) as out:`, in this order."
)

AWAITED = (
    "Django's transactions are not awaited. Put `with transaction.atomic(), app.outbox(connection) as out:` into a plain "
    "function, and await sync_to_async(that_function)()."
)

NO_TABLES = (
    "the database {alias!r} has no tables of Tense, so nothing would carry the message on. Add 'tense.django' to "
    "INSTALLED_APPS and run `manage.py migrate`; or name the database of your store."
)

BY_HAND = (
    "the database {alias!r} is reached through {driver}, which Tense does not join. It joins sqlite3 and psycopg 3 "
    "(pip install 'psycopg[binary]'; Django prefers it where it is installed)."
)


class DjangoJoint:
    """Writes through Django's connection. Refuses at once, before anything is written, where no transaction is open."""

    def __init__(self, connection: Any, address: str, joint_for: Callable[[object, str], Joint]) -> None:
        self._connection = connection
        self._address = address
        self._joint_for = joint_for
        self._check()

    def write(self, envelopes: Placed, now: float) -> None:
        """Write within the open transaction, and hint to the workers after its commit."""
        if not envelopes:
            return
        self._check()
        connection = self._connection
        connection.validate_no_broken_transaction()
        joint = self._joint_for(connection.connection, self._address)
        try:
            with connection.wrap_database_errors:
                joint.write(envelopes, now)
        except StoreUnusableError as error:
            raise StoreUnusableError(NO_TABLES.format(alias=connection.alias)) from error
        if connection.in_atomic_block:
            connection.on_commit(joint.wake, robust=True)

    async def write_async(self, envelopes: Placed, now: float) -> None:
        """Refuse: Django's transactions belong to a thread and are not awaited."""
        del envelopes, now
        raise NotSupportedError(AWAITED)

    def said(self) -> Callable[[], bool]:
        """Stands unless a nested `atomic` around it was rolled back.

        Django drops the `on_commit` callbacks of a savepoint that it rolls back; one that does nothing tells.
        """
        connection = self._connection
        if not connection.in_atomic_block:
            return lambda: True
        connection.on_commit(mark := Mark())
        return lambda: any(callback[1] is mark for callback in connection.run_on_commit)

    def leave(self) -> None:
        """Nothing: Django forgets its callbacks with the transaction."""

    def wake(self) -> None:
        """Nothing: `write` sees to it."""

    def _check(self) -> None:
        connection = self._connection
        try:
            connection.ensure_connection()
        except SynchronousOnlyOperation as error:
            raise NotSupportedError(AWAITED) from error
        if not is_open(connection):
            alias = connection.alias
            default = alias == "default"
            words = {"using": "" if default else f"using={alias!r}"}
            words["connection"] = "connection" if default else f"connections[{alias!r}]"
            raise WorkflowError(NO_ATOMIC.format(alias=alias, **words))
        driver = type(connection.connection).__module__.partition(".")[0]
        if connection.vendor not in ("sqlite", "postgresql") or driver == "psycopg2":
            raise NotSupportedError(BY_HAND.format(alias=connection.alias, driver=driver))


class Mark:
    """Registered with `on_commit` to see whether it is still there."""

    def __call__(self) -> None:
        """Nothing to do."""


def is_open(connection: Any) -> bool:
    """Whether a transaction is open that somebody's code has opened.

    The one that Django's TestCase puts around each test is none: code that forgets `atomic` fails in its tests, as it
    would in production.
    """
    if not connection.in_atomic_block:
        return not connection.get_autocommit()
    return any(not block._from_testcase for block in connection.atomic_blocks)  # noqa: SLF001 - as `durable=True` asks
