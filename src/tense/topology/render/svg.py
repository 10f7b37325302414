"""A topology as one SVG: services as boxes, commands solid to the handler's row, events dashed, findings red."""

from collections import defaultdict
from collections.abc import Iterator

from tense.topology.render.assets import asset
from tense.topology.render.layout import Plan, planned
from tense.topology.render.names import cut, plain, xml
from tense.topology.render.picture import OUTSIDE, Box, Line, Mark, Picture, Row
from tense.topology.render.wires import Ends, drawn, reach

HEAD, ROW, SMALL = 30.0, 19.0, 14.0
_LETTER, _NARROW, _FINE = 7.3, 6.7, 6.3
_MOST_TEXT, _MOST_WIDTH, _LEAST_WIDTH = 40, 420.0, 150.0
_FEW_MESSAGES = 45
_MARGIN = 40.0
_SIGNS = {"command": "▸", "query": "?", "event": "●", "unknown": "○"}
_ASIDE = {"command": -2.0, "query": -2.0, "event": 2.0}
_LEGEND = (
    ("command", "command, to its one handler"),
    ("event", "event, to whoever listens"),
    ("query", "query"),
    ("unknown", "kind not told"),
)


def svg(picture: Picture) -> str:
    """Return a standalone SVG."""
    return _Sheet(picture, interactive=False).text()


def svg_for_page(picture: Picture) -> str:
    """Return the SVG for the page: with every line of its own as well, hidden until it is asked for."""
    return _Sheet(picture, interactive=True).text()


class _Sheet:
    def __init__(self, picture: Picture, *, interactive: bool) -> None:
        self.picture = picture
        self.interactive = interactive
        self.bundled = picture.messages > _FEW_MESSAGES
        self.boxes = {box.name: box for box in picture.boxes}
        self.shown = {box.name: list(self._rows(box)) for box in picture.boxes}
        sizes = {box.name: self._size(box) for box in picture.boxes}
        pairs = [(line.source, line.target) for line in picture.lines]
        self.plan: Plan = planned(sizes, pairs, [OUTSIDE])

    def text(self) -> str:
        width, height = max(560.0, self._right() + 2 * _MARGIN), self.plan.height + 2 * _MARGIN + 20
        size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="tense" {size} role="img">',
            f"<style>{asset('picture.css')}</style>",
            f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
            f'<g transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">',
            '<g class="lines">',
            *self._lines(),
            '</g><g class="boxes">',
            *(self._box(box) for box in self.picture.boxes),
            "</g></g>",
            self._legend(height - 14),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _right(self) -> float:
        """Return how far the boxes reach to the right, and the lines around them."""
        far = self.plan.width
        for line in self.picture.lines:
            one, other = self.plan.spots[line.source], self.plan.spots[line.target]
            if one is not other and one.column == other.column:
                far = max(far, reach(one, other, Ends(one.y, other.y + other.height)))
        return far

    def _legend(self, y: float) -> str:
        """Explain the signs that occur."""
        parts, x = [], _MARGIN
        kinds = {row.kind for box in self.picture.boxes for row in box.rows}
        for kind, text in _LEGEND:
            if kind in kinds:
                parts.append(f'<path class="line {kind}" d="M{x:.0f} {y - 4:.0f}h26"/>')
                parts.append(f'<text class="note" x="{x + 33:.0f}" y="{y:.0f}">{text}</text>')
                x += 50 + len(text) * _NARROW
        if any(_is_grave(line) for line in self.picture.lines):
            parts.append(f'<path class="line found" d="M{x:.0f} {y - 4:.0f}h26"/>')
            parts.append(f'<text class="note" x="{x + 33:.0f}" y="{y:.0f}">a finding</text>')
        return f'<g class="legend">{"".join(parts)}</g>'

    def _rows(self, box: Box) -> Iterator[Row]:
        """Give the rows that are shown: in a large picture what a box hears is one row for all."""
        for row in box.rows:
            if row.role != "hears" or not self.bundled:
                yield row

    def _heard(self, box: Box) -> int:
        return sum(1 for row in box.rows if row.role == "hears") if self.bundled else 0

    def _size(self, box: Box) -> tuple[float, float]:
        widths = [len(cut(box.name, _MOST_TEXT)) * 7.6 + 40]
        height = HEAD + 8
        for row in self.shown[box.name]:
            label, note = _texts(row)
            widths.append(30 + len(label) * _LETTER + len(note) * _NARROW + _badge_width(row))
            if row.rejections and row.role == "handles":
                widths.append(30 + len(_refused(row)) * _FINE)
                height += SMALL
            height += ROW
        height += ROW if self._heard(box) else 0
        return min(_MOST_WIDTH, max(_LEAST_WIDTH, *widths)), height

    def _box(self, box: Box) -> str:
        spot = self.plan.spots[box.name]
        classes = "box outside" if box.outside else "box"
        roles = f" · {', '.join(box.roles)}" if box.roles else ""
        title = "outside the fleet" if box.name == OUTSIDE and box.outside else box.name
        parts = [
            f'<g class="{classes}" data-service="{xml(box.name)}" transform="translate({spot.x:.1f} {spot.y:.1f})">',
            f"<title>{xml(box.description or title)}</title>",
            f'<rect class="frame" width="{spot.width:.1f}" height="{spot.height:.1f}" rx="7"/>',
            _head(spot.width),
            f'<text class="title" x="10" y="18">{xml(cut(title, _MOST_TEXT))}</text>',
        ]
        if box.marks:
            parts.append(_badge(box.marks, spot.width - 8, 18))
        if roles:
            parts.append(f'<text class="note" x="{18 + len(title) * 7.6:.0f}" y="18">{xml(roles)}</text>')
        y = HEAD + 4
        for row in self.shown[box.name]:
            parts.append(_row(row, y, spot.width))
            y += ROW + (SMALL if row.rejections and row.role == "handles" else 0)
        if self._heard(box):
            parts.append(self._heard_row(box, y))
        return "".join([*parts, "</g>"])

    def _heard_row(self, box: Box, y: float) -> str:
        names = ", ".join(row.text for row in box.rows if row.role == "hears")
        text = f"hears {self._heard(box)} messages"
        return f'<g><title>{xml(names)}</title><text class="note" x="10" y="{y + 13:.1f}">{text}</text></g>'

    def _lines(self) -> Iterator[str]:
        if self.bundled:
            bundles: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)
            for line in self.picture.lines:
                bundles[line.source, line.target, line.kind].append(line)
            for (source, target, kind), lines in bundles.items():
                if source != target:
                    yield self._bundle(source, target, kind, lines)
        if not self.bundled or self.interactive:
            for line in self.picture.lines:
                if line.source != line.target:
                    yield self._line(line)

    def _bundle(self, source: str, target: str, kind: str, lines: list[Line]) -> str:
        """Draw all messages of one kind from one box to another as one line."""
        found = " found" if any(_is_grave(line) for line in lines) else ""
        names = ", ".join(plain(line.text) for line in lines)
        aside = _ASIDE.get(kind, 0.0)
        start, end = (self.plan.spots[name].y + HEAD / 2 + aside for name in (source, target))
        wire = drawn(self.plan, source, target, Ends(start, end, aside), f"{kind}{found}", wide=True)
        return f'<g class="bundle"><title>{xml(f"{source} to {target}: {names}")}</title>{wire}</g>'

    def _line(self, line: Line) -> str:
        start = self._at(line.source, line.message, ("says",))
        end = self._at(line.target, line.message, ("handles", "hears"))
        found = " found" if _is_grave(line) else ""
        wire = drawn(self.plan, line.source, line.target, Ends(start, end), f"{line.kind}{found}")
        hidden = " fine" if self.bundled else ""
        title = f"{line.source} {'sends' if line.kind == 'command' else 'says'} {line.text} to {line.target}"
        return f'<g class="way{hidden}" data-message="{xml(line.message)}"><title>{xml(title)}</title>{wire}</g>'

    def _at(self, name: str, message: str, roles: tuple[str, ...]) -> float:
        """Return the height at which a line of a message meets a box: its row, or else the head."""
        y = self.plan.spots[name].y + HEAD + 4
        for row in self.shown[name]:
            if row.message == message and row.role in roles:
                return y + ROW / 2
            y += ROW + (SMALL if row.rejections and row.role == "handles" else 0)
        return self.plan.spots[name].y + HEAD / 2


