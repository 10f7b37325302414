"""Every error of Tense, one tree. Fields first, the text is made from them.

TenseError
├── DefinitionError            known when a class, handler or app is written down: mend the code
│   ├── ContractNameError      a contract's or message's name that no broker could carry
│   ├── MessageDefinitionError a message class that cannot work
│   ├── NotAMessageError       something that is no command and no event stands where one must
│   ├── RegistrationError      a handler or subscriber that cannot be registered
│   ├── NoHandlerError         a command of a service here that nobody handles
│   ├── TwoHandlersError       a command that two handlers claim
│   ├── ForeignMessageError    a service handles or publishes what another contract owns
│   ├── WireNameError          two classes claim one wire name
│   ├── ExecuteCycleError      services that would wait for each other
│   └── ProvisionError         a parameter of a handler that nothing provides
├── StoreError                 the store cannot do what was asked
│   ├── StoreUnusableError     not a store, not writable, or made by a newer Tense
│   ├── StoreBusyError         somebody else holds the store's lock for too long
│   ├── StoreFullError         no room; nothing that was accepted is lost
│   ├── LeaseLostError         another worker owns this lane now
│   ├── RefusedWriteError      the database refused what a handler wrote, when it was to be committed
│   └── OwnerConflictError     another code base runs this service on the same store
├── ClosedError                used after it was closed, or in a forked child
├── NotSupportedError          this adapter cannot do that
├── UnencodableError           a message's content does not fit its codec
├── UndecodableError           bytes that are not the message they claim to be
├── MessageTooLargeError       a body over the limit
├── DuplicateIdError           the same id with another body
├── WorkflowError              a handler breaks a rule of delivery while it runs
├── Busy                       overload: a command refused early, with the time to come back
├── OutcomeUnknown             time ran out before the outcome was known
└── NoAnswer                   a command that ended without result and without rejection
    ├── CommandFailed
    ├── CommandExpired
    └── CommandCancelled
"""


class TenseError(Exception):
    """The root of every error that Tense raises on its own behalf."""


class TenseWarning(UserWarning):
    """What Tense warns of: it works, but not as you think."""


class DefinitionError(TenseError):
    """Something written down that cannot work; known before the first message."""


class ContractNameError(DefinitionError):
    """A name that no broker could carry unchanged."""

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} cannot name a {what}. Use lower-case letters, digits and '-', beginning with a letter, "
            "at most 31 characters: it becomes part of queue and topic names everywhere."
        )


class MessageDefinitionError(DefinitionError):
    """A message class that cannot work."""


class NotAMessageError(DefinitionError):
    """Something that is no message stands where one must."""


class RegistrationError(DefinitionError):
    """A handler, subscriber or listener that cannot be registered."""


class NoHandlerError(DefinitionError):
    """A command without its one handler."""

    def __init__(self, command: str, registered: tuple[str, ...], owner: str) -> None:
        self.command = command
        listing = ", ".join(registered) or "nothing"
        super().__init__(
            f"{command} has no handler. A command needs exactly one.\n"
            f"Registered here: {listing}. Write one with @service.handles in the service {owner!r}, "
            "or give the app only the services it is to run."
        )


class TwoHandlersError(DefinitionError):
    """A command that two handlers claim."""

    def __init__(self, command: str, first: str, second: str) -> None:
        self.command = command
        super().__init__(
            f"{command} has two handlers: {first} and {second}. A command needs exactly one.\n"
            "If both must react, let one handle the command and publish an event that the other subscribes to."
        )


class ForeignMessageError(DefinitionError):
    """A service does with a message what only its owner may do."""


class WireNameError(DefinitionError):
    """Two classes claim one wire name."""

    def __init__(self, name: str, first: str, second: str) -> None:
        self.name = name
        super().__init__(
            f"Two classes have the wire name {name!r}: {first} and {second}. "
            "Rename one, or give it another name with `name=`."
        )


