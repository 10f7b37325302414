"""Foreign transactions in the same database: our rows are written through the driver's connection that they run on."""

from collections.abc import Sequence
from typing import Any

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.ending import Endings
from tense.adapters.stores.postgres.foreign import MISSING, fitted, translated_foreign
from tense.adapters.stores.postgres.settling import Ending, Settling
from tense.adapters.stores.postgres.tidings import Tidings
from tense.errors import LeaseLostError, StoreError, StoreUnusableError, TenseError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease

WHO = "SELECT current_database(), pg_postmaster_start_time()::text, 'tense.lane'::regclass::oid::bigint"
"""What is equal on two connections that lead to the same tables."""

LIMITED = """
SELECT set_config('idle_in_transaction_session_timeout',
        coalesce(nullif(current_setting('idle_in_transaction_session_timeout'), '0'), '{limit}'), true),
    set_config('application_name', coalesce(nullif(current_setting('application_name'), ''), 'tense'), true)
"""
"""A process that falls silent within a transaction would keep the lane's row, and so the lane, for as long as it is silent;
by its name others know a session that may be ended. What the project has set itself stays."""

AUTOCOMMIT = (
    "the session's connection is in autocommit mode: each statement commits by itself, so that nothing could be undone "
    "together. Make the engine without isolation_level='AUTOCOMMIT'."
)


class PostgresGuest:
    """One foreign transaction. The database isolates it from others; it waits for nobody."""

    __slots__ = ("_core", "_delivery", "_endings", "_lease", "_over", "_settling", "_tidings")

    def __init__(self, core: Core, parts: tuple[Settling, Endings], delivery: Delivery, lease: Lease) -> None:
        self._core = core
        self._settling, self._endings = parts
        self._delivery = delivery
        self._lease = lease
        self._over = False
        self._tidings = Tidings()

    @property
    def revoked(self) -> None:
        """Never: a long transaction here keeps nobody else's commit waiting."""
        return

    async def enter(self, driver: object) -> str | None:
        """Refuse what could not be committed; else limit how long a silent process keeps its locks."""
        del driver
        if self._over:
            text = f"the session of {self._delivery.metadata.id} was used after its handler ended; its unit of work is over"
            raise WorkflowError(text)
        if self._lease.lost:
            text = f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now"
            raise LeaseLostError(text)
        return LIMITED.format(limit=int(self._core.around.lease * 1000))

    async def write(self, driver: object, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """Write our rows; the lane's row is locked until the foreign transaction ends."""
        connection = fitted(driver)
        if not connection.is_in_transaction():
            raise WorkflowError(AUTOCOMMIT)
        ending = Ending(delivery=self._delivery, lease=self._lease, settlement=settlement, outgoing=outgoing)
        if (before := self._endings.before(ending.lane)) is not None:
            await _wait_for(before)
        tidings = self._tidings = Tidings()
        try:
            await self._settling.write(connection, [ending], tidings)
        except TenseError:
            raise
        except Exception as error:
            raise translated_foreign(error, self._core.address.shown) from error

    def committed(self) -> None:
        """Tell what came of it."""
        tidings, self._tidings = self._tidings, Tidings()
        self._core.publish(tidings)

    def lost(self) -> None:
        """Have the lane read again."""
        self._core.lose(self._lease)

    def leave(self) -> None:
        """The session is closed."""
        self._over = True


async def recognise(core: Core, driver: object) -> None:
    """Make sure that a connection leads to the store's tables, and does not commit by itself.

    Raises:
        StoreUnusableError: it leads elsewhere.
    """
    connection = fitted(driver)
    if not connection.is_in_transaction():
        raise StoreUnusableError(AUTOCOMMIT)
    ours = await core.run(lambda own: own.fetchrow(core.sql(WHO)))
    try:
        theirs = await connection.fetchrow(core.sql(WHO))
    except Exception as error:
        if getattr(error, "sqlstate", "") not in MISSING:
            raise translated_foreign(error, core.address.shown) from error
        theirs = None
    if ours is None or theirs is None or tuple(ours) != tuple(theirs):
        text = (
            f"the sessions of unit_of_work lead to another database than the store {core.address.shown}: what commits "
            "together must stand in one database. Give both the same one."
        )
        raise StoreUnusableError(text)


async def _wait_for(before: Any) -> None:
    """Until an earlier ending of the lane is written; whether it could be is told elsewhere."""
    try:
        await before
    except StoreError as error:
        raise LeaseLostError(str(error)) from error
