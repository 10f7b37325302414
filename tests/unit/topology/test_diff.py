"""Changes are judged by kind: commands by their senders, events by their subscribers."""

import pytest

from tense.rules.meaning.graph import Field, Handling, Kind, Message, Saying, Service, Topology
from tense.topology.diff import Changes, diff


def fleet(  # the parts of a small fleet
    kind: Kind = "command",
    *,
    fields: tuple[Field, ...] = (),
    owner: str = "orders",
    senders: tuple[str, ...] = ("web",),
    receivers: tuple[str, ...] = ("orders",),
    rejections: tuple[str, ...] = (),
    channels: tuple[str, ...] = (),
) -> Topology:
    message = Message(
        name="M", written="M", kind=kind, owner=owner, fields=fields, rejections=rejections, channels=channels
    )
    return Topology(
        services=tuple(Service(name=name) for name in ("orders", "web", "email")),
        messages=(message,),
        sayings=tuple(Saying(service=name, message="M") for name in senders),
        handlings=tuple(Handling(service=name, message="M", name="h") for name in receivers),
    )


GONE = Topology(services=fleet().services)


def found(changes: Changes) -> list[tuple[str, str]]:
    return [(one.what, one.weight) for one in changes.changes]


def test_the_same_topology_has_no_changes():
    assert diff(fleet(), fleet()).changes == ()


def test_a_removed_command_breaks_its_senders():
    changes = diff(fleet(senders=("web", "email")), GONE)

    assert found(changes) == [("message removed", "breaking")]
    assert changes.changes[0].concerns == ("web", "email")
    assert changes.is_breaking


def test_a_removed_event_breaks_its_subscribers_and_not_its_publisher():
    changes = diff(fleet("event", senders=("orders",), receivers=("email",)), GONE)

    assert found(changes) == [("message removed", "breaking")]
    assert changes.changes[0].concerns == ("email",)


def test_a_removed_event_that_nobody_heard_is_safe():
    changes = diff(fleet("event", senders=("orders",), receivers=()), GONE)

    assert not changes.is_breaking


def test_what_is_new_is_safe():
    assert found(diff(GONE, fleet())) == [("message added", "safe")]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("command", (), (Field(name="a"),), ("field added", "breaking")),
        ("command", (), (Field(name="a", required=False),), ("field added", "safe")),
        ("event", (), (Field(name="a"),), ("field added", "safe")),
        ("event", (Field(name="a"),), (), ("field removed", "breaking")),
        ("command", (Field(name="a"),), (), ("field removed", "risky")),
        ("event", (Field(name="a", type="int"),), (Field(name="a", type="str"),), ("field changed", "breaking")),
        ("command", (Field(name="a", required=False),), (Field(name="a"),), ("field changed", "breaking")),
        ("command", (Field(name="a"),), (Field(name="a", required=False),), ("field changed", "safe")),
        ("event", (Field(name="a"),), (Field(name="a", required=False),), ("field changed", "breaking")),
        ("event", (Field(name="a", required=False),), (Field(name="a"),), ("field changed", "safe")),
    ],
)
def test_fields_are_judged_by_who_writes_and_who_reads(
    kind: Kind, old: tuple[Field, ...], new: tuple[Field, ...], expected: tuple[str, str]
):
    assert found(diff(fleet(kind, fields=old), fleet(kind, fields=new))) == [expected]


def test_a_second_handler_of_a_command_is_breaking():
    assert found(diff(fleet(), fleet(receivers=("orders", "email")))) == [("second handler", "breaking")]


def test_a_command_that_is_still_sent_and_lost_its_handler_is_breaking():
    assert found(diff(fleet(), fleet(receivers=()))) == [("handler lost", "breaking")]
    assert found(diff(fleet(senders=()), fleet(senders=(), receivers=()))) == [("handler lost", "risky")]


def test_an_event_may_gain_and_lose_subscribers_but_not_the_last_one_unseen():
    two, one, none = (
        fleet("event", senders=("orders",), receivers=names) for names in (("web", "email"), ("web",), ())
    )

    assert found(diff(one, two)) == [("subscriber added", "safe")]
    assert found(diff(two, one)) == [("subscriber lost", "safe")]
    assert found(diff(one, none)) == [("last subscriber lost", "risky")]


def test_a_move_to_another_owner_is_stated():
    changes = diff(fleet(), fleet(owner="email", receivers=("email",)))

    assert ("moved", "risky") in found(changes)
    assert ("handler changed", "risky") in found(changes)


def test_a_message_that_leaves_its_address_breaks_those_who_stay():
    changes = diff(fleet(channels=("a",)), fleet(channels=("b",)))

    assert found(changes) == [("address changed", "breaking")]


def test_a_second_publisher_a_new_refusal_and_another_kind_are_stated():
    event = fleet("event", senders=("orders",))

    assert found(diff(event, fleet("event", senders=("orders", "web")))) == [("publisher added", "risky")]
    assert found(diff(fleet(), fleet(rejections=("Empty",)))) == [("rejection added", "risky")]
    assert ("kind changed", "breaking") in found(diff(fleet(), fleet("event")))


def test_the_gravest_change_comes_first():
    old = fleet(fields=(Field(name="a"),))
    new = fleet(fields=(Field(name="b"), Field(name="c", required=False)))

    assert [weight for _, weight in found(diff(old, new))] == ["breaking", "risky", "safe"]
