"""The shop: its demo as a whole, and its handlers as the plain functions they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from examples.shop.orders.contract import Line, OrderPlaced, OutOfStock, PaymentDeclined, PlaceOrder
from examples.shop.orders.service import place_order
from examples.shop.payment.contract import CardDeclined, ChargeCard, RefundCharge
from examples.shop.stock.contract import ReserveStock, SoldOut
from examples.shop.story.telling import Story

from tense.testing import Recorder, answers

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.system
def test_the_demo_tells_its_story_and_every_claim_is_so(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "examples.shop.demo"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "claims, all of them so" in done.stdout
    assert "not so" not in done.stdout.replace("all of them so", "")
    assert "\033" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_is_not_so_ends_the_story_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story()
    story.claim("water is wet", so=True)
    story.claim("water is dry", so=False, but="wet")

    status = story.end()

    assert status == 1
    assert "✗ not so: water is dry (found: wet)" in capsys.readouterr().out


ORDER = PlaceOrder(order_id="A1", customer="ada", card="4111", lines=(Line(sku="tea", count=2, cents=450),))


class Rows:
    """Takes what a handler writes, and keeps the values."""

    def __init__(self) -> None:
        self.written = []

    async def execute(self, sql, values=None, /, **named):
        if sql.startswith("INSERT"):
            self.written.append(values or named)
        return 1


async def test_an_order_is_paid_for_then_reserved_then_told() -> None:
    charge, reserve = answers(ChargeCard)("ref-1"), answers(ReserveStock)(None)
    refund, publish, rows = Recorder[RefundCharge](), Recorder[OrderPlaced](), Rows()

    receipt = await place_order(ORDER, charge, reserve, refund, publish, rows)

    assert (receipt.total_cents, receipt.payment) == (900, "ref-1")
    assert [asked.cents for asked in charge.said] == [900]
    assert [row["state"] for row in rows.written] == ["placed"]
    assert publish.only == OrderPlaced(order_id="A1", customer="ada", total_cents=900, lines=ORDER.lines)
    assert refund.said == []


async def test_an_order_out_of_stock_is_refused_and_its_payment_given_back() -> None:
    charge, reserve = answers(ChargeCard)("ref-1"), answers(ReserveStock)(SoldOut(sku="tea"))
    refund, publish, rows = Recorder[RefundCharge](), Recorder[OrderPlaced](), Rows()

    refusal = await place_order(ORDER, charge, reserve, refund, publish, rows)

    assert isinstance(refusal, OutOfStock)
    assert refund.only == RefundCharge(order_id="A1", payment="ref-1")
    assert publish.said == []
    assert [row["state"] for row in rows.written] == ["refused"]


async def test_an_order_that_cannot_be_paid_touches_nothing_else() -> None:
    charge, reserve = answers(ChargeCard)(CardDeclined(reason="no money")), answers(ReserveStock)(None)
    refund, publish, rows = Recorder[RefundCharge](), Recorder[OrderPlaced](), Rows()

    with pytest.raises(PaymentDeclined, match="no money"):
        await place_order(ORDER, charge, reserve, refund, publish, rows)

    assert (reserve.said, refund.said, publish.said, rows.written) == ((), [], [], [])


def test_the_demo_wants_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    command = [sys.executable, "-m", "examples.shop.demo", "--store"]

    there = subprocess.run(
        [*command, f"sqlite:///{tmp_path}/shop.db"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    other = subprocess.run([*command, "memory:"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (there.returncode, other.returncode) == (2, 2)
    assert "is there already" in there.stderr
    assert "sqlite:///" in other.stderr


@pytest.mark.parametrize("app", ["examples.shop.app:app", "examples.shop.grown:app", "examples.webhooks.app:app"])
def test_tense_check_finds_nothing_to_mend_in_an_example(app: str) -> None:
    command = [sys.executable, "-m", "tense", "check", app]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors, 0 warnings" in done.stdout
