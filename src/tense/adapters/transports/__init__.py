"""Transports: what moves envelopes."""
