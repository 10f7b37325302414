"""Commands are imperative. Events are past tense. Tense holds a whole system to the difference."""

from tense.dispatch.middleware import Handling, Middleware, Proceed
from tense.dispatch.provide import scoped
from tense.dispatch.service import Service
from tense.dispatch.upcasting import upcast
from tense.errors import (
    Busy,
    CommandCancelled,
    CommandExpired,
    CommandFailed,
    DefinitionError,
    DuplicateIdError,
    NoAnswer,
    OutcomeUnknown,
    StoreError,
    TenseError,
    TenseWarning,
    WorkflowError,
)
from tense.messages.contract import Contract
from tense.messages.kinds import AsCommand, AsEvent, Command, Event
from tense.messages.metadata import Metadata
from tense.messages.outcome import Concluded, Unsuccessful
from tense.messages.rejection import Rejection
from tense.ports.clock import Clock
from tense.ports.emission import Execute, Publish, Send
from tense.ports.transaction import Snapshot, Transaction
from tense.rules.retry import Retry
from tense.runtime.app import App
from tense.runtime.blocking import BlockingClient, BlockingTicket
from tense.runtime.client import Client
from tense.runtime.ticket import Ticket

__all__ = [
    "App",
    "AsCommand",
    "AsEvent",
    "BlockingClient",
    "BlockingTicket",
    "Busy",
    "Client",
    "Clock",
    "Command",
    "CommandCancelled",
    "CommandExpired",
    "CommandFailed",
    "Concluded",
    "Contract",
    "DefinitionError",
    "DuplicateIdError",
    "Event",
    "Execute",
    "Handling",
    "Metadata",
    "Middleware",
    "NoAnswer",
    "OutcomeUnknown",
    "Proceed",
    "Publish",
    "Rejection",
    "Retry",
    "Send",
    "Service",
    "Snapshot",
    "StoreError",
    "TenseError",
    "TenseWarning",
    "Ticket",
    "Transaction",
    "Unsuccessful",
    "WorkflowError",
    "scoped",
    "upcast",
]
