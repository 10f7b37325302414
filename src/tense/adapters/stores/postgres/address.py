"""The address of a PostgreSQL store, and what Tense reads from its query."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tense.adapters.stores.postgres.schema import NAME
from tense.errors import StoreUnusableError

POOL = 16
"""How many handlers of one process may be in their transactions at the same time, unless the address says `pool=`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the database is and how it is used.

    `dsn` is what the driver gets. `notify` is false behind a pooler in transaction mode, where nobody can listen and
    prepared statements may be gone with the next transaction.
    """

    dsn: str
    schema: str = "tense"
    pool: int = POOL
    notify: bool = True

    @property
    def shown(self) -> str:
        """The address without a password."""
        parts = urlsplit(self.dsn)
        user, _, host = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        return urlunsplit((parts.scheme, f"{name}@{host}" if name else host, parts.path, "", ""))


def read_address(text: str) -> Address:
    """Read `postgresql://user@host/database?schema=tense&pool=16&pooler=transaction`; other words go to the driver.

    Raises:
        StoreUnusableError: a word of ours has a value that cannot be.
    """
    parts = urlsplit(text)
    words = dict(parse_qsl(parts.query))
    schema, pool, pooler = words.pop("schema", "tense"), words.pop("pool", str(POOL)), words.pop("pooler", "")
    if not NAME.fullmatch(schema):
        raise StoreUnusableError(f"schema={schema!r}: use small letters, digits and _, at most 48.")
    if not pool.isdecimal() or int(pool) < 1:
        raise StoreUnusableError(f"pool={pool!r} is no number of connections.")
    if pooler not in ("", "transaction"):
        raise StoreUnusableError(
            f"pooler={pooler!r}: say pooler=transaction behind PgBouncer in that mode, or nothing."
        )
    scheme = "postgresql" if parts.scheme == "postgres" else parts.scheme
    dsn = urlunsplit((scheme, parts.netloc, parts.path, urlencode(words), ""))
    return Address(dsn=dsn, schema=schema, pool=int(pool), notify=not pooler)
