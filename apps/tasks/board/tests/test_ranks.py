"""Ranks as a property: always between, always short, never out of room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tasks.board import ranks

pytestmark = pytest.mark.req("ORD-2")


@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=60))
def test_rank_is_between_its_neighbours(places):
    order = []
    for place in places:
        index = int(place * (len(order) + 1))
        low = order[index - 1] if index else ""
        high = order[index] if index < len(order) else ""
        rank = ranks.between(low, high)
        assert low < rank
        assert not high or rank < high
        assert not rank.endswith("0")
        order.insert(index, rank)


@pytest.mark.parametrize("at_end", [True, False])
def test_rank_at_an_open_end_stays_short(at_end):
    rank = ranks.between()
    for _ in range(10_000):
        following = ranks.between(rank, "") if at_end else ranks.between("", rank)
        assert (following > rank) == at_end
        rank = following
    assert len(rank) <= ranks.COUNTED_DIGITS


@given(st.integers(0, 300))
def test_spread_is_ordered_and_within_bounds(count):
    low, high = "V1", "V2"
    fresh = ranks.spread(count, low, high)
    assert len(fresh) == count
    assert fresh == sorted(set(fresh))
    assert all(low < rank < high for rank in fresh)


def test_rank_bounds_in_wrong_order_are_refused():
    with pytest.raises(ValueError, match="is not below"):
        ranks.between("b", "a")
