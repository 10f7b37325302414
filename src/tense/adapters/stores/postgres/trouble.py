"""Trouble: what the driver raises, in the words of Tense."""

import asyncio

import asyncpg

from tense.errors import StoreBusyError, StoreError, StoreFullError, StoreUnusableError

GONE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)
"""The connection is gone or cannot be made: the same may work on another one."""

CLASHED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""Two transactions were in each other's way; one of them was undone and may begin again."""

BLOCKED = (*CLASHED, asyncpg.LockNotAvailableError)
"""A lock of somebody else is in the way."""

REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)
"""What a handler wrote may not be committed: a deferred constraint or trigger says so."""

DRIVER = (asyncpg.PostgresError, *GONE)
"""Everything the driver raises."""


WORDS: tuple[tuple[tuple[type[BaseException], ...], type[StoreError], str], ...] = (
    (
        (asyncpg.DiskFullError, asyncpg.OutOfMemoryError),
        StoreFullError,
        "{shown} has no room: {error}. Nothing that was accepted is lost.",
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        StoreUnusableError,
        "{shown} is read-only, as a standby is: {error}. Name the primary.",
    ),
    (
        (asyncpg.UndefinedTableError,),
        StoreUnusableError,
        "{shown} lacks a table of Tense: {error}. Run `tense db migrate`.",
    ),
    (
        (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError),
        StoreUnusableError,
        "{shown}: {error}. The role needs rights on the schema's tables and sequences.",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        StoreUnusableError,
        "{shown}: {error}. Create the database first; Tense makes its own schema only.",
    ),
    (CLASHED, StoreBusyError, "{shown}: {error}; the transaction was undone and may begin again."),
    (GONE, StoreError, "the connection to {shown} is lost or cannot be made: {error}"),
)
"""What becomes of the driver's errors; the first that fits."""


def translated(error: BaseException, shown: str) -> StoreError:
    """A driver's error as one of ours, with what to do next."""
    if isinstance(error, StoreError):
        return error
    for kinds, make, text in WORDS:
        if isinstance(error, kinds):
            return make(text.format(shown=shown, error=str(error) or type(error).__name__))
    return StoreError(f"{shown}: {error}")
