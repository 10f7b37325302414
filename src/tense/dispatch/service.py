"""Service: a contract's handlers and subscribers."""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, overload

from typing_extensions import TypeVar

from tense.dispatch.handler import Handler, Role
from tense.dispatch.signature import check_signature
from tense.errors import ForeignMessageError, NotAMessageError, RegistrationError, TwoHandlersError
from tense.messages.contract import Contract
from tense.messages.declaration import declaration_of
from tense.messages.kinds import CommandType, EventType, check_key
from tense.messages.outcome import Concluded, Unsuccessful
from tense.rules.retry import Retry
from tense.rules.settle import OnFailure

P = ParamSpec("P")
C = TypeVar("C")
R = TypeVar("R")
X = TypeVar("X")
A = TypeVar("A")
C_contra = TypeVar("C_contra", contravariant=True)
O_contra = TypeVar("O_contra", contravariant=True)
A_co = TypeVar("A_co", covariant=True)
O_co = TypeVar("O_co", covariant=True)
E = TypeVar("E")


class Answering(Protocol[C_contra, P, A_co, O_co]):
    """A function that gives `A_co`, which is also an `O_co`: what it gives is kept, what it may give is checked.

    To fit, a function must fit both signatures; a type variable bounded by another would say the same.
    """

    @overload
    def __call__(self, message: C_contra, /, *args: P.args, **kwargs: P.kwargs) -> A_co: ...
    @overload
    def __call__(self, message: C_contra, /, *args: P.args, **kwargs: P.kwargs) -> O_co: ...  # type: ignore[overload-cannot-match]  # never called, only fitted


class Handles(Protocol[C, O_contra]):
    """Takes the one handler of a command, whose answers are `O_contra`, and gives it back unchanged."""

    @overload
    def __call__(
        self, handler: Answering[C, P, A, Coroutine[Any, Any, O_contra]], /
    ) -> Callable[Concatenate[C, P], A]: ...
    @overload
    def __call__(self, handler: Answering[C, P, A, O_contra], /) -> Callable[Concatenate[C, P], A]: ...


class Subscribes(Protocol[E]):
    """Takes a subscriber of an event and gives it back unchanged."""

    @overload
    def __call__(
        self, handler: Callable[Concatenate[E, P], Coroutine[Any, Any, None]], /
    ) -> Callable[Concatenate[E, P], Coroutine[Any, Any, None]]: ...
    @overload
    def __call__(self, handler: Callable[Concatenate[E, P], None], /) -> Callable[Concatenate[E, P], None]: ...


class Service:
    """What runs the words of one contract: its handlers, subscribers and listeners.

    `concurrency` is how many of its handlers run at once in one process, per inbox and subscription.

    Raises:
        RegistrationError: the argument is no Contract.
    """

    def __init__(self, contract: Contract, *, concurrency: int = 64) -> None:
        if not isinstance(contract, Contract):
            text = f"Service(...) needs the Contract whose words it runs, got {contract!r}."
            raise RegistrationError(text)
        if concurrency < 1:
            text = f"Service({contract.name!r}, concurrency={concurrency}): at least one handler must run."
            raise RegistrationError(text)
        self.contract = contract
        self.concurrency = concurrency
        self.handlers: list[Handler] = []

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.contract.name

    def __repr__(self) -> str:
        return f"Service({self.name!r}, {len(self.handlers)} handlers)"

    def handles(
        self,
        command: CommandType[C, R, X],
        /,
        *,
        retry: Retry | None = None,
        timeout: float | None = 60.0,
        on_failure: OnFailure = "park",
    ) -> Handles[C, R | X]:
        """Register the one handler of a command of this service's own contract.

        Raises:
            ForeignMessageError: the command belongs to another contract.
            TwoHandlersError: it has a handler already.
            NotAMessageError: it is no command.
            RegistrationError, ProvisionError: the function's signature cannot work.
        """
        declaration = declaration_of(command)
        if declaration.kind != "command":
            text = f"{declaration.name} is an event: nobody handles it, any number subscribe. Use @service.subscribes."
            raise NotAMessageError(text)
        if declaration.owner != self.contract:
            text = (
                f"{self.name} cannot handle {declaration.name}: it belongs to {declaration.owner} ({declaration.place}). "
                "A command is handled by the service that owns it. Send it instead, or subscribe to one of its events."
            )
            raise ForeignMessageError(text)
        registrar: Any = self._registrar("handles", command, retry, timeout, on_failure, from_start=False)
        return registrar  # type: ignore[no-any-return]  # one registrar serves all three roles

    def subscribes(
        self,
        event: EventType[E],
        /,
        *,
        retry: Retry | None = None,
        timeout: float | None = 60.0,
        on_failure: OnFailure = "park",
        from_start: bool = False,
    ) -> Subscribes[E]:
        """Register a subscriber of an event, whoever publishes it.

        `from_start` says where a new subscription begins: at the first logged event, or at what comes next.

        Raises:
            NotAMessageError: it is no event.
            RegistrationError, ProvisionError: the function's signature cannot work.
        """
        declaration = declaration_of(event)
        if declaration.kind != "event":
            text = f"{declaration.name} is a command: it has one handler and no subscribers. Use @service.handles."
            raise NotAMessageError(text)
        registrar: Any = self._registrar("subscribes", event, retry, timeout, on_failure, from_start=from_start)
        return registrar  # type: ignore[no-any-return]  # one registrar serves all three roles

    def hears(
        self,
        command: CommandType[C, R, X],
        /,
        *,
        retry: Retry | None = None,
        timeout: float | None = 60.0,
        on_failure: OnFailure = "park",
    ) -> Subscribes[Concluded[C, R | X | Unsuccessful]]:
        """Register what hears how a command ended that this service sent: once for each.

        Raises:
            NotAMessageError: it is no command.
            RegistrationError, ProvisionError: the function's signature cannot work.
        """
        declaration = declaration_of(command)
        if declaration.kind != "command":
            text = f"{declaration.name} is an event and has no outcome to hear. Use @service.subscribes."
            raise NotAMessageError(text)
        registrar: Any = self._registrar("hears", command, retry, timeout, on_failure, from_start=False)
        return registrar  # type: ignore[no-any-return]  # one registrar serves all three roles

    def _registrar(
        self,
        role: Role,
        message: Any,
        retry: Retry | None,
        timeout: float | None,
        on_failure: OnFailure,
        *,
        from_start: bool,
    ) -> Any:
        check_key(message)

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            handler = Handler(
                role=role,
                service=self.name,
                message=message,
                declaration=declaration_of(message),
                function=function,
                retry=retry or Retry(),
                timeout=timeout,
                on_failure=on_failure,
                from_start=from_start,
            )
            if role != "subscribes":
                self._refuse_second(handler)
            check_signature(handler)
            self.handlers.append(handler)
            return function

        return register

    def _refuse_second(self, handler: Handler) -> None:
        for other in self.handlers:
            if other.role == handler.role and other.declaration.name == handler.declaration.name:
                raise TwoHandlersError(handler.declaration.name, other.place, handler.place)
