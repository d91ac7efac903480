"""Pounds to whole pence: nothing is lost, and the penny left over has its place."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.live.pence import apportion, flows_of, received_by, to_pence
from simulator.contract.signatories import Signatories
from simulator.contract.term import Term
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


def a_term(**keys: object) -> Term:
    return Term.model_validate({"name": "Any", "measure": "cost"} | keys)


@given(st.data(), st.booleans(), st.booleans())
def test_each_provider_settles_with_the_other_side(
    data: st.DataObject, divided: bool, to_providers: bool
) -> None:
    parties = data.draw(signatories())
    count = len(parties.providers)
    amounts = data.draw(st.lists(POUNDS, min_size=count, max_size=count))
    sign = 1.0 if to_providers else -1.0
    moved = np.zeros(len(parties.accounts))
    moved[parties.provider_slice] = [sign * amount for amount in amounts]
    whole = math.fsum(amounts)
    moved[: len(parties.commissioners)] = [
        -sign * whole * parties.funding[payer] for payer in parties.commissioners
    ]
    sides = ("commissioners", "providers") if to_providers else ("providers", "commissioners")
    term = a_term(**{"from": sides[0], "to": sides[1]})
    flows = flows_of(term, moved, divided, parties)
    for payer, payee in flows:
        assert (payer in parties.commissioners) == to_providers
        assert (payee in parties.providers) == to_providers
    received = dict(zip(parties.accounts, received_by(flows, parties.accounts), strict=True))
    assert sum(received.values()) == 0
    found = [round(sign) * received[party] for party in parties.providers]
    if divided:
        assert found == apportion(to_pence(whole), amounts)
    else:
        assert found == [to_pence(amount) for amount in amounts]
    for (payer, payee), pence in flows.items():
        # nobody pays against the direction in which the provider settles
        party = payee if to_providers else payer
        assert pence * found[parties.providers.index(party)] >= 0


TWO = Signatories(("c", "d"), ("north", "south", "west"), {"c": 0.5, "d": 0.5}, {}, ("all",))


def test_a_commissioner_that_is_no_side_pays_nothing() -> None:
    moved = np.zeros(len(TWO.accounts))
    moved[TWO.provider_slice] = 0.005
    for payer in TWO.commissioners:
        moved[:2] = [-0.015 if payer == party else 0.0 for party in TWO.commissioners]
        flows = flows_of(a_term(**{"from": payer}), moved, False, TWO)
        assert flows == {(payer, party): 1 for party in TWO.providers}


def test_a_sum_between_two_parties_is_rounded_alike_both_ways() -> None:
    moved = np.zeros(len(TWO.accounts))
    for sign in (1.0, -1.0):
        moved[:2] = [-10.005 * sign, 10.005 * sign]
        flows = flows_of(a_term(**{"from": "c", "to": "d"}), moved, False, TWO)
        assert flows == {("c", "d"): round(1001 * sign)}
    moved[:] = 0.0
    moved[2:4] = [-1.005, 1.005]
    flows = flows_of(a_term(**{"from": "north", "to": "south"}), moved, False, TWO)
    assert flows == {("north", "south"): 101}


def test_a_lead_settles_with_each_of_the_others() -> None:
    moved = np.zeros(len(TWO.accounts))
    moved[2:5] = [-30.01, 10.005, 20.005]
    flows = flows_of(a_term(**{"from": "north", "to": "providers"}), moved, False, TWO)
    assert flows == {("north", "south"): 1001, ("north", "west"): 2001}


@pytest.mark.parametrize("divided", [True, False])
def test_a_party_alone_on_both_sides_pays_nobody(divided: bool) -> None:
    alone = Signatories(("c",), ("north",), {"c": 1.0}, {}, ("all",))
    nothing = np.zeros(len(alone.accounts))
    for sides in (("providers", "north"), ("north", "providers"), ("commissioners", "c")):
        term = a_term(**{"from": sides[0], "to": sides[1]})
        assert flows_of(term, nothing, divided, alone) == {}
