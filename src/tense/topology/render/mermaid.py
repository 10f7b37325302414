"""A topology as Mermaid text."""

from tense.topology.render.names import plain
from tense.topology.render.picture import Box, Line, Picture, Row

_ARROWS = {"command": "-->", "query": "-->", "event": "-.->", "unknown": "-.-"}


def mermaid(picture: Picture) -> str:
    """Return a flowchart: commands solid, events dashed, findings red."""
    ids = {box.name: f"s{number}" for number, box in enumerate(picture.boxes)}
    out = ["flowchart LR"]
    for box in picture.boxes:
        out.append(f'  {ids[box.name]}["{_box(box)}"]')
        if box.outside:
            out.append(f"  class {ids[box.name]} outside")
    red: list[int] = []
    for number, line in enumerate(picture.lines):
        arrow = _ARROWS[line.kind]
        out.append(f'  {ids[line.source]} {arrow}|"{_label(line, picture)}"| {ids[line.target]}')
        if any(mark.is_grave for mark in line.marks):
            red.append(number)
    if red:
        out.append(f"  linkStyle {','.join(map(str, red))} stroke:#d1242f,color:#d1242f")
    out.append("  classDef outside stroke-dasharray: 4 3")
    return "\n".join(out) + "\n"


def _box(box: Box) -> str:
    parts = [f"<b>{_safe(box.name)}</b>"]
    for row in box.rows:
        if row.role == "handles":
            parts.append(_handled(row))
        elif row.lost:
            parts.append(f"{_safe(row.text)} (nobody listens)")
    return "<br/>".join(parts)


def _handled(row: Row) -> str:
    text = f"{_safe(row.text)}: {_safe(', '.join(row.handlers) or 'no handler')}"
    if row.rejections:
        text += f"<br/>refuses: {_safe(', '.join(row.rejections))}"
    return text


def _label(line: Line, picture: Picture) -> str:
    target = next(box for box in picture.boxes if box.name == line.target)
    handlers = [name for row in target.rows if row.message == line.message for name in row.handlers]
    text = _safe(line.text)
    if line.kind in {"command", "query"} and handlers:
        text += f"<br/>{_safe(', '.join(handlers))}"
    if line.marks:
        text += f"<br/>{_safe(' '.join(dict.fromkeys(mark.rule for mark in line.marks)))}"
    return text


def _safe(text: str) -> str:
    """Write a name as entities wherever a letter could mean something to Mermaid or to HTML."""
    return "".join(one if one.isalnum() or one in " .,_-" else f"#{ord(one)};" for one in plain(text))
