"""A topology as one HTML page that needs no network: the picture, a list to search, contracts and stories."""

import json
import re
from collections.abc import Sequence

from tense.rules.meaning.graph import Handling, Message, Place, Saying, Topology
from tense.topology.render.assets import asset
from tense.topology.render.names import plain, xml
from tense.topology.render.picture import Mark, kind_of, picture
from tense.topology.render.svg import svg_for_page

_MOST_FIELDS = 60
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>{title}</title><style>{css}</style></head><body>
<header><h1>{title}</h1><input type="search" id="search" placeholder="Search messages" aria-label="Search messages">
<button data-kind="command" aria-pressed="false">Commands</button>
<button data-kind="event" aria-pressed="false">Events</button>
<span class="soft">{counts}</span><span class="space"></span>
<button id="farther" aria-label="Smaller">-</button><button id="fit">Fit</button>
<button id="closer" aria-label="Larger">+</button><button id="theme">Light / dark</button></header>
<main>{svg}</main><aside id="side"></aside><div id="tip"></div>
<script type="application/json" id="data">{data}</script><script>{js}</script></body></html>
"""


def html(topology: Topology, marks: Sequence[Mark] = (), *, title: str = "") -> str:
    """Return the page. Names are written as text, in the picture and in the data alike."""
    drawn = svg_for_page(picture(topology, marks))
    shown = title or ", ".join(topology.sources) or "Topology"
    counts = f"{len(topology.services)} services, {len(topology.messages)} messages"
    pieces = {
        "title": xml(shown),
        "css": asset("page.css"),
        "js": asset("page.js"),
        "counts": counts,
        "svg": drawn,
        "data": _embedded(_data(topology, marks, drawn)),
    }
    return re.sub(r"{(\w+)}", lambda found: pieces[found[1]], _PAGE)


def _embedded(data: dict[str, object]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", " ")


def _data(topology: Topology, marks: Sequence[Mark], drawn: str) -> dict[str, object]:
    size = re.search(r'width="(\d+)" height="(\d+)"', drawn)
    spoken = {said.message for said in topology.sayings} | {one.message for one in topology.handlings}
    return {
        "width": int(size[1]) if size else 1,
        "height": int(size[2]) if size else 1,
        "messages": [_message(one, topology, marks) for one in topology.messages if one.name in spoken],
        "sayings": [_saying(one) for one in topology.sayings],
        "handlings": [_handling(one) for one in topology.handlings],
    }


def _message(one: Message, topology: Topology, marks: Sequence[Mark]) -> dict[str, object]:
    fields = (
        None
        if one.fields is None
        else [
            {"name": plain(field.name), "type": plain(field.type), "required": field.required}
            for field in one.fields[:_MOST_FIELDS]
        ]
    )
    handled = [name for handling in topology.handlings if handling.message == one.name for name in handling.rejections]
    return {
        "name": plain(one.name),
        "written": plain(one.written),
        "kind": kind_of(one, [said for said in topology.sayings if said.message == one.name]),
        "owner": one.owner,
        "key": one.key,
        "fields": fields,
        "result": one.result,
        "rejections": list(dict.fromkeys((*one.rejections, *handled))),
        "description": plain(one.description),
        "place": _shown(one.place),
        "marks": [
            {"rule": mark.rule, "severity": mark.severity, "text": plain(mark.text)}
            for mark in marks
            if mark.message == one.name
        ],
    }


def _saying(one: Saying) -> dict[str, object]:
    return {
        "service": plain(one.service),
        "message": plain(one.message),
        "inside": one.inside,
        "waits": one.waits,
        "place": _shown(one.place),
    }


def _handling(one: Handling) -> dict[str, object]:
    return {
        "service": plain(one.service),
        "message": plain(one.message),
        "name": one.name,
        "rejections": list(one.rejections),
        "place": _shown(one.place),
    }


def _shown(place: Place | None) -> str:
    if place is None:
        return ""
    return plain(place.file + (f":{place.line}" if place.line is not None else ""))
