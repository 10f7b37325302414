"""PgBouncer in transaction mode, in front of the PostgreSQL that runs here: each transaction may have another session."""

import shutil
import signal

from servers_lib import postgres
from servers_lib.place import Place, ServerError, install, own

STOP = signal.SIGTERM
"""On SIGINT it waits for its clients."""

SETTINGS = """
[databases]
* = host=127.0.0.1 port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
"""


def up(place: Place) -> str:
    """Install and start it; its address. PostgreSQL must run.

    Raises:
        ServerError: it does not.
    """
    behind = Place(place.folder.parent, "postgres")
    if not behind.alive:
        text = "pgbouncer stands in front of postgres: scripts/servers up postgres pgbouncer"
        raise ServerError(text)
    if shutil.which("pgbouncer") is None and shutil.which("/usr/sbin/pgbouncer") is None:
        install("pgbouncer")
    own(place.folder, postgres.USER)
    port, settings, users = place.port(), place.folder / "settings.ini", place.folder / "users.txt"
    server = behind.address.rpartition(":")[2].partition("/")[0]
    users.write_text(f'"{postgres.USER}" ""\n')
    settings.write_text(SETTINGS.format(server=server, port=port, users=users))
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    address = f"postgresql://{postgres.USER}@127.0.0.1:{port}/tense"
    place.start([program, str(settings)], lambda: postgres.answers(address), user=postgres.USER)
    return address
