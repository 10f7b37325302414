import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tense.rules.naming.reading import read_name


def kinds(names):
    return {name: read_name(name).kind for name in names.split()}


def all_are(kind, names):
    return kinds(names) == dict.fromkeys(names.split(), kind)


def test_a_base_form_that_is_its_own_participle_says_nothing_alone():
    assert all_are(
        "ambiguous", "Set Put Cut Read Shut Split Hit Cost Bid Spread Reset Let Bet Quit Cast Burst Shed Hurt"
    )


def test_a_base_form_that_is_its_own_participle_is_past_behind_a_noun():
    assert all_are("event", "PriceSet PasswordReset BidPlaced VoteCast MessageRead PlayerOutbid AccountShut")


def test_a_base_form_that_is_its_own_participle_is_a_command_before_a_noun():
    assert all_are("command", "SetPrice ResetPassword CutRope CastVote SplitBill PutOnHold")


def test_read_before_a_noun_is_a_query():
    assert all_are("query", "ReadMessage ReadStock")


def test_words_in_ed_that_are_no_past_do_not_make_an_event():
    assert all_are("command", "CreateFeed DeleteEmbed UpdateSpeed SeedData FeedAnimal ProceedToCheckout SucceedJob")


def test_words_in_ed_that_are_no_past_do_not_hide_a_real_past():
    assert all_are("event", "FeedUpdated SeedPlanted SpeedExceeded RedButtonPressed LedStatusChanged AccountsUnified")


def test_a_past_form_that_is_also_a_base_form_is_read_by_its_place():
    assert all_are("command", "FoundCompany LayTile")
    assert all_are("event", "LeadFound OrderNotFound UserLeft MemberLeftChannel CompanyFounded")
    assert all_are("ambiguous", "LeftRoom Found Left")


def test_a_particle_behind_the_past_belongs_to_it():
    assert all_are(
        "event",
        "UserSignedUp CheckoutTimedOut UserCheckedIn JobRolledUp UserLoggedOff PackagePickedUp JobBackedOut LoggedIn",
    )


def test_a_verb_parted_from_its_particle_is_a_command():
    assert all_are(
        "command", "TimeOutPayment SignUpUser CheckOutBook SetUpTenant ShutDown PickUpPackage RollBackDeployment"
    )


def test_a_prefix_before_an_irregular_verb_keeps_its_forms():
    assert all_are("event", "OrderResent IndexRebuilt RuleOverridden StepUndone FundsWithdrawn MeterMisread")
    assert all_are("command", "RebuildIndex OverrideRule UndoPayment WithdrawFunds ResendOrder")


def test_british_american_and_misspelt_pasts_are_all_past():
    assert all_are("event", "OrderCancelled OrderCanceled ParcelLabelled ParcelLabeled InvoicePayed ListSplitted")


def test_a_phrase_behind_the_past_does_not_hide_it():
    assert all_are(
        "event",
        "OrderRejectedByRestaurant ItemAddedToCart CourseFullyBookedNotificationSent OrderStatusChangedToPaid",
    )


def test_a_participle_before_its_noun_is_a_fact_unless_it_is_the_noun_s_adjective():
    assert all_are("event", "AssignedPersonToBodySeat CreatedAccountEvent FailedMount")
    assert all_are("ambiguous", "BlockedUser ArchivedOrder")


def test_namespace_version_and_vendor_are_no_words():
    assert all_are(
        "event",
        "com.acme.order.placed.v1 Microsoft.Storage.BlobCreated dev.acme.build.finished.v2 OrderPlacedV2 acme/orders/placed",
    )
    assert all_are("command", "com.acme.place.order.v1 PlaceOrderV2")


def test_acronyms_and_digits_do_not_disturb():
    assert all_are("command", "CreateDBCluster EnableMFADevice")
    assert all_are("event", "OAuth2TokenIssued S3ObjectCreated HTTPRequestFailed")
    assert read_name("EC2 Instance State-change Notification").kind in {"ambiguous", "neither", "event"}


@pytest.mark.parametrize(
    "name",
    [
        "RegistreerInschrijving", "BestellingGeplaatst", "PlaatsBestelling", "BestellungAufgegeben", "BestelleArtikel",
        "RechnungBezahlt", "KundeRegistriert", "MitgliedHinzugefuegt", "ErstelleRechnung", "PedidoCreado", "CrearPedido",
        "FacturaPagada", "CommandeCréée", "EnvoyerFacture", "UtilisateurSupprimé", "FactureEnvoyée", "CriarPedido",
        "OrdineCreato", "CreareFattura", "BeställningSkapad", "注文済み", "ЗаказСоздан", "NutzerGelöschtEvent",
    ],
)  # fmt: skip
def test_other_languages_are_never_decided(name):
    assert read_name(name).kind in {"ambiguous", "neither"}


