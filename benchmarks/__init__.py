"""Benchmarks: one file for each row of the table, each beside its hand-written limit in the same run."""
