import pytest

from tense.rules.naming.words import split, split_words


@pytest.mark.parametrize(
    "name",
    [
        "OrderPlaced",
        "orderPlaced",
        "order.placed",
        "order-placed",
        "order_placed",
        "ORDER_PLACED",
        "Order Placed",
        "order/placed",
        "order:placed",
        "OrderPlacedV2",
        "order_placed_v2",
        "order.placed.v1",
        "com.acme.order.placed.v1",
        "OrderPlacedEvent",
        "OrderPlacedIntegrationEvent",
        "acme.event.order.placed",
    ],
)
def test_every_spelling_gives_the_same_two_words(name):
    assert split_words(name) == ["order", "placed"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CreateDBCluster", ["create", "db", "cluster"]),
        ("OAuth2TokenIssued", ["oauth2", "token", "issued"]),
        ("S3ObjectCreated", ["s3", "object", "created"]),
        ("HTTPRequestFailed", ["http", "request", "failed"]),
        ("Network.setBlockedURLs", ["network", "set", "blocked", "urls"]),
        ("EC2 Instance State-change Notification", ["ec2", "instance", "state", "change", "notification"]),
        ("RemoveÉtagère", ["remove", "étagère"]),
        ("Microsoft.Storage.BlobCreated", ["storage", "blob", "created"]),
    ],
)
def test_acronyms_digits_and_vendors_are_cut_where_people_would(name, words):
    assert split_words(name) == words


def test_what_is_taken_off_a_name_is_told():
    parts = split("com.acme.order.placed.v1")

    assert (parts.namespace, parts.version, parts.suffix) == (("com", "acme"), "v1", None)
    assert parts.segments == (("order",), ("placed",))


def test_a_kind_at_the_end_is_a_suffix_and_a_kind_within_a_topic_is_said_apart():
    class_name, topic = split("PlaceOrderCommand"), split("acme.command.user.create")

    assert (class_name.suffix, class_name.stripped, class_name.topic_kind) == ("command", "Command", None)
    assert (topic.suffix, topic.stripped, topic.topic_kind) == ("command", "", "command")


def test_events_as_the_thing_acted_on_are_no_suffix():
    assert split("input-send-event").suffix is None
    assert split("FlushEvents").words == ("flush", "events")


@pytest.mark.parametrize("name", ["", "   ", "...", "___", "/", "-"])
def test_a_name_without_letters_has_no_words(name):
    assert split_words(name) == []


def test_a_very_long_name_is_read_by_its_beginning():
    words = split_words("OrderPlaced" * 100_000)

    assert words[:2] == ["order", "placed"]
    assert sum(map(len, words)) <= 256
