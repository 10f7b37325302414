"""Codecs: from a message to bytes and back."""
