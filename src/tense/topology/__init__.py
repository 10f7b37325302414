"""Builds and draws the graph of a system. Imports rules, messages and errors."""
