"""Context: which message the running code belongs to, for children, log lines and spans."""

from contextvars import ContextVar

from tense.messages.metadata import Metadata

handling: ContextVar[Metadata | None] = ContextVar("tense_handling", default=None)
"""The metadata of the message being handled; None outside of a handler. Threads of `def` handlers see it too."""
