"""The shop's own tests: given, when, then."""

from collections.abc import Callable

import pytest
from examples.shop.app import app
from examples.shop.orders.contract import (
    EmptyOrder,
    Line,
    OrderPlaced,
    OutOfStock,
    PaymentDeclined,
    PlaceOrder,
    Receipt,
)
from examples.shop.payment.contract import CardCharged, ChargeCard, ChargeRefunded, RefundCharge
from examples.shop.stock.contract import Piece, ReplenishStock, ReserveStock, StockReplenished, StockReserved

from tense import App
from tense.testing.plugin import scenario_of
from tense.testing.scenario import Scenario

Open = Callable[[App], Scenario]

scenario = scenario_of

LINES = (Line(sku="tea", count=2, cents=450),)
PIECES = (Piece(sku="tea", count=2),)


def order(card: str = "4242", lines: tuple[Line, ...] = LINES) -> PlaceOrder:
    return PlaceOrder(order_id="o-1", customer="Ada", card=card, lines=lines)


def reference(shop: Scenario) -> str:
    """The payment's reference is an id that the run makes."""
    return str(next(event.payment for event in shop.published if isinstance(event, CardCharged)))


def test_more_tea_is_put_on_the_shelf(scenario: Open) -> None:
    shop = scenario(app).given(ReplenishStock(sku="tea", count=3))

    shop.when(ReplenishStock(sku="tea", count=2))

    shop.then(outcome=5, published=[StockReplenished(sku="tea", count=2)], sent=[])


def test_an_order_is_charged_reserved_and_placed(scenario: Open) -> None:
    shop = scenario(app).given(ReplenishStock(sku="tea", count=5))

    shop.when(order())

    paid = reference(shop)
    shop.then(
        outcome=Receipt(order_id="o-1", total_cents=900, payment=paid),
        published=[
            CardCharged(order_id="o-1", payment=paid, cents=900),
            StockReserved(order_id="o-1", pieces=PIECES),
            OrderPlaced(order_id="o-1", customer="Ada", total_cents=900, lines=LINES),
        ],
        sent=[
            ChargeCard(order_id="o-1", customer="Ada", card="4242", cents=900),
            ReserveStock(order_id="o-1", pieces=PIECES),
        ],
    )


def test_an_order_of_nothing_is_refused_before_anybody_is_asked(scenario: Open) -> None:
    shop = scenario(app)

    shop.when(order(lines=()))

    shop.then(outcome=EmptyOrder(), published=[], sent=[])


def test_a_card_without_money_refuses_the_order(scenario: Open) -> None:
    shop = scenario(app)

    shop.when(order(card="0000"))

    shop.then(outcome=PaymentDeclined(reason="insufficient funds"), published=[])


def test_what_is_sold_out_is_paid_back(scenario: Open) -> None:
    shop = scenario(app)

    shop.when(order())

    paid = reference(shop)
    shop.then(
        outcome=OutOfStock(sku="tea"),
        published=[
            CardCharged(order_id="o-1", payment=paid, cents=900),
            ChargeRefunded(order_id="o-1", customer="Ada", payment=paid, cents=900),
        ],
    )
    assert RefundCharge(order_id="o-1", payment=paid) in shop.sent


def test_a_wrong_expectation_shows_the_difference(scenario: Open) -> None:
    shop = scenario(app)

    shop.when(order(card="0000"))

    with pytest.raises(AssertionError, match="reason: expected 'stolen', found 'insufficient funds'"):
        shop.then(outcome=PaymentDeclined(reason="stolen"))
