import pytest

from tense.rules.naming.mood import judge_command_name, judge_event_name


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("RegisterUser", "UserRegistered"),
        ("RegisterUserEvent", "UserRegistered"),
        ("SendEmail", "EmailSent"),
        ("PlaceOrder", "OrderPlaced"),
        ("ChargeCard", "CardCharged"),
        ("ChangeAddress", "AddressChanged"),
        ("create_invoice", "invoice_created"),
        ("DELETE_ACCOUNT", "ACCOUNT_DELETED"),
    ],
)
def test_an_event_that_tells_someone_to_do_something_is_misnamed(name, mend):
    found = judge_event_name(name)

    assert found is not None
    assert (found.rule, found.mend) == ("N01", mend)


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("UserSignedInCommand", "SignInUser"),
        ("InvoiceSent", "SendInvoice"),
        ("OrderPlaced", "PlaceOrder"),
        ("order_placed", "place_order"),
    ],
)
def test_a_command_that_says_what_happened_is_misnamed(name, mend):
    found = judge_command_name(name)

    assert found is not None
    assert (found.rule, found.mend) == ("N02", mend)


@pytest.mark.parametrize(
    "name",
    [
        "OrderPlaced",
        "OrderReady",
        "OutOfStock",
        "OrderPlacing",
        "OrderUpdate",
        "Payment",
        "Reset",
        "Created",
        "CreateOrderFailed",
        "SendEmailRequested",
        "BuildValidation",
        "PlaceName",
        "ShipDate",
        "ChangeOrder",
        "ReserveFund",
        "OrderLine",
        "UpdateAvailable",
        "DownloadProgress",
        "ReverseCharge",
        "BookReturned",
        "ShipmentDelayed",
        "BeforeCreateOrder",
        "CompleteSet",
        "OpenInvoice",
        "BestelleArtikel",
        "Activate",
        "FeatureEnabled",
        "StoreOpened",
        "DeployFinished",
    ],
)
def test_no_doubtful_event_is_accused(name):
    assert judge_event_name(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "PlaceOrder",
        "MarkOrderPaid",
        "MarkParcelAsMigrated",
        "BookReturned",
        "SetPriceReduced",
        "Reset",
        "BlockedUser",
        "Failed",
        "Created",
        "PutOnHold",
        "DeleteExpired",
        "RemoveCompleted",
        "FoundCompany",
        "OrderUpdate",
        "ShipReserved",
        "ReadMessage",
        "BestellungAufgegeben",
        "VoyageDelay",
        "RunSpeed",
        "CreateFeed",
        "CustomerFeed",
        "UpdateSpeed",
    ],
)
def test_no_doubtful_command_is_accused(name):
    assert judge_command_name(name) is None
