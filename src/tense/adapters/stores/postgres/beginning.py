"""Beginning: a transaction on a connection, said ahead of its first statement where the connection is known to be there."""

import asyncio

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Pool
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.trouble import GONE

BEGIN = "BEGIN"

LOCK_WAIT = "SET LOCAL lock_timeout = '50ms'"
"""Who waits for a lock while others wait for his commit may wait for one that is waited for: no longer than this."""

FRESH = 1.0
"""Seconds for which a connection that was used is taken to be there."""


def begin(session: Session, *, shared: bool) -> None:
    """Begin before the next statement; `shared` if others will wait for the commit."""
    session.ahead(BEGIN)
    if shared:
        session.ahead(LOCK_WAIT)


async def begun(core: Core, pool: Pool, *, shared: bool) -> Session:
    """A connection in a new transaction. One that was at rest may be forgotten by the server: it is asked first."""
    words = f"{BEGIN}; {LOCK_WAIT}" if shared else BEGIN
    for spare in range(pool.most, -1, -1):
        session = await pool.take()
        if core.around.clock.elapsed() - session.used < FRESH:
            begin(session, shared=shared)
            return session
        try:
            async with asyncio.timeout(core.around.lease):
                await session.say(words)
        except BaseException as error:
            session.terminate()
            pool.give(session)
            if not isinstance(error, GONE) or isinstance(error, TimeoutError) or not spare:
                raise
        else:
            return session
    raise AssertionError
