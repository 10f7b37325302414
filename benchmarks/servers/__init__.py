"""Benchmarks against real servers; a database of its own for each contender."""
