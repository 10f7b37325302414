"""Handler: one registered function, with what was said about it at registration."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction, unwrap
from typing import Any, Literal, TypeAlias

from tense.messages.declaration import Declaration
from tense.rules.retry import Retry
from tense.rules.settle import OnFailure

Role: TypeAlias = Literal["handles", "subscribes", "hears"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Handler:
    """A function that handles a command, subscribes to an event, or hears an outcome.

    `timeout` is in seconds, None for no limit. `from_start` says where a new subscription begins.
    """

    role: Role
    service: str
    message: type
    declaration: Declaration
    function: Callable[..., Any]
    retry: Retry
    timeout: float | None
    on_failure: OnFailure
    from_start: bool = False

    @property
    def name(self) -> str:
        """Where the function lives, as `module:qualname`."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    @property
    def place(self) -> str:
        """Where the function is written, as `file:line`."""
        code = getattr(unwrap(self.function), "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else self.name

    @property
    def is_async(self) -> bool:
        """Whether it runs on the loop; a plain `def` runs in a thread."""
        return iscoroutinefunction(self.function)
