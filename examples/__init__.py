"""Examples: one folder per idea, each run by tests/docs."""
