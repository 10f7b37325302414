import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense.rules.lanes import fair_share, lane_of


@pytest.mark.parametrize(("key", "lane"), [("", 0), ("a", 3), ("order-1", 47), ("é", 62), ("123456789", 38)])
def test_a_key_has_the_same_lane_for_ever(key, lane):
    assert lane_of(key, 64) == lane


@given(st.text(st.characters()), st.integers(1, 1024))
def test_every_text_has_a_lane(key, lanes):
    assert 0 <= lane_of(key, lanes) < lanes


def test_keys_are_spread_evenly():
    counts = [0] * 64
    for number in range(64_000):
        counts[lane_of(f"order-{number}", 64)] += 1

    assert min(counts) > 850
    assert max(counts) < 1150


@given(st.integers(1, 512), st.integers(1, 64))
def test_fair_shares_add_up_and_differ_by_one_at_most(lanes, instances):
    shares = [fair_share(lanes, instances, mine) for mine in range(instances)]

    assert sum(shares) == lanes
    assert max(shares) - min(shares) <= 1


def test_who_is_alone_takes_everything():
    assert fair_share(64, 0, 0) == fair_share(64, 1, 0) == 64
