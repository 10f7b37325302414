"""Digest: what happened where, how often."""
