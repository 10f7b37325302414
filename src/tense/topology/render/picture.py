"""What every picture shows: boxes with rows, lines between them, and findings where they belong."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from tense.rules.meaning.graph import Handling, Kind, Message, Saying, Topology, Value

OUTSIDE = "outside"
"""The name of the box that stands for everything beyond the fleet."""

Role = Literal["handles", "says", "hears"]


class Mark(Value, frozen=True, kw_only=True):
    """A finding as a picture needs it: which rule, how grave, about which message or service, and what it says."""

    rule: str
    severity: str
    text: str
    message: str | None = None
    service: str | None = None

    @property
    def is_grave(self) -> bool:
        """Tell whether it is drawn in red: an error or a warning, not a note."""
        return self.severity in {"error", "warning"}


class Row(Value, frozen=True, kw_only=True):
    """One message in one box: handled there (with the handlers' names), said there, or heard there.

    `enters` marks a message that nobody in the fleet says; `lost` one that nobody in the fleet handles.
    """

    message: str
    text: str
    role: Role
    kind: Kind
    handlers: tuple[str, ...] = ()
    rejections: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    enters: bool = False
    lost: bool = False


class Box(Value, frozen=True, kw_only=True):
    """A service, or the outside world."""

    name: str
    rows: tuple[Row, ...] = ()
    marks: tuple[Mark, ...] = ()
    roles: tuple[str, ...] = ()
    outside: bool = False
    description: str = ""


class Line(Value, frozen=True, kw_only=True):
    """One message goes from one box to another. `waits` where the sender waits for the answer."""

    source: str
    target: str
    message: str
    text: str
    kind: Kind
    waits: bool = False
    marks: tuple[Mark, ...] = ()


class Picture(Value, frozen=True, kw_only=True):
    """A topology as boxes and lines, the same for every format."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    messages: int
    marks: tuple[Mark, ...] = ()


def picture(topology: Topology, marks: Sequence[Mark] = ()) -> Picture:
    """Return the picture of a topology, with findings on what they are about."""
    return _Drawing(topology, marks).picture()


def kind_of(message: Message, sayings: Sequence[Saying]) -> Kind:
    """Return the declared kind, or the one that the way of saying shows."""
    if message.kind != "unknown":
        return message.kind
    verbs = {said.verb for said in sayings}
    if verbs & {"send", "execute"}:
        return "command"
    return "event" if "publish" in verbs else "unknown"


class _Drawing:
    def __init__(self, topology: Topology, marks: Sequence[Mark]) -> None:
        self.topology = topology
        self.marks = tuple(marks)
        self.said: defaultdict[str, list[Saying]] = defaultdict(list)
        self.handled: defaultdict[str, list[Handling]] = defaultdict(list)
        for saying in topology.sayings:
            if saying.verb != "reply":
                self.said[saying.message].append(saying)
        for handling in topology.handlings:
            self.handled[handling.message].append(handling)
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)
        self.lines: list[Line] = []

    def picture(self) -> Picture:
        for message in self.topology.messages:
            if self.said[message.name] or self.handled[message.name]:
                self._message(message)
        boxes = [self._box(one.name, one.outside, one.roles, one.description) for one in self.topology.services]
        known = {box.name for box in boxes}
        boxes += [self._box(name, name == OUTSIDE, (), "") for name in self.rows if name not in known]
        return Picture(
            boxes=tuple(boxes),
            lines=tuple(self.lines),
            messages=len(self.topology.messages),
            marks=tuple(one for one in self.marks if one.message is None and one.service is None),
        )

    def _box(self, name: str, outside: bool, roles: tuple[str, ...], description: str) -> Box:  # noqa: FBT001  # a field of the box
        own = tuple(one for one in self.marks if one.service == name and one.message is None)
        rows = tuple(sorted(self.rows.get(name, ()), key=_order))
        return Box(name=name, rows=rows, marks=own, roles=roles, outside=outside, description=description)

    def _message(self, message: Message) -> None:
        """Draw one message: a command as a row of its handlers, anything else as a row of who says it."""
        said, handled = self.said[message.name], self.handled[message.name]
        kind = kind_of(message, said)
        marks = tuple(one for one in self.marks if one.message == message.name)
        sayers = list(dict.fromkeys(one.service for one in said))
        hearers = list(dict.fromkeys(one.service for one in handled))
        is_command = kind in {"command", "query"}
        for service in hearers or ([OUTSIDE] if is_command else []):
            own = [one for one in handled if one.service == service]
            row = _row(message, kind, "handles" if is_command else "hears", own, marks)
            enters = is_command and not sayers
            self._add(service, row, enters=enters, lost=not hearers)
        if not is_command:
            for service in sayers or [OUTSIDE]:
                row = _row(message, kind, "says", (), marks)
                self._add(service, row, enters=False, lost=not hearers)
            sayers = sayers or [OUTSIDE]
        self.lines += self._lines(message, kind, sayers, hearers or ([OUTSIDE] if is_command else []))

    def _add(self, service: str, row: Row, *, enters: bool, lost: bool) -> None:
        fields = {name: getattr(row, name) for name in row.__struct_fields__}
        self.rows[service].append(Row(**{**fields, "enters": enters, "lost": lost}))

    def _lines(self, message: Message, kind: Kind, sayers: list[str], hearers: list[str]) -> Iterator[Line]:
        for source in sayers:
            waits = any(one.waits for one in self.said[message.name] if one.service == source)
            for target in hearers:
                marks = tuple(
                    one
                    for one in self.marks
                    if one.message == message.name and (one.service in {None, source, target} or len(hearers) == 1)
                )
                yield Line(
                    source=source,
                    target=target,
                    message=message.name,
                    text=message.written,
                    kind=kind,
                    waits=waits,
                    marks=marks,
                )


def _row(message: Message, kind: Kind, role: Role, handled: Sequence[Handling], marks: tuple[Mark, ...]) -> Row:
    refusals = [name for one in handled for name in one.rejections]
    if role == "handles":
        refusals += message.rejections
    return Row(
        message=message.name,
        text=message.written,
        role=role,
        kind=kind,
        handlers=tuple(dict.fromkeys(one.name for one in handled)),
        rejections=tuple(dict.fromkeys(refusals)),
        marks=marks,
    )


_ROLES: dict[Role, int] = {"handles": 0, "says": 1, "hears": 2}


def _order(row: Row) -> tuple[int, str]:
    return _ROLES[row.role], row.text.lower()
