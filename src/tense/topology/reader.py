"""The port of a source: a fourth kind of source is one new file that keeps this promise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tense.rules.meaning.graph import Channel, Fact, Handling, Message, Problem, Saying, Service, Topology

Step = Callable[[int, int, str], None]
"""Told how far a long reading is: done, of how many, and which file is next."""


def no_step(_done: int, _of: int, _file: str) -> None:
    """Tell nobody."""


class Reader(Protocol):
    """Turns files of one kind into topologies: it imports, runs and fetches nothing."""

    suffixes: frozenset[str]
    """The endings of the files that may be of this kind, in lower case with the dot."""

    def accepts(self, path: Path) -> bool:
        """Tell quickly, from the first part of the file, whether it is of this kind. It never raises."""

    def read(self, files: Sequence[Path], *, folder: Path, step: Step = no_step) -> list[Topology]:
        """Read the files, which lie in `folder`; nothing outside it is opened.

        What cannot be read is a `Problem` of the topology it would have been, never an exception. The
        order of the topologies is the order of the files.
        """


@dataclass(slots=True, kw_only=True)
class Draft:
    """A topology while it is read; names are unique by construction."""

    source: str
    services: dict[str, Service] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    sayings: list[Saying] = field(default_factory=list)
    handlings: dict[tuple[str, str], Handling] = field(default_factory=dict)
    unknown: set[Fact] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def handle(self, handling: Handling) -> Handling:
        """Add a handling under a name that is free in its service; return it as it was added."""
        name, number = handling.name, 2
        while (handling.service, name) in self.handlings:
            name, number = f"{handling.name}#{number}", number + 1
        if name != handling.name:
            fields = {key: getattr(handling, key) for key in handling.__struct_fields__}
            handling = Handling(**{**fields, "name": name})
        self.handlings[handling.service, name] = handling
        return handling

    def topology(self) -> Topology:
        """Return what was read."""
        return Topology(
            sources=(self.source,),
            services=tuple(self.services.values()),
            messages=tuple(self.messages.values()),
            channels=tuple(self.channels.values()),
            sayings=tuple(self.sayings),
            handlings=tuple(self.handlings.values()),
            unknown={self.source: tuple(sorted(self.unknown))},
            problems=tuple(self.problems),
        )
