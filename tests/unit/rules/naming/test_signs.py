import pytest

from tense.rules.naming.signs import signs


@pytest.mark.parametrize(
    ("name", "mood"),
    [
        ("PlaceOrder", "imperative"),
        ("RegisterUserEvent", "imperative"),
        ("OrderPlaced", "past"),
        ("UserSignedInCommand", "past"),
        ("OrderPlacing", "gerund"),
        ("OrderWillBeShipped", "future"),
        ("Payment", "noun"),
        ("OrderReady", "state"),
        ("GetOrder", "query"),
        ("OrderUpdate", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_mood_is_read_without_the_suffix(name, mood):
    assert signs(name).mood == mood


@pytest.mark.parametrize(
    ("sign", "shown", "not_shown"),
    [
        (
            "hook",
            "BeforeOrderPlaced OnOrderPlaced PreOrderPlaced AfterOrderPlaced",
            "OrderPlaced PostMessage PostPublished",
        ),
        ("crud", "CustomerUpdated UpdateOrder CreateUser RowDeleted", "OrderPlaced PlaceOrder CustomerMovedHouse"),
        (
            "vague",
            "ProcessOrder HandlePayment ExecuteOrder ManageOrder",
            "ApproveOrder OrderProcessed RunMonthEndReport",
        ),
        ("negative", "PaymentNotReceived OrderNeverShipped CannotShip", "PaymentReceived NotePlaced"),
        ("two_facts", "OrderPlacedAndPaid OrderShippedOrCancelled", "OrderPlaced TermsAndConditionsAccepted"),
        ("conditional", "ShipIfPaid TryCharge CancelUnlessPaid", "ShipOrder"),
        ("past_first", "CreatedAccount AssignedPersonToSeat", "AccountCreated SignedUp Created"),
        ("verb_last", "OrderPlace ORDERS_CREATE OrderUpdate orders.place", "PlaceOrder OrderPlaced PasswordReset"),
        ("single_past", "Created Shipped", "OrderCreated Reset Payment"),
        ("base_past_alone", "Reset Set Put Read", "ResetCounter CounterReset Created"),
        ("status_changed", "OrderStatusChanged OrderStateUpdated", "StatusPageOpened OrderChanged"),
        ("property_changed", "FirstNameChanged AddressUpdated PriceSet", "OrderPlaced SetPrice"),
        ("technical", "RowInserted CacheCleared KafkaTopicCreated", "OrderPlaced Cache"),
        ("needed", "AllocationRequired ApprovalNeeded ReviewDue PaymentPendingApprove", "OrderPlaced NeedApproval"),
        (
            "requested_object",
            "SendEmailRequested CreateInvoiceRequired CancelOrderRequest",
            "PaymentRequested RefundRequest",
        ),
        ("reply", "StockCheckResponse PriceReply CheckResult", "StockChecked"),
        ("queried", "PriceQueried", "PriceRequested"),
        ("rejection_like", "CannotShip PaymentDenied OrderInvalid OrderRefused", "PaymentTaken"),
        ("noun_only", "Payment CustomerAddress Order OrderEvent", "PaymentTaken TakePayment PaymentDue"),
        ("passive", "OrderWasPlaced OrderHasBeenPlaced", "OrderPlaced WasteCollected"),
        (
            "version_in_name",
            "OrderPlacedV2 order_placed_v2 NewOrderPlaced order.placed.v1",
            "OrderPlaced NewsPublished",
        ),
        ("foreign", "BestelleArtikel PedidoCreado", "PlaceOrder OrderPlaced"),
    ],
)
def test_a_sign_is_shown_by_its_names_and_by_no_others(sign, shown, not_shown):
    found = {name for name in (shown + " " + not_shown).split() if getattr(signs(name), sign)}

    assert found == set(shown.split())


def test_the_suffix_and_the_kind_of_a_topic_are_told():
    assert signs("PlaceOrderCommand").suffix == "command"
    assert signs("OrderPlacedEvent").suffix == "event"
    assert signs("OrderPlaced").suffix is None
    assert signs("acme.command.user.created").topic_kind == "command"


def test_the_deciding_word_is_told():
    assert signs("ItemAddedToCart").verb == "added"
    assert signs("PlaceOrder").verb == "place"
    assert signs("Payment").verb is None
