"""Load: from an address to a store, and from `module:app` to an app."""

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tense.errors import StoreUnusableError, TenseError
from tense.ports.store import Store

if TYPE_CHECKING:
    from tense.runtime.app import App


class AppNotFoundError(TenseError):
    """What `module:app` names cannot be had."""


LANES = 64

VIA = re.compile(r" via (?=\w+:)")


def via(store: str, broker: str | None) -> str:
    """One address for a store that keeps state and a broker that moves messages: `sqlite:///shop.db via postgresql://...`."""
    return store if broker is None else f"{store} via {broker}"


def state_and_broker(address: str) -> tuple[str, str | None]:
    """The two parts of an address; the second is None where one store does both."""
    state, *broker = VIA.split(address, maxsplit=1)
    return state, broker[0] if broker else None


def open_store(address: str, lanes: int = LANES) -> Store:
    """The store at an address: `memory:`, `sqlite:///shop.db`, `sqlite:////var/lib/shop.db`, `postgresql://HOST/DATABASE`.

    `STATE via BROKER` pairs two of them; the outbox of the pair has so many lanes.

    Raises:
        StoreUnusableError: nothing serves such an address.
        NotSupportedError: the first of a pair cannot keep state for another.
    """
    state, broker = state_and_broker(address)
    if broker is not None:
        return one_store(state, broker, lanes)
    scheme = urlsplit(address).scheme
    if scheme == "memory":
        from tense.adapters.stores.memory.store import MemoryStore  # noqa: PLC0415 - the adapter that is chosen
        from tense.adapters.stores.sqlite.scratch import SqliteScratch  # noqa: PLC0415 - as above

        return MemoryStore(SqliteScratch())
    if scheme == "sqlite":
        from tense.adapters.stores.sqlite.store import SqliteStore  # noqa: PLC0415 - as above

        return SqliteStore(sqlite_path(address))
    if scheme in ("postgresql", "postgres"):
        return _postgres(address)
    text = f"{address!r} is no address of a store. Known are memory:, sqlite:///FILE and postgresql://HOST/DATABASE."
    raise StoreUnusableError(text)


def one_store(store: str | Store, broker: str | Store | None, lanes: int) -> Store:
    """The store, or the pair of it and a broker; by address or as they are.

    Raises:
        StoreUnusableError, NotSupportedError: as `open_store`.
    """
    state = open_store(store, lanes) if isinstance(store, str) else store
    if broker is None:
        return state
    if store == broker:
        text = f"{store} cannot be its own broker. Leave the broker out: a store moves messages by itself."
        raise StoreUnusableError(text)
    from tense.runtime.relay import paired  # noqa: PLC0415 - only where there are two

    return paired(state, open_store(broker) if isinstance(broker, str) else broker, lanes)


def schema_script(address: str) -> str:
    """The SQL that makes a store's tables from nothing, for people who run it themselves; both parts' of a pair.

    Raises:
        StoreUnusableError: a store of that kind has no tables.
    """
    state, broker = state_and_broker(address)
    if broker is not None:
        return f"-- on {state}\n{schema_script(state)}\n-- on {broker}\n{schema_script(broker)}"
    scheme = urlsplit(address).scheme
    if scheme in ("postgresql", "postgres"):
        from tense.adapters.stores.postgres.address import read_address  # noqa: PLC0415 - the adapter that is chosen
        from tense.adapters.stores.postgres.schema import script  # noqa: PLC0415 - as above

        return script(read_address(address).schema)
    if scheme == "sqlite":
        from tense.adapters.stores.sqlite.schema import steps  # noqa: PLC0415 - as above

        return "".join(f"{statement.strip()};\n" for statement in ("BEGIN", *steps(0), "COMMIT"))
    text = f"{address!r} is no address of a store that has tables."
    raise StoreUnusableError(text)


def _postgres(address: str) -> Store:
    try:
        from tense.adapters.stores.postgres.store import PostgresStore  # noqa: PLC0415 - the adapter that is chosen
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        text = "a store on PostgreSQL needs asyncpg: pip install 'tense[postgres]'"
        raise StoreUnusableError(text) from error
    return PostgresStore(address)


def sqlite_path(address: str) -> Path:
    """The file of a SQLite address: three slashes for a relative path, four for an absolute one.

    Raises:
        StoreUnusableError: it names no file.
    """
    parts = urlsplit(address)
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/") or len(path) < 2:  # noqa: PLR2004 - the slash and a name
        text = (
            f"{address!r} names no file. Write sqlite:///shop.db, or sqlite:////var/lib/shop.db for an absolute path."
        )
        raise StoreUnusableError(text)
    return Path(path[1:])


def file_of(address: str) -> Path | None:
    """The file that an address names; None where the store is in no file."""
    return sqlite_path(address) if address.startswith("sqlite:") else None


def is_private(address: str) -> bool:
    """Whether the store lives and dies with its process: nobody else can open it."""
    return address.startswith("memory:")


def anchored(address: str, folder: Path) -> str:
    """The address with a relative file, where it names one, in this folder, from whatever folder it is opened."""
    if not address.startswith("sqlite:///") or address.startswith("sqlite:////") or folder == Path.cwd():
        return address
    return f"sqlite:///{folder.resolve() / address.removeprefix('sqlite:///')}"


def load_app(target: str, folder: str = ".") -> "App":
    """The app that `module:app` names; `folder` is put in front of the import path.

    Raises:
        AppNotFoundError: the module cannot be imported, or has no such app.
    """
    from tense.runtime.app import App  # noqa: PLC0415 - load is imported by app's module for addresses

    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        text = f"{target!r} does not name an app. Write MODULE:APP, such as shop.app:app."
        raise AppNotFoundError(text)
    if (place := str(Path(folder).resolve())) not in sys.path:
        sys.path.insert(0, place)
    found = _attribute(_module(module_name, target), attribute, target)
    if not isinstance(found, App):
        text = f"{target} is {type(found).__name__} and no tense.App."
        raise AppNotFoundError(text)
    return found


def _module(name: str, target: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            text = f"{target}: there is no module {error.name!r} here. Run this in the project's folder."
            raise AppNotFoundError(text) from None
        text = f"{target}: {name} imports {error.name!r}, which is not installed."
        raise AppNotFoundError(text) from error


def _attribute(module: Any, attribute: str, target: str) -> Any:
    found = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            from tense.runtime.app import App  # noqa: PLC0415 - as above

            apps = sorted(name for name, value in vars(module).items() if isinstance(value, App))
            hint = f" It has {', '.join(apps)}." if apps else " It has no App at all."
            text = f"{target}: {module.__name__} has no {part!r}.{hint}"
            raise AppNotFoundError(text)
        found = getattr(found, part)
    return found
