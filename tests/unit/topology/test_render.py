"""Pictures: what is in them, that they stay readable, and that names in them are only text."""

import importlib.util
import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tense.rules.meaning.graph import Handling, Message, Saying, Service, Topology
from tense.topology.render.dot import dot
from tense.topology.render.html import html
from tense.topology.render.layout import planned
from tense.topology.render.mermaid import mermaid
from tense.topology.render.picture import OUTSIDE, Mark, picture
from tense.topology.render.svg import svg

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "draw_fleets.py"
NASTY = """</script><script>alert(1)</script>"]; x --> y %% & ' {a} |b| \\ \n #quot;"""


def fleets() -> Any:
    spec = importlib.util.spec_from_file_location("draw_fleets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shop(name: str = "PlaceOrder") -> Topology:
    return Topology(
        sources=("shop",),
        services=(Service(name="web"), Service(name="orders"), Service(name="email", outside=True)),
        messages=(
            Message(name=name, written=name, kind="command", owner="orders"),
            Message(name="OrderPlaced", written="OrderPlaced", kind="event", owner="orders"),
            Message(name="OrderLost", written="OrderLost", kind="event", owner="orders"),
            Message(name="Nobodys", written="Nobodys", kind="command"),
        ),
        sayings=(
            Saying(service="web", message=name, verb="send"),
            Saying(service="web", message="Nobodys", verb="send"),
            Saying(service="orders", message="OrderPlaced", verb="publish", inside="place_order"),
            Saying(service="orders", message="OrderLost", verb="publish"),
        ),
        handlings=(
            Handling(service="orders", message=name, name="place_order", rejections=("Empty",)),
            Handling(service="email", message="OrderPlaced", name="confirm"),
            Handling(service="web", message="OrderPlaced", name="show"),
        ),
    )


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_command_stands_in_the_box_of_its_handler_and_an_event_in_its_publishers():
    boxes = {box.name: box for box in picture(shop()).boxes}

    rows = {(row.role, row.message): row for row in boxes["orders"].rows}
    assert rows["handles", "PlaceOrder"].handlers == ("place_order",)
    assert rows["handles", "PlaceOrder"].rejections == ("Empty",)
    assert rows["says", "OrderLost"].lost
    assert boxes["email"].outside
    assert [row.message for row in boxes[OUTSIDE].rows] == ["Nobodys"]


def test_an_event_has_a_line_to_each_subscriber():
    lines = {(one.source, one.target, one.message) for one in picture(shop()).lines}

    assert {
        ("orders", "email", "OrderPlaced"),
        ("orders", "web", "OrderPlaced"),
        ("web", "orders", "PlaceOrder"),
    } <= lines


def test_a_finding_is_red_on_the_line_it_is_about_and_a_note_is_not():
    error = Mark(rule="N01", severity="error", text="wrong", message="OrderPlaced")
    note = Mark(rule="N09", severity="note", text="hm", message="PlaceOrder")

    drawn = svg(picture(shop(), [error, note]))

    assert 'class="line event found"' in drawn
    assert 'class="line command found"' not in drawn
    assert "N09" in drawn
    assert "linkStyle 1,2 stroke" in mermaid(picture(shop(), [error, note]))


def test_commands_are_solid_and_events_dashed_in_every_text():
    drawn = picture(shop())

    assert re.search(r's0 -->\|"PlaceOrder<br/>place_order"\| s1', mermaid(drawn))
    assert '-.->|"OrderPlaced"|' in mermaid(drawn)
    assert "style=solid" in dot(drawn)
    assert "style=dashed" in dot(drawn)
    assert "refuses: Empty" in mermaid(drawn)


def test_names_are_text_in_every_format():
    topology, marks = shop(NASTY), [Mark(rule="N01", severity="error", text=NASTY, message=NASTY)]
    drawn = picture(topology, marks)

    page = html(topology, marks, title=NASTY)

    assert "<script>alert" not in page + svg(drawn) + mermaid(drawn) + dot(drawn)
    assert page.count("<script") == 2
    ET.fromstring(svg(drawn))
    for line in mermaid(drawn).splitlines():
        assert line.count('"') in {0, 2}
    for line in dot(drawn).splitlines():
        assert len(re.sub(r"\\.", "", line).split('"')) % 2 == 1


def test_the_page_needs_no_network_and_forbids_it():
    page = html(shop())

    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="', page)
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_the_page_knows_contracts_and_what_follows():
    data = data_of(html(shop(), [Mark(rule="N01", severity="error", text="wrong", message="OrderPlaced")]))

    by_name = {one["name"]: one for one in data["messages"]}
    assert by_name["PlaceOrder"]["rejections"] == ["Empty"]
    assert by_name["OrderPlaced"]["marks"][0]["rule"] == "N01"
    assert {
        "service": "orders",
        "message": "OrderPlaced",
        "inside": "place_order",
        "waits": False,
        "place": "",
    } in data["sayings"]


@pytest.mark.parametrize("messages", [3, 30, 300])
def test_no_two_boxes_overlap_and_nothing_lies_outside_the_sheet(messages: int):
    topology, marks = fleets().fleet(messages)

    drawn = svg(picture(topology, marks))

    sheet = re.search(r'width="(\d+)" height="(\d+)"', drawn)
    assert sheet is not None
    found = re.findall(
        r'<g class="box[^>]*translate\(([\d.-]+) ([\d.-]+)\)">.*?<rect class="frame" width="([\d.]+)" height="([\d.]+)"',
        drawn,
    )
    boxes = [tuple(map(float, one)) for one in found]
    assert len(boxes) == len(picture(topology).boxes)
    for (x, y, w, h), (a, b, c, d) in combinations(boxes, 2):
        assert x + w <= a or a + c <= x or y + h <= b or b + d <= y
    assert all(x >= 0 and y >= 0 and x + w < int(sheet[1]) and y + h < int(sheet[2]) for x, y, w, h in boxes)


def test_a_large_picture_bundles_lines_and_the_page_keeps_each_of_them():
    topology, marks = fleets().fleet(300)
    drawn = picture(topology, marks)

    assert 'class="bundle"' in svg(drawn)
    assert 'class="way' not in svg(drawn)
    assert html(topology, marks).count('class="way fine"') == sum(1 for one in drawn.lines if one.source != one.target)


def test_circles_and_lonely_boxes_find_their_places():
    sizes = dict.fromkeys("abcdef", (100.0, 50.0))

    plan = planned(sizes, [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("d", "c")])

    assert {spot.column for spot in plan.spots.values()} >= {0, 1}
    assert all(spot.x >= 0 and spot.y >= 0 for spot in plan.spots.values())


def test_an_empty_topology_is_an_empty_picture():
    nothing = Topology()

    assert svg(picture(nothing)).startswith("<svg")
    assert mermaid(picture(nothing)).startswith("flowchart LR")
    assert data_of(html(nothing))["messages"] == []
