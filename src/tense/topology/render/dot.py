"""A topology as DOT text for Graphviz."""

from collections.abc import Mapping

from tense.topology.render.names import xml
from tense.topology.render.picture import Box, Line, Picture, Row

_STYLES = {"command": "solid", "query": "solid", "event": "dashed", "unknown": "dotted"}
_RED = "#d1242f"


def dot(picture: Picture) -> str:
    """Return a digraph: one table per service, commands solid into the row of their handler, events dashed."""
    ids = {box.name: f"s{number}" for number, box in enumerate(picture.boxes)}
    ports: dict[tuple[str, str, str], str] = {
        (box.name, row.message, row.role): f"r{n}" for box in picture.boxes for n, row in enumerate(box.rows)
    }
    out = [
        "digraph fleet {",
        '  graph [rankdir=LR, fontname="sans-serif", ranksep=1.2, nodesep=0.4];',
        '  node [shape=plain, fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9, arrowsize=0.7];',
    ]
    out += [f"  {ids[box.name]} [label=<{_table(box, ports)}>];" for box in picture.boxes]
    out += [_edge(line, ids, ports) for line in picture.lines]
    out.append("}")
    return "\n".join(out) + "\n"


def _table(box: Box, ports: Mapping[tuple[str, str, str], str]) -> str:
    border = ' STYLE="dashed"' if box.outside else ""
    cells = [f'<TR><TD BGCOLOR="#eef1f5"><B>{xml(box.name)}</B></TD></TR>']
    cells += [_cell(row, ports[box.name, row.message, row.role]) for row in box.rows]
    return f'<TABLE BORDER="1"{border} CELLBORDER="0" CELLSPACING="0" CELLPADDING="4">{"".join(cells)}</TABLE>'


def _cell(row: Row, port: str) -> str:
    text = xml(row.text)
    if row.role == "handles":
        text += f" <I>{xml(', '.join(row.handlers) or 'no handler')}</I>"
    if row.rejections:
        text += f'<BR/><FONT POINT-SIZE="9">refuses: {xml(", ".join(row.rejections))}</FONT>'
    if row.marks:
        rules = " ".join(dict.fromkeys(mark.rule for mark in row.marks))
        text += f' <FONT COLOR="{_RED}">{xml(rules)}</FONT>'
    return f'<TR><TD ALIGN="LEFT" PORT="{port}">{text}</TD></TR>'


def _edge(line: Line, ids: dict[str, str], ports: Mapping[tuple[str, str, str], str]) -> str:
    is_command = line.kind in {"command", "query"}
    at_source = ports.get((line.source, line.message, "says"))
    at_target = ports.get((line.target, line.message, "handles" if is_command else "hears"))
    source = f"{ids[line.source]}:{at_source}" if at_source else ids[line.source]
    target = f"{ids[line.target]}:{at_target}" if at_target else ids[line.target]
    settings = [f"style={_STYLES[line.kind]}", f"tooltip={_quoted(line.text)}"]
    if any(mark.is_grave for mark in line.marks):
        rules = " ".join(dict.fromkeys(mark.rule for mark in line.marks))
        settings += [f'color="{_RED}"', f'fontcolor="{_RED}"', f"label={_quoted(rules)}"]
    return f"  {source} -> {target} [{', '.join(settings)}];"


def _quoted(text: str) -> str:
    return '"' + xml(text).replace("\\", "\\\\") + '"'
