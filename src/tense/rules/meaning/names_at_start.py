"""The rules on names that are certain enough to stop an app at start-up: no graph needed, only names and kinds."""

from collections.abc import Iterable

from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Kind, Message, Place, Topology, Value
from tense.rules.meaning.judge import judge
from tense.rules.meaning.table import BY_ID

CERTAIN = ("N01", "N02", "N16")
"""Wrong before any reader: an imperative event, a command in the past, a suffix against the declared kind."""


class Named(Value):
    """A message's bare name, its declared kind, and where it is written."""

    name: str
    kind: Kind
    place: Place | None = None


def names_at_start(names: Iterable[Named]) -> tuple[Finding, ...]:
    """The findings on names that are wrong beyond doubt; for everything else there is `tense check`."""
    messages = {one.name: Message(name=one.name, written=one.name, kind=one.kind, place=one.place) for one in names}
    topology = Topology(sources=("app",), messages=tuple(messages.values()))
    return judge(topology, [BY_ID[rule] for rule in CERTAIN]).findings