class ExecuteCycleError(DefinitionError):
    """Services whose handlers would wait for each other."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        drawn = " -> ".join(path)
        advice = (
            "A service cannot wait for itself: the handler would hold the lane its command needs. "
            if len(set(path)) == 1
            else "Each would wait for the other, and none could proceed. "
        )
        super().__init__(f"Execute goes in a circle: {drawn}. {advice}Use Send, or let one side hear the outcome.")


class ProvisionError(DefinitionError):
    """A parameter of a handler that nothing provides, with the path that led there."""


class StoreError(TenseError):
    """The store cannot do what was asked. What was accepted before stays accepted."""


class StoreUnusableError(StoreError):
    """Not a store, not writable, or made by a newer Tense."""


class StoreBusyError(StoreError):
    """Somebody else holds the store's lock for too long."""


class StoreFullError(StoreError):
    """No room on the disk. Nothing accepted is lost; what was not accepted was refused with this error."""


class LeaseLostError(StoreError):
    """Another worker owns this lane now; what this one did is undone."""


class RefusedWriteError(StoreError):
    """The database refused what a handler wrote when it was flushed or committed; nothing of it is kept."""


class OwnerConflictError(StoreError):
    """Another code base runs this service on the same store."""


class ClosedError(TenseError):
    """Used after it was closed, before it was opened, or in a forked child."""


class NotSupportedError(TenseError):
    """This adapter cannot do that; its capabilities say so."""


class UnencodableError(TenseError):
    """A message whose content does not fit its codec."""


class UndecodableError(TenseError):
    """Bytes that are not the message they claim to be."""


class MessageTooLargeError(TenseError):
    """A body over the limit. Nothing was sent."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(
            f"{what} has {size:,} bytes; the limit is {limit:,}. Keep large things elsewhere and send where they are, "
            "or raise App(max_body=...)."
        )


class DuplicateIdError(TenseError):
    """The same id with another body."""

    def __init__(self, message_id: str, what: str) -> None:
        self.id = message_id
        super().__init__(
            f"{what} with the id {message_id!r} was accepted before with another body. An id names one message for ever: "
            "give the new one its own id."
        )


class WorkflowError(TenseError):
    """A handler breaks a rule of delivery while it runs. The message fails for good; what it wrote is undone.

    `reason` is what its dead letter says.
    """

    def __init__(self, text: str, reason: str = "rule-broken") -> None:
        self.reason = reason
        super().__init__(text)


class Busy(TenseError):  # noqa: N818 - an answer to a sender; reads as one in `except Busy`
    """Overload: the command was refused early. Nothing was accepted.

    `retry_after` is the number of seconds to wait before the next try.
    """

    def __init__(self, service: str, backlog: int, retry_after: float) -> None:
        self.service = service
        self.backlog = backlog
        self.retry_after = retry_after
        super().__init__(
            f"{service} has {backlog:,} commands waiting and takes no more now. Try again in {retry_after:g} s."
        )


class OutcomeUnknown(TenseError):  # noqa: N818 - an answer to a sender; names what is known: nothing
    """Time ran out before the outcome was known. The command may still run, or may have run.

    `id` is the command's; `client.ticket(Command, id)` asks again, from any process.
    """

    def __init__(self, message_id: str, command: str, waited: float) -> None:
        self.id = message_id
        self.command = command
        super().__init__(
            f"The outcome of {command} {message_id} is not known after {waited:g} s. It was accepted and may still run. "
            "Ask again with client.ticket(...)."
        )


class NoAnswer(TenseError):  # noqa: N818 - an outcome, not a mistake of the caller
    """A command that ended without result and without rejection.

    `id` is the command's, `command` its wire name, `reason` why it ended so.
    """

    def __init__(self, message_id: str, command: str, reason: str = "") -> None:
        self.id = message_id
        self.command = command
        self.reason = reason
        super().__init__(message_id, command, reason)

    def __str__(self) -> str:
        said = f"{self.command} {self.id} {self.ended}"
        return f"{said}: {self.reason}" if self.reason else f"{said}."

    ended = "ended without an answer"


class CommandFailed(NoAnswer):
    """Its handler failed for good; it is among the dead letters."""

    ended = "failed"


class CommandExpired(NoAnswer):
    """Its deadline passed before it was started."""

    ended = "expired before it was started"


class CommandCancelled(NoAnswer):
    """It was cancelled before it was started."""

    ended = "was cancelled before it was started"