def _head(width: float) -> str:
    return f'<path class="head" d="M0.6 26V7.6a7 7 0 0 1 7-7h{width - 15.2:.1f}a7 7 0 0 1 7 7V26z"/>'


def _is_grave(line: Line) -> bool:
    return any(mark.is_grave for mark in line.marks)


def _texts(row: Row) -> tuple[str, str]:
    """Return the label of a row and the note behind it, cut so that both fit."""
    note = ", ".join(row.handlers)
    if row.role == "handles":
        note = note or "no handler"
    elif row.lost:
        note = "nobody listens"
    label = cut(row.text, _MOST_TEXT)
    return label, cut(note, max(8, _MOST_TEXT + 8 - len(label))) if note else ""


def _refused(row: Row) -> str:
    return cut("refuses " + ", ".join(row.rejections), _MOST_TEXT + 12)


def _badge_width(row: Row) -> float:
    return 12 + 30 * min(3, len({mark.rule for mark in row.marks})) if row.marks else 0


def _badge(marks: tuple[Mark, ...], right: float, y: float) -> str:
    rules = list(dict.fromkeys(mark.rule for mark in marks))
    shown = " ".join(rules[:2]) + (f" +{len(rules) - 2}" if len(rules) > 2 else "")  # noqa: PLR2004  # what fits
    said = "; ".join(f"{mark.rule}: {mark.text}" for mark in marks)
    grave = any(mark.is_grave for mark in marks)
    classes = "badge" if grave else "badge remark"
    return (
        f'<g><title>{xml(said)}</title><text class="{classes}" text-anchor="end" '
        f'x="{right:.1f}" y="{y:.1f}">{xml(shown)}</text></g>'
    )


def _row(row: Row, y: float, width: float) -> str:
    label, note = _texts(row)
    full = f"{row.text}: {', '.join(row.handlers)}" if row.handlers else row.text
    parts = [
        f'<g class="row" data-message="{xml(row.message)}" data-role="{row.role}"><title>{xml(full)}</title>',
        f'<rect class="hit" x="1" y="{y:.1f}" width="{width - 2:.1f}" height="{ROW:.1f}" fill="transparent"/>',
        f'<text class="sign {row.kind}" x="9" y="{y + 13:.1f}">{_SIGNS[row.kind]}</text>',
        f'<text x="22" y="{y + 13:.1f}">{xml(label)}'
        + (f'<tspan class="note" dx="7">{xml(note)}</tspan>' if note else "")
        + "</text>",
    ]
    if row.enters:
        parts.append(f'<path class="line {row.kind}" d="M-20 {y + ROW / 2:.1f}h14"/>')
        parts.append(f'<path class="tip {row.kind}" d="M0 {y + ROW / 2:.1f}l-7 -4v8z"/>')
    if row.marks:
        parts.append(_badge(row.marks, width - 8, y + 13))
    if row.rejections and row.role == "handles":
        parts.append(f'<text class="refusal" x="22" y="{y + ROW + 9:.1f}">{xml(_refused(row))}</text>')
    return "".join([*parts, "</g>"])
