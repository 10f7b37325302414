import pytest

from tense.rules.naming.forms import as_command, as_event, base_of, is_past, is_verb, past_of


@pytest.mark.parametrize(
    ("verb", "past"),
    [
        ("place", "placed"),
        ("ship", "shipped"),
        ("apply", "applied"),
        ("delay", "delayed"),
        ("sync", "synced"),
        ("panic", "panicked"),
        ("cancel", "cancelled"),
        ("offer", "offered"),
        ("send", "sent"),
        ("resend", "resent"),
        ("rebuild", "rebuilt"),
        ("override", "overridden"),
        ("undo", "undone"),
        ("withdraw", "withdrawn"),
        ("recover", "recovered"),
        ("reset", "reset"),
        ("outbid", "outbid"),
    ],
)
def test_a_verb_and_its_past_lead_to_each_other(verb, past):
    assert past_of(verb) == past
    assert base_of(past) == verb


@pytest.mark.parametrize(
    ("past", "base"),
    [
        ("canceled", "cancel"),
        ("cancelled", "cancel"),
        ("labeled", "label"),
        ("labelled", "label"),
        ("organised", "organise"),
        ("payed", "pay"),
        ("splitted", "split"),
        ("began", "begin"),
        ("misread", "misread"),
        ("unified", "unify"),
    ],
)
def test_both_spellings_and_common_misspellings_have_a_base(past, base):
    assert base_of(past) == base


@pytest.mark.parametrize(
    "word",
    [
        "feed",
        "seed",
        "embed",
        "need",
        "speed",
        "bed",
        "red",
        "shred",
        "sled",
        "succeed",
        "proceed",
        "exceed",
        "breed",
        "weed",
        "indeed",
        "hundred",
        "infrared",
        "newsfeed",
    ],
)
def test_words_that_end_in_ed_and_are_no_past_are_not_taken_for_one(word):
    assert not is_past(word)


@pytest.mark.parametrize("word", ["unsubscribe", "reopen", "deactivate", "disassociate", "overbook", "misroute"])
def test_verbs_with_a_prefix_are_verbs(word):
    assert is_verb(word)


@pytest.mark.parametrize(
    ("command", "event"),
    [
        ("PlaceOrder", "OrderPlaced"),
        ("SignUpUser", "UserSignedUp"),
        ("AddItemToCart", "ItemAddedToCart"),
        ("CreateDBCluster", "DBClusterCreated"),
        ("IssueOAuth2Token", "OAuth2TokenIssued"),
        ("ResetPassword", "PasswordReset"),
        ("SendInvoice", "InvoiceSent"),
        ("place_order", "order_placed"),
        ("place-order", "order-placed"),
        ("placeOrder", "orderPlaced"),
        ("PLACE_ORDER", "ORDER_PLACED"),
        ("Request Payment", "Payment Requested"),
    ],
)
def test_a_command_and_its_event_lead_to_each_other_in_their_own_spelling(command, event):
    assert as_event(command) == event
    assert as_command(event) == command


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("OrderPlacing", "OrderPlaced"),
        ("OrderWillBeShipped", "OrderShipped"),
        ("OrderUpdate", "OrderUpdated"),
        ("UserLogin", "UserLoggedIn"),
        ("ORDERS_CREATE", "ORDERS_CREATED"),
        ("OrderWasPlaced", "OrderPlaced"),
        ("BeforeOrderPlaced", "OrderPlaced"),
        ("CreatedAccountEvent", "AccountCreated"),
        ("SendEmailEvent", "EmailSent"),
        ("orders.place", "orders.placed"),
        ("Page.setFontSizes", "Page.fontSizesSet"),
    ],
)
def test_a_name_in_another_mood_has_its_fact(name, event):
    assert as_event(name) == event


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("SendEmailRequested", "SendEmail"),
        ("OrderStatusChangedToPaid", "ChangeOrderStatusToPaid"),
        ("com.acme.order.placed.v1", "com.acme.order.place.v1"),
        ("PlaceOrderCommand", "PlaceOrder"),
    ],
)
def test_a_fact_has_its_doing(name, command):
    assert as_command(name) == command


@pytest.mark.parametrize(
    "name", ["OrderPlaced", "Payment", "", "CreateOrderFailed", "ProceedToCheckout", "RunStatement"]
)
def test_no_event_is_made_up_where_none_is_better(name):
    assert as_event(name) is None


@pytest.mark.parametrize("name", ["PlaceOrder", "Payment", "", "PaymentNotReceived", "BindingFailed"])
def test_no_command_is_made_up_where_none_is_better(name):
    assert as_command(name) is None
