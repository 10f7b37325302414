"""`make bench-servers`: the same as `make bench`, on PostgreSQL."""

import sys

from benchmarks import relay
from benchmarks.__main__ import main
from benchmarks.servers import durable, fleet, latency

ROWS = {
    "postgres": durable.lines,
    "fleet": fleet.lines,
    "latency": latency.lines,
    "relay": relay.server_lines,
}

if __name__ == "__main__":
    sys.exit(main(rows=ROWS))
