"""Several sources become one fleet."""

from tense.rules.meaning.graph import Channel, Field, Handling, Message, Saying, Service, Topology
from tense.topology.merge import merged


def part(service: str, message: Message, *, says: bool, channel: str = "c") -> Topology:
    said = (Saying(service=service, message=message.name, channel=channel),) if says else ()
    heard = () if says else (Handling(service=service, message=message.name, name="h", channel=channel),)
    address = message.channels[0] if message.channels else None
    return Topology(
        sources=(service,),
        services=(Service(name=service),),
        messages=(message,),
        channels=(Channel(name=channel, address=address, messages=(message.name,)),),
        sayings=said,
        handlings=heard,
    )


def test_a_message_on_one_address_is_one_message():
    sent = Message(name="Priced", written="Priced", channels=("prices",))
    heard = Message(name="Priced", written="Priced", kind="event", channels=("prices",), fields=(Field(name="sku"),))

    fleet = merged([part("a", sent, says=True, channel="x"), part("b", heard, says=False, channel="y")])

    (message,) = fleet.messages
    assert (message.kind, message.fields) == ("event", (Field(name="sku"),))
    assert [one.name for one in fleet.channels] == ["prices"]
    assert {one.channel for one in (*fleet.sayings, *fleet.handlings)} == {"prices"}


def test_one_name_on_two_addresses_is_two_messages():
    one = Message(name="Created", written="Created", channels=("orders",))
    other = Message(name="Created", written="Created", channels=("users",))

    fleet = merged([part("a", one, says=True), part("b", other, says=False)])

    assert [message.name for message in fleet.messages] == ["Created", "b/Created"]
    assert {message.written for message in fleet.messages} == {"Created"}
    assert fleet.handlings[0].message == "b/Created"


def test_merging_one_source_with_itself_changes_nothing():
    alone = part("a", Message(name="X", written="X", channels=("x",)), says=True)

    once, twice = merged([alone]), merged([alone, alone])

    assert once == twice
