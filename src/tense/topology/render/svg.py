"""A topology as one SVG: services as boxes, commands solid to the handler's row, events dashed, findings red."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tense.topology.render.layout import Plan, planned
from tense.topology.render.names import cut, plain, xml
from tense.topology.render.picture import OUTSIDE, Box, Line, Picture, Row

HEAD, ROW, SMALL = 30.0, 19.0, 14.0
_LETTER, _NARROW = 6.7, 5.6
_MOST_TEXT, _MOST_WIDTH, _LEAST_WIDTH = 40, 330.0, 150.0
_FEW_MESSAGES = 45
_MARGIN = 40.0
_SIGNS = {"command": "▸", "query": "?", "event": "●", "unknown": "○"}
_GRAVE = {"error", "warning"}

STYLE = """
.tense{--ground:#fbfbfd;--box:#fff;--edge:#c4cbd6;--head:#eef1f6;--ink:#1b2230;--soft:#667085;--command:#2456c8;
--event:#0f8a6b;--query:#7a4fc0;--unknown:#7d8796;--finding:#d1242f}
@media (prefers-color-scheme:dark){.tense:not([data-theme=light]){--ground:#12151b;--box:#1b2029;--edge:#3c4656;
--head:#252c38;--ink:#e6eaf2;--soft:#98a3b5;--command:#7fa6ff;--event:#48c9a3;--query:#b694f5;--unknown:#8e99aa;
--finding:#ff6b70}}
.tense[data-theme=dark]{--ground:#12151b;--box:#1b2029;--edge:#3c4656;--head:#252c38;--ink:#e6eaf2;--soft:#98a3b5;
--command:#7fa6ff;--event:#48c9a3;--query:#b694f5;--unknown:#8e99aa;--finding:#ff6b70}
.tense text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--ink)}
.tense .ground{fill:var(--ground)} .tense .frame{fill:var(--box);stroke:var(--edge);stroke-width:1.2}
.tense .outside .frame{stroke-dasharray:5 4} .tense .head{fill:var(--head)} .tense .title{font-weight:650;font-size:13px}
.tense .note{fill:var(--soft);font-size:11px} .tense .refusal{fill:var(--soft);font-size:10.5px}
.tense .badge{fill:var(--finding);font-size:10.5px;font-weight:650} .tense .badge.remark{fill:var(--soft)}
.tense .line{fill:none;stroke-width:1.4;opacity:.85} .tense .line.wide{stroke-width:2}
.tense .command{stroke:var(--command)} .tense .query{stroke:var(--query);stroke-dasharray:1 0}
.tense .event{stroke:var(--event);stroke-dasharray:6 4} .tense .unknown{stroke:var(--unknown);stroke-dasharray:2 3}
.tense .found{stroke:var(--finding)} .tense .sign.command{fill:var(--command);stroke:none}
.tense .sign.event{fill:var(--event);stroke:none} .tense .sign.query{fill:var(--query);stroke:none}
.tense .sign.unknown{fill:var(--unknown);stroke:none} .tense .count{font-size:10.5px;fill:var(--soft)}
.tense .tip{stroke:none} .tense .tip.command{fill:var(--command)} .tense .tip.event{fill:var(--event)}
.tense .tip.query{fill:var(--query)} .tense .tip.unknown{fill:var(--unknown)} .tense .tip.found{fill:var(--finding)}
"""
"""Colours by variables, so that one picture serves light and dark."""


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
        width, height = self.plan.width + 2 * _MARGIN, self.plan.height + 2 * _MARGIN
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="tense" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img">',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
            f'<g transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">',
            '<g class="lines">',
            *self._lines(),
            '</g><g class="boxes">',
            *(self._box(box) for box in self.picture.boxes),
            "</g></g></svg>",
        ]
        return "\n".join(parts) + "\n"

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
            height += ROW + (SMALL if row.rejections and row.role == "handles" else 0)
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
            f'<path class="head" d="M0.6 {HEAD - 4:.0f}V7.6a7 7 0 0 1 7-7h{spot.width - 15.2:.1f}a7 7 0 0 1 7 7V{HEAD - 4:.0f}z"/>',
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
                bundles[line.source, line.target, _class(line)].append(line)
            for (source, target, kind), lines in bundles.items():
                if source != target:
                    yield self._bundle(source, target, kind, lines)
        if not self.bundled or self.interactive:
            for line in self.picture.lines:
                if line.source != line.target:
                    yield self._line(line)

    def _bundle(self, source: str, target: str, kind: str, lines: list[Line]) -> str:
        found = any(_is_grave(line) for line in lines)
        names = ", ".join(plain(line.text) for line in lines)
        path = self._path(source, target, self._side_of(source, target), self._side_of(target, source))
        classes = f"line wide {kind}{' found' if found else ''}"
        messages = xml(" ".join(str(number) for number in sorted({self._number(line) for line in lines})))
        title = f"{source} to {target}: {names}"
        return (
            f'<g class="bundle" data-messages="{messages}"><title>{xml(title)}</title>'
            f'<path class="{classes}" d="{path}"/>{self._tip(source, target, self._side_of(target, source), classes)}</g>'
        )

    def _number(self, line: Line) -> int:
        if not hasattr(self, "_numbers"):
            names = dict.fromkeys(one.message for one in self.picture.lines)
            self._numbers = {name: number for number, name in enumerate(names)}
        return self._numbers[line.message]

    def _line(self, line: Line) -> str:
        start = self._at(line.source, line.message, ("says",))
        end = self._at(line.target, line.message, ("handles", "hears"))
        path = self._path(line.source, line.target, start, end)
        classes = f"line {_class(line)}{' found' if _is_grave(line) else ''}"
        hidden = " fine" if self.bundled else ""
        tip = self._tip(line.source, line.target, end, classes)
        title = f"{line.source} {'sends' if line.kind == 'command' else 'says'} {line.text} to {line.target}"
        return (
            f'<g class="way{hidden}" data-message="{xml(line.message)}" data-source="{xml(line.source)}" '
            f'data-target="{xml(line.target)}"><title>{xml(title)}</title><path class="{classes}" d="{path}"/>{tip}</g>'
        )

    def _side_of(self, name: str, _other: str) -> float:
        return self.plan.spots[name].y + HEAD / 2

    def _at(self, name: str, message: str, roles: tuple[str, ...]) -> float:
        """Return the height at which a line of a message meets a box: its row, or else the head."""
        y = self.plan.spots[name].y + HEAD + 4
        for row in self.shown[name]:
            if row.message == message and row.role in roles:
                return y + ROW / 2
            y += ROW + (SMALL if row.rejections and row.role == "handles" else 0)
        return self.plan.spots[name].y + HEAD / 2

    def _path(self, source: str, target: str, start: float, end: float) -> str:
        """Return a curve from box to box, through the lanes of the columns between."""
        one, other = self.plan.spots[source], self.plan.spots[target]
        if one.column == other.column:
            right = max(one.x + one.width, other.x + other.width)
            bend = right + 34 + abs(start - end) * 0.06
            return f"M{one.x + one.width:.1f} {start:.1f}C{bend:.1f} {start:.1f} {bend:.1f} {end:.1f} {other.x + other.width + 7:.1f} {end:.1f}"
        forward = one.column < other.column
        lanes = self.plan.ways.get((source, target) if forward else (target, source), [])
        points = [(one.x + one.width if forward else one.x, start)]
        points += [(lane.x, lane.middle) for lane in (lanes if forward else lanes[::-1])]
        points.append((other.x - 7 if forward else other.x + other.width + 7, end))
        return _curve(points)

    def _tip(self, source: str, target: str, end: float, classes: str) -> str:
        one, other = self.plan.spots[source], self.plan.spots[target]
        from_left = one.column < other.column
        x = other.x if from_left else other.x + other.width
        back = -7 if from_left else 7
        kinds = classes.replace("line", "tip").replace(" wide", "")
        return f'<path class="{kinds}" d="M{x:.1f} {end:.1f}l{back} -4v8z"/>'


def _curve(points: list[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        reach = (to_x - x) * 0.5
        parts.append(f"C{x + reach:.1f} {y:.1f} {to_x - reach:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)


def _class(line: Line) -> str:
    return line.kind


def _is_grave(line: Line) -> bool:
    return any(mark.severity in _GRAVE for mark in line.marks)


def _texts(row: Row) -> tuple[str, str]:
    """Return the label of a row and the note behind it, cut so that both fit."""
    note = ", ".join(row.handlers)
    if row.role == "handles":
        note = note or "no handler"
    elif row.lost:
        note = "nobody listens"
    label = cut(row.text, _MOST_TEXT)
    return label, cut(note, max(8, _MOST_TEXT + 8 - len(label))) if note else ""


def _badge_width(row: Row) -> float:
    return 8 + 26 * min(3, len({mark.rule for mark in row.marks})) if row.marks else 0


def _badge(marks: tuple[Row, ...] | tuple[object, ...], right: float, y: float) -> str:
    rules = list(dict.fromkeys(str(getattr(mark, "rule", "")) for mark in marks))
    shown = " ".join(rules[:2]) + (f" +{len(rules) - 2}" if len(rules) > 2 else "")  # noqa: PLR2004  # what fits
    said = " — ".join(f"{getattr(mark, 'rule', '')}: {getattr(mark, 'text', '')}" for mark in marks)
    grave = any(getattr(mark, "severity", "") in _GRAVE for mark in marks)
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
        refused = cut("refuses " + ", ".join(row.rejections), 52)
        parts.append(f'<text class="refusal" x="22" y="{y + ROW + 9:.1f}">{xml(refused)}</text>')
    return "".join([*parts, "</g>"])
