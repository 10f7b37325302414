"""Stores: what keeps state."""