def test_a_verb_and_its_result_are_told_apart():
    assert kinds("NotificationSent SendNotification Notification") == {
        "NotificationSent": "event",
        "SendNotification": "command",
        "Notification": "neither",
    }


def test_a_first_word_that_is_noun_and_verb_is_decided_by_a_later_past():
    assert all_are(
        "event",
        "BookCheckedOut OrderShipped TransferCompleted RequestApproved ReportGenerated BlockMined SignChanged PlanChanged",
    )
    assert all_are(
        "command", "BookRoom ShipOrder TransferMoney RequestRefund BlockUser SignContract PlanRoute ShareDocument"
    )


def test_a_participle_later_in_a_command_does_not_make_it_an_event():
    assert all_are("command", "MarkParcelAsMigrated Network.setBlockedURLs MarkPaid SetStockConfirmedOrderStatus")


def test_a_suffix_that_contradicts_the_mood_is_honest_both_ways():
    assert all_are("ambiguous", "SendEmailEvent RegisterUserEvent UserSignedInCommand OrderUpdatedCommand")


def test_a_suffix_that_agrees_changes_nothing():
    assert all_are("event", "OrderPlacedEvent UserRegisteredIntegrationEvent")
    assert all_are("command", "PlaceOrderCommand CalculatePriceCommand")


def test_asking_is_a_query_whatever_it_was_declared():
    assert all_are(
        "query", "GetOrder FetchOrders IsOrderPlaced HasStock CountOrders GetOrderCommand GetOrderQuery WasOrderPlaced"
    )


def test_states_and_outcomes_are_events():
    assert all_are(
        "event",
        "OrderReady OrderComplete CartEmpty OutOfStock BackInStock TaxesDue LoginFailure ServerDown CloseToExpiry",
    )


def test_what_is_not_yet_a_fact_is_not_called_one():
    assert all_are(
        "ambiguous", "OrderWillBePlaced OrderToBeShipped OrderBeingProcessed CannotShip OrderProcessing Processing"
    )


def test_call_backs_and_handlers_are_no_messages():
    assert all_are("neither", "OnOrderPlaced OrderPlacedHandler PaymentReceivedListener")


def test_a_bare_noun_says_neither():
    assert all_are("neither", "Payment Order Customer Invoice Tick CustomerAddress ShippingAddress")


def test_a_verb_without_tense_behind_a_noun_is_ambiguous():
    assert all_are("ambiguous", "CustomerChange OrderUpdate OrderPut AccountOpen order-cancel")


def test_a_topic_with_a_kind_is_judged_against_its_verb():
    assert all_are("command", "acme.command.user.create acme.commands.place.order")
    assert all_are("event", "acme.event.user.created acme.events.order.placed")
    assert all_are("ambiguous", "acme.command.user.created acme.event.user.create")


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("SendEmailEvent", "EmailSent"),
        ("UserSignedInCommand", "SignInUser"),
        ("OrderPlacedEvent", "OrderPlaced"),
        ("PlaceOrderCommand", "PlaceOrder"),
        ("SendEmailRequested", "SendEmail"),
        ("OrderUpdate", "OrderUpdated"),
        ("OrderPlacing", "OrderPlaced"),
        ("OrderPlaced", None),
        ("PlaceOrder", None),
        ("Payment", None),
        ("PaymentEvent", None),
        ("BestelleArtikel", None),
    ],
)
def test_a_better_name_is_offered_where_one_is_known(name, mend):
    assert read_name(name).mend == mend


@pytest.mark.parametrize(
    "name", ["OrderPlaced", "PlaceOrder", "GetOrder", "Payment", "Reset", "OrderUpdate", "BestelleArtikel", ""]
)
def test_every_verdict_is_explained_in_one_sentence(name):
    why = read_name(name).why

    assert re.fullmatch(r'["A-Z].*\.', why)
    assert "\n" not in why


def test_the_explanation_names_the_deciding_word():
    assert '"placed"' in read_name("OrderPlaced").why
    assert '"ship"' in read_name("ship-order").why


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9._:/ -]{0,60}", fullmatch=True))
def test_any_text_gets_an_answer(name):
    reading = read_name(name)

    assert reading.name == name
    assert reading.kind in {"command", "event", "query", "ambiguous", "neither"}
    assert 0 <= reading.confidence <= 1
    assert reading.mend is None or (reading.mend and reading.mend != name)


@pytest.mark.parametrize(
    "name",
    ["V2", "1234", "...", "🚚Shipped", "OrderPlaced" * 50_000, "\x00\x1b[31m", "Event", "Command", "On", "Before"],
)
def test_odd_names_are_answered_too(name):
    assert read_name(name).why
