"""The wings: one vendor each. Imports messages, ports and errors; never rules or dispatch."""
