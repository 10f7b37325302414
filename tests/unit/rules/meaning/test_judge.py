"""Judging: what a source cannot tell is not guessed, and several signs weigh more than one."""

import time

import pytest
from msgspec.structs import replace

from tense.rules.meaning.graph import Channel, Handling, Message, Place, Saying, Topology
from tense.rules.meaning.judge import judge
from tense.rules.meaning.rule import Thresholds
from tense.rules.meaning.sketch import sketch
from tense.rules.meaning.table import BY_ID, RULES

HIDDEN = """
event {name} of orders {{order_id, {field}}}
event CardCharged of payments {{order_id}}
orders/place publishes {name}
payments/charge handles {name}
payments/charge publishes CardCharged
orders/confirm handles CardCharged
"""


def severities(topology: Topology, *rules: str) -> dict[str, set[str]]:
    found = judge(topology, [BY_ID[rule] for rule in rules]).findings
    return {rule: {one.severity for one in found if one.rule == rule} for rule in rules}


def test_a_rule_is_silent_where_the_source_does_not_tell_what_it_needs():
    topology = replace(sketch(BY_ID["G13"].bad), unknown={"sketch": ("inside",)})

    judgement = judge(topology, [BY_ID["G13"]])

    assert judgement.findings == ()
    assert [(one.rule, one.source, one.missing) for one in judgement.unjudged] == [("G13", "sketch", ("inside",))]


def test_a_blind_source_does_not_blind_the_others():
    topology = sketch("event OrderPlaced of orders\norders publishes OrderPlaced\nshop publishes OrderPlaced")
    topology = replace(topology, sources=("sketch", "other.yaml"), unknown={"sketch": (), "other.yaml": ("sayings",)})

    judgement = judge(topology, [BY_ID["G06"]])

    assert len(judgement.findings) == 1
    assert [one.source for one in judgement.unjudged] == ["other.yaml"]


def test_a_finding_in_a_blind_source_is_dropped():
    topology = sketch("event OrderPlaced of orders\norders publishes OrderPlaced\nshop publishes OrderPlaced")
    topology = replace(topology, sources=("sketch", "other.yaml"), unknown={"sketch": ("sayings",), "other.yaml": ()})

    assert judge(topology, [BY_ID["G06"]]).findings == ()


def test_an_absence_is_not_judged_over_documents_unless_they_are_the_whole_fleet():
    channel = Channel(name="orders", place=Place(file="sketch", pointer="/channels/orders"))
    topology = replace(sketch(BY_ID["G01"].bad), channels=(channel,))

    part = judge(topology, [BY_ID["G01"]])
    whole = judge(topology, [BY_ID["G01"]], Thresholds(whole_fleet=True))

    assert part.findings == ()
    assert [(one.rule, one.missing) for one in part.unjudged] == [("G01", ())]
    assert [one.rule for one in whole.findings] == ["G01"]


@pytest.mark.parametrize(
    ("name", "field", "severity"),
    [
        ("OrderConfirmed", "total", "note"),
        ("OrderConfirmed", "next_action", "warning"),
        ("PaymentRequired", "total", "warning"),
        ("PaymentRequired", "next_action", "error"),
    ],
)
def test_independent_signs_of_a_hidden_command_add_up(name, field, severity):
    topology = sketch(HIDDEN.format(name=name, field=field))

    found = severities(topology, "N19", "S05", "G10", "G11")

    assert found["G10"] == found["G11"] == {severity}
    assert found["N19"] == ({severity} if name == "PaymentRequired" else set())
    assert found["S05"] == ({severity} if field == "next_action" else set())


def test_two_signs_of_one_world_are_one_sign():
    topology = sketch(HIDDEN.format(name="OrderConfirmed", field="total"))

    assert severities(topology, "G10", "G11") == {"G10": {"note"}, "G11": {"note"}}


def test_a_kind_that_only_the_name_tells_never_makes_an_error():
    told = sketch("event OrderPlaced of orders {total: number}")
    guessed = sketch("message OrderPlaced of orders {total: number}\norders says OrderPlaced\nshop says OrderPlaced")

    assert severities(told, "S10")["S10"] == {"error"}
    assert severities(guessed, "G06")["G06"] == {"warning"}


