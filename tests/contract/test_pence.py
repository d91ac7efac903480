"""Pounds to whole pence: nothing is lost, and the penny left over has its place."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.pence import apportion, in_pence, to_pence
from simulator.contract.signatories import Signatories
from tests.strategies import signatories

POUNDS = st.floats(-1e7, 1e7, allow_nan=False)


@pytest.mark.parametrize(
    ("pounds", "pence"),
    [
        (0.0, 0),
        (-0.0, 0),
        (0.005, 1),
        (-0.005, -1),
        (0.004, 0),
        (-0.004, 0),
        (1.005, 101),  # which a float holds as a little less
        (2.675, 268),
        (-2.675, -268),
        (0.1 + 0.2, 30),
        (9_999_999_999.99, 999_999_999_999),
    ],
)
def test_half_a_penny_goes_away_from_nought(pounds: float, pence: int) -> None:
    assert to_pence(pounds) == pence


@given(POUNDS)
def test_pence_are_near_and_as_large_on_both_sides(pounds: float) -> None:
    assert abs(to_pence(pounds) - pounds * 100) <= 0.5 + 1e-5
    assert to_pence(-pounds) == -to_pence(pounds)


@pytest.mark.parametrize("pounds", [math.nan, math.inf, -math.inf, 1e10, -1e300])
def test_what_is_beyond_counting_is_refused(pounds: float) -> None:
    with pytest.raises(SettlementError, match="check the units"):
        to_pence(pounds)


@given(st.lists(POUNDS, min_size=1, max_size=9))
def test_parts_sum_to_the_total_and_are_within_a_penny(parts: list[float]) -> None:
    total = to_pence(math.fsum(parts))
    divided = apportion(total, parts)
    assert sum(divided) == total
    for pence, part in zip(divided, parts, strict=True):
        assert abs(pence - part * 100) < 1 + 1e-5


@given(st.integers(-(10**9), 10**9), st.lists(POUNDS, min_size=1, max_size=9))
def test_parts_sum_to_any_total(total: int, parts: list[float]) -> None:
    assert sum(apportion(total, parts)) == total


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=9))
def test_whole_pence_stay_as_they_are(pence: list[int]) -> None:
    assert apportion(sum(pence), [each / 100 for each in pence]) == pence


def test_ties_go_to_the_first() -> None:
    assert apportion(100, [1 / 3] * 3) == [34, 33, 33]
    assert apportion(200, [2 / 3] * 3) == [67, 67, 66]
    assert apportion(-100, [-1 / 3] * 3) == [-33, -33, -34]
    assert apportion(1, [0.005, 0.005]) == [1, 0]
    # the noise of arithmetic breaks no tie
    assert apportion(30, [0.1, 0.1 + 1e-12, 0.1]) == [10, 10, 10]
    assert apportion(1, [0.005 - 1e-12, 0.005]) == [1, 0]


@given(st.lists(st.integers(0, 10**8), min_size=2, max_size=7, unique=True), st.randoms())
def test_permuting_parts_permutes_the_pennies(thousandths: list[int], luck: random.Random) -> None:
    """Parts that lost alike are told apart by their place alone, so here all lose differently."""
    parts = [each / 1000 + index * 1e-5 for index, each in enumerate(thousandths)]
    total = to_pence(math.fsum(parts))
    order = list(range(len(parts)))
    luck.shuffle(order)
    divided = apportion(total, parts)
    lost = {round(part * 100 - math.floor(part * 100), 6) for part in parts}
    shuffled = apportion(total, [parts[index] for index in order])
    if len(lost) == len(parts):
        assert shuffled == [divided[index] for index in order]
    else:
        assert sorted(shuffled) == sorted(divided)


@given(st.data())
def test_what_all_accounts_receive_sums_to_nought(data: st.DataObject) -> None:
    parties = data.draw(signatories())
    moved = np.zeros(len(parties.accounts))
    count = len(parties.providers)
    received = data.draw(st.lists(POUNDS, min_size=count, max_size=count))
    moved[parties.provider_slice] = received
    commissioners_pay = data.draw(st.booleans())
    if commissioners_pay:
        shares = [parties.funding[payer] for payer in parties.commissioners]
        moved[: len(shares)] = [-math.fsum(received) * share for share in shares]
    pooled = data.draw(st.booleans())
    pence = in_pence(moved, pooled, 0, parties)
    assert sum(pence) == 0
    assert all(isinstance(each, int) for each in pence)
    for found, pounds in zip(pence[parties.provider_slice], received, strict=True):
        assert abs(found - pounds * 100) < 1 + 1e-5
        if not pooled:
            assert found == to_pence(pounds)
    if pooled:
        assert sum(pence[parties.provider_slice]) == to_pence(math.fsum(received))


def test_the_balancing_account_takes_what_rounding_leaves() -> None:
    parties = Signatories(("council",), ("north", "south"), {"council": 1.0}, {}, ("all",))
    # north pays south half a penny more than a whole number, and no commissioner is a side
    moved = np.array([0.0, -1.005, 1.004, 0.0, 0.0, 0.0])
    assert in_pence(moved, False, 1, parties) == [0, -100, 100, 0, 0, 0]
