"""The memory store: one process, no file, the same semantics."""
