"""Peers: what users would pick instead, in an environment of their own."""