def test_a_published_message_is_taken_for_an_event_and_its_order_is_noticed():
    topology = sketch("message SendEmail\norders publishes SendEmail")

    found = judge(topology, RULES).findings

    assert {"N01", "G04"} & {one.rule for one in found}


def test_a_chain_through_a_process_is_nobodys_accident():
    bad = BY_ID["G13"].bad

    assert judge(sketch(bad), [BY_ID["G13"]]).findings
    assert not judge(sketch("service billing; role process\n" + bad), [BY_ID["G13"]]).findings


def test_the_way_of_a_chain_is_drawn_from_its_first_publisher_to_its_last_handler():
    (finding,) = judge(sketch(BY_ID["G13"].bad), [BY_ID["G13"]]).findings

    assert [hop.service for hop in finding.path] == ["orders", "billing", "stock", "shipping"]
    assert [hop.message for hop in finding.path] == ["OrderPlaced", "InvoiceRaised", "GoodsPicked", ""]


def test_two_ways_into_one_chain_are_one_finding():
    topology = sketch(
        BY_ID["G13"].bad
        + "\nevent OrderRenewed of orders\norders/renew publishes OrderRenewed\nbilling/bill handles OrderRenewed"
    )

    assert len(judge(topology, [BY_ID["G13"]]).findings) == 1


def test_a_speaker_that_nobody_names_is_no_service_of_a_chain():
    topology = sketch(BY_ID["G13"].bad.replace("orders/place publishes OrderPlaced\n", ""))

    assert judge(topology, [BY_ID["G13"]]).findings == ()


def test_a_project_may_add_verbs_of_its_own():
    topology = sketch("event FrobnicateOrder of orders {order_id}")

    plain = judge(topology, [BY_ID["N07"]]).findings
    taught = judge(topology, [BY_ID["N07"]], verbs=["frobnicate"]).findings

    assert plain
    assert not taught


def test_an_empty_topology_has_no_findings():
    assert judge(Topology(), RULES).findings == ()


def test_messages_that_nobody_declared_are_judged_by_their_use():
    topology = Topology(
        sources=("a.py",),
        sayings=(Saying(service="orders", message="Nowhere", verb="send", address="amqp://10.0.0.1/q"),),
        handlings=(Handling(service="billing", message="Elsewhere", name="on"),),
    )

    assert "G38" in {one.rule for one in judge(topology, RULES).findings}


def test_ten_thousand_messages_in_one_ring_are_judged_in_seconds():
    count = 10_000
    messages = tuple(
        Message(name=f"Thing{number}Placed", written=f"Thing{number}Placed", kind="event", owner=f"s{number}")
        for number in range(count)
    )
    sayings = tuple(
        Saying(service=f"s{number}", message=f"Thing{number}Placed", verb="publish", inside="on")
        for number in range(count)
    )
    handlings = tuple(
        Handling(service=f"s{(number + 1) % count}", message=f"Thing{number}Placed", name="on")
        for number in range(count)
    )
    topology = Topology(sources=("ring",), messages=messages, sayings=sayings, handlings=handlings)

    started = time.perf_counter()
    found = judge(topology, RULES).findings

    assert time.perf_counter() - started < 20
    assert [one.rule for one in found if one.rule == "G15"] == ["G15"]


def test_one_message_between_everybody_does_not_explode():
    services = [f"s{number}" for number in range(2_000)]
    sayings = tuple(Saying(service=name, message="OrderPlaced", verb="publish", inside="on") for name in services)
    handlings = tuple(Handling(service=name, message="OrderPlaced", name="on") for name in services)
    topology = Topology(
        sources=("mesh",),
        messages=(Message(name="OrderPlaced", written="OrderPlaced", kind="event"),),
        sayings=sayings,
        handlings=handlings,
    )

    started = time.perf_counter()
    found = judge(topology, RULES).findings

    assert time.perf_counter() - started < 20
    assert "G06" in {one.rule for one in found}
