"""What a document says of its application, in both major versions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tense.rules.meaning.graph import Message, Topology
from tense.topology.read import is_unreadable, read_topology

INFO = {"title": "shop", "version": "1"}


def read(folder: Path, document: dict[str, Any], name: str = "a.json") -> Topology:
    (folder / name).write_text(json.dumps(document))
    return read_topology([str(folder / name)])


def only(topology: Topology) -> Message:
    (message,) = topology.messages
    return message


def two(channel: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"asyncapi": "2.6.0", "info": INFO, "channels": {"orders": channel}, **more}


def three(action: str, *, reply: bool = False, message: dict[str, Any] | None = None) -> dict[str, Any]:
    operation: dict[str, Any] = {"action": action, "channel": {"$ref": "#/channels/asked"}}
    if reply:
        operation["reply"] = {"channel": {"$ref": "#/channels/answered"}}
    return {
        "asyncapi": "3.0.0",
        "info": INFO,
        "channels": {
            "asked": {"address": "orders.ask", "messages": {"PlaceOrder": message or {}}},
            "answered": {"address": None, "messages": {"Receipt": {}}},
        },
        "operations": {"ask": operation},
    }


def test_in_version_2_what_others_publish_the_application_receives(tmp_path: Path):
    topology = read(tmp_path, two({"publish": {"operationId": "take", "message": {"name": "PlaceOrder"}}}))

    assert [(one.service, one.message, one.name) for one in topology.handlings] == [("shop", "PlaceOrder", "take")]
    assert topology.sayings == ()


def test_in_version_2_what_others_subscribe_to_the_application_says(tmp_path: Path):
    topology = read(tmp_path, two({"subscribe": {"message": {"name": "OrderPlaced"}}}))

    assert [(one.service, one.message, one.channel) for one in topology.sayings] == [("shop", "OrderPlaced", "orders")]
    assert topology.handlings == ()


def test_one_of_several_messages_are_several_messages(tmp_path: Path):
    several = {"oneOf": [{"name": "A"}, {"$ref": "#/components/messages/B"}]}
    topology = read(tmp_path, two({"publish": {"message": several}}, components={"messages": {"B": {}}}))

    assert [one.message for one in topology.handlings] == ["A", "B"]
    assert len({one.name for one in topology.handlings}) == 2


def test_in_version_3_an_operation_is_said_from_the_own_side(tmp_path: Path):
    sent = read(tmp_path, three("send"))
    received = read(tmp_path, three("receive"), "b.json")

    assert [(one.message, one.waits) for one in sent.sayings] == [("PlaceOrder", False)]
    assert [(one.message, one.name) for one in received.handlings] == [("PlaceOrder", "ask")]


def test_a_reply_makes_the_sender_wait_and_the_receiver_answer(tmp_path: Path):
    sent = read(tmp_path, three("send", reply=True))
    received = read(tmp_path, three("receive", reply=True), "b.json")

    assert [(one.message, one.verb, one.waits) for one in sent.sayings] == [("PlaceOrder", "execute", True)]
    assert [(one.message, one.verb) for one in received.sayings] == [("Receipt", "reply")]
    assert received.handlings[0].replies == ("Receipt",)
    assert {one.name: one.result for one in sent.messages}["PlaceOrder"] == "Receipt"


def test_traits_fill_what_the_message_leaves_out(tmp_path: Path):
    traits = [{"name": "FromTrait", "summary": "of the trait", "headers": {"type": "object", "properties": {"id": {}}}}]
    message = only(read(tmp_path, two({"publish": {"message": {"summary": "own", "traits": traits}}})))

    assert (message.name, message.description, message.headers) == ("FromTrait", "own", ("id",))


@pytest.mark.parametrize(
    ("extension", "said", "kind"),
    [
        ("x-eventcatalog-message-type", "command", "command"),
        ("x-eventcatalog-message-type", "event", "event"),
        ("x-message-type", "Query", "query"),
        ("x-message-type", "letter", "unknown"),
    ],
)
def test_an_extension_declares_the_kind(tmp_path: Path, extension: str, said: str, kind: str):
    message = only(read(tmp_path, two({"publish": {"message": {"name": "A", extension: said}}})))

    assert message.kind == kind


@pytest.mark.parametrize(
    ("bindings", "expected"),
    [
        ({"amqp": {"is": "queue"}}, True),
        ({"amqp": {"is": "routingKey"}}, None),
        ({"sqs": {}}, True),
        ({"sns": {}}, False),
        ({"jms": {"destinationType": "topic"}}, False),
        ({"kafka": {}}, None),
    ],
)
def test_bindings_tell_whether_one_receiver_gets_each_message(
    tmp_path: Path, bindings: dict[str, Any], expected: bool | None
):
    topology = read(tmp_path, two({"publish": {"message": {"name": "A"}}, "bindings": bindings}))

    assert topology.channels[0].point_to_point is expected


def test_fields_come_through_references_and_all_of(tmp_path: Path):
    payload = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"properties": {"items": {"type": "array", "items": {"type": "integer"}}, "state": {"enum": ["a", "b"]}}},
        ]
    }
    base = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "format": "uuid", "x-pii": True}},
    }
    document = two({"publish": {"message": {"name": "A", "payload": payload}}}, components={"schemas": {"Base": base}})

    fields = {one.name: one for one in only(read(tmp_path, document)).fields or ()}

    assert (fields["id"].type, fields["id"].required, fields["id"].personal) == ("uuid", True, True)
    assert (fields["items"].type, fields["items"].required, fields["items"].bounded) == (
        "array of integer",
        False,
        False,
    )
    assert fields["state"].values == ("a", "b")


@pytest.mark.parametrize(
    ("payload", "fields", "free_form"),
    [(None, None, False), ({}, None, True), ({"type": "object"}, None, True), ({"type": "string"}, None, False)],
)
def test_a_body_is_unknown_free_or_told(tmp_path: Path, payload: Any, fields: Any, free_form: bool):
    given = {"name": "A"} | ({"payload": payload} if payload is not None else {})
    message = only(read(tmp_path, two({"publish": {"message": given}})))

    assert (message.fields, message.free_form) == (fields, free_form)


def test_an_avro_record_tells_its_fields(tmp_path: Path):
    record = {
        "type": "record",
        "name": "A",
        "fields": [{"name": "id", "type": "string"}, {"name": "x", "type": ["null", "int"]}],
    }
    given = {"name": "A", "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "payload": record}

    message = only(read(tmp_path, two({"publish": {"message": given}})))

    assert [(one.name, one.required) for one in message.fields or ()] == [("id", True), ("x", False)]


def test_what_a_document_cannot_tell_is_named(tmp_path: Path):
    topology = read(tmp_path, two({"publish": {"message": {"name": "A"}}}))

    (unknown,) = topology.unknown.values()

    assert {"owners", "inside", "rejections", "kinds", "fields", "handlers", "sayings", "waits"} <= set(unknown)


def test_every_fault_has_a_pointer_and_a_line(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("asyncapi: 3.0.0\ninfo:\n  title: 1\noperations:\n  x:\n    action: shout\n")

    topology = read_topology([str(tmp_path / "a.yaml")])

    found = {one.place.pointer: (one.place.line, one.text) for one in topology.problems if one.place}
    assert found["/info"] == (2, "must have version")
    assert found["/info/title"] == (3, "must be text")
    assert found["/operations/x/action"] == (6, "must be one of send, receive")


@pytest.mark.parametrize("version", ["1.2.0", "4.0.0", "latest", 3, None])
def test_another_version_is_refused(tmp_path: Path, version: Any):
    topology = read(tmp_path, {"asyncapi": version, "info": INFO, "channels": {}})

    assert is_unreadable(topology)
    assert "version" in topology.problems[0].text


def test_a_version_that_is_nearly_known_is_read_with_a_remark(tmp_path: Path):
    topology = read(tmp_path, {"asyncapi": "2.0.0-rc1", "info": INFO, "channels": {}})

    assert not is_unreadable(topology)
    assert "not known" in topology.problems[0].text
