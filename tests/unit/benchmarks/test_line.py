"""What the table of figures says, and when it is a failure."""

import pytest
from benchmarks import __main__ as bench
from benchmarks.line import Line, compared, not_run, table


def test_a_ratio_is_that_of_the_median_round_and_not_of_two_medians() -> None:
    rounds = ([10.0, 40.0, 90.0], [100.0, 200.0, 100.0])

    line = compared("row", "work", rounds, other="by hand", bar=0.3)

    assert line.ratio == pytest.approx(0.2)
    assert line.met is False


def test_a_missed_bar_is_named_below_the_table() -> None:
    line = Line(row="execute", work="something", tense="9 us", beside="by hand 3 us", bar="<= 1 x", met=False)

    text = table([line])

    assert "missed: execute: something: 9 us, the bar is <= 1 x" in text
    assert "0 bars met, 1 missed" in text


@pytest.mark.parametrize(
    ("met", "status"), [(True, 0), (False, 1), (None, 0)], ids=["a met bar", "a missed bar", "a row not run"]
)
def test_the_exit_status_is_1_exactly_when_a_bar_is_missed(
    met: bool | None,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    line = Line(row="startup", work="something", tense="1 ms", beside="", bar="<= 2 ms", met=met)
    monkeypatch.setitem(bench.ROWS, "startup", lambda _quick: [line])
    monkeypatch.setattr(bench, "RESULTS", tmp_path_factory.mktemp("results"))

    found = bench.main(["startup"])

    assert found == status
    assert "something" in capsys.readouterr().out


def test_a_row_that_was_not_run_says_so_and_is_no_failure() -> None:
    line = not_run("execute", "execute beside lato", "no benchmarks/.venv")

    assert line.met is None
    assert "not run: no benchmarks/.venv" in table([line])
