"""What the PostgreSQL store can do, for those who ask without its driver."""

from tense.ports.records import Capabilities

POSTGRES = Capabilities(durable=True, shared=True, sessions=True, remote=True)
