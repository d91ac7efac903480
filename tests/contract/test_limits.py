"""The largest gain and loss by rule are never exceeded, and are reached where they are said."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.contract import Contract
from simulator.contract.limits import yearly_limits
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Statement
from tests.strategies import contracts, signatories, statement_like

PARTIES = Signatories(
    ("council",), ("north", "south"), {"council": 1.0}, {"north": 5.0, "south": 3.0}, ("support",)
)


@given(st.data(), st.integers(0, 2**32 - 1))
def test_no_statement_exceeds_the_limits(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    statement = Statement(statement_like(parties, seed, (50,)).columns, 1.0)
    received = agreement.settle(statement).sum(axis=-2)
    cost = statement.columns["cost"].sum(axis=-1)
    for limits in yearly_limits(agreement):
        index = parties.accounts.index(limits.party)
        assert (received[..., index] >= limits.least - 1e-6).all()
        assert (received[..., index] <= limits.most + 1e-6).all()
        if limits.reimbursed and limits.party in parties.providers:
            surplus = received[..., index] - cost[..., parties.providers.index(limits.party)]
            assert (surplus >= limits.worst - 1e-6).all()
            assert (surplus <= limits.best + 1e-6).all()


def test_an_alliance_is_limited_by_its_cap_and_fee() -> None:
    form = {
        "form": "alliance",
        "target": "£480,000 a year",
        "council_share": "50%",
        "cap": "5%",
        "fee": "1%",
    }
    limits = {
        each.party: each
        for each in yearly_limits(Contract.model_validate(form).agree("a", PARTIES))
    }
    assert limits["north"].worst == pytest.approx(0.625 * (4_800 - 24_000))
    assert limits["south"].best == pytest.approx(0.375 * (4_800 + 24_000))
    assert limits["council"].least == -np.inf
    assert limits["council"].most == pytest.approx(24_000 - 4_800)


def test_a_unit_price_is_not_limited() -> None:
    form = {"form": "unit price", "price": "£480", "per": "completed"}
    limits = yearly_limits(Contract.model_validate(form).agree("u", PARTIES))
    assert [(-np.inf, 0.0), (0.0, np.inf), (0.0, np.inf)] == [(e.least, e.most) for e in limits]


def test_deductions_cannot_take_more_than_their_cap() -> None:
    contract = Contract.model_validate(
        {
            "terms": [
                {"form": "block", "amount": "£80,000 a year", "split": "equal"},
                {
                    "form": "kpi deductions",
                    "kpis": {
                        "done": {
                            "measure": "good_outcomes / completed",
                            "at_least": "50%",
                            "deduct": "1%",
                            "for_each": "1%",
                        }
                    },
                    "cap": "10%",
                },
            ]
        }
    )
    limits = {each.party: each for each in yearly_limits(contract.agree("k", PARTIES))}
    assert pytest.approx((limits["north"].least, limits["north"].most)) == (36_000, 40_000)
    assert pytest.approx((limits["council"].least, limits["council"].most)) == (-80_000, -72_000)


THREE = Signatories(
    ("council",),
    ("north", "south", "west"),
    {"council": 1.0},
    {"north": 5.0, "south": 3.0, "west": 2.0},
    ("support",),
)
FEE = {
    "name": "Fee",
    "key": "fee_paid",
    "measure": "fee",
    "split": {"north": "50%", "south": "35%", "west": "15%"},
}
MISSED = {"measure": "1 - good_outcomes / completed", "at_least": "0%", "at_most": "50%"}


def limits_of(*terms: dict[str, object], **keys: object) -> dict[str, tuple[float, float]]:
    """Return the least and most that each party receives: 0 to the fee of 36,000, and ``terms``."""
    amounts = {"fee": "£36,000 a year", **keys}
    contract = Contract.model_validate({"amounts": amounts, "terms": [FEE, *terms]})
    limits = yearly_limits(contract.agree("three", THREE))
    return {each.party: (each.least, each.most) for each in limits}


@pytest.mark.parametrize("assessed", ["year", "quarter"])
def test_a_share_of_each_ones_own_payment_is_limited_by_that_payment(assessed: str) -> None:
    half = {"name": "KPIs", "times": "-payments.fee_paid", "assessed": assessed, **MISSED}
    fee = FEE | {"assessed": assessed}
    amounts = {"fee": "£36,000 a year"}
    contract = Contract.model_validate({"amounts": amounts, "terms": [fee, half]})
    limits = {each.party: each for each in yearly_limits(contract.agree("three", THREE))}
    # half of 18,000, of 12,600 and of 5,400 can be taken off
    assert (limits["north"].least, limits["north"].most) == pytest.approx((9_000, 18_000))
    assert (limits["south"].least, limits["south"].most) == pytest.approx((6_300, 12_600))
    assert (limits["west"].least, limits["west"].most) == pytest.approx((2_700, 5_400))
    assert (limits["council"].least, limits["council"].most) == pytest.approx((-36_000, -18_000))


def test_what_several_terms_take_off_each_ones_own_payment_adds_up() -> None:
    half = {"name": "KPIs", "times": "-payments.fee_paid", **MISSED}
    found = limits_of(half, half | {"name": "Reports", "at_most": "30%"})
    # 80% in all: 14,400 of 18,000, 10,080 of 12,600, 4,320 of 5,400
    assert found["north"] == pytest.approx((3_600, 18_000))
    assert found["south"] == pytest.approx((2_520, 12_600))
    assert found["west"] == pytest.approx((1_080, 5_400))
    assert found["council"] == pytest.approx((-36_000, -7_200))


def test_a_share_of_what_one_term_pays_is_no_loss_beyond_it() -> None:
    """However much the price comes to, a deduction of up to half of it leaves half of it."""
    price = {"name": "Price", "key": "price", "measure": "completed", "bands": [{"rate": "£9"}]}
    half = {"name": "KPIs", "times": "-payments.price", **MISSED}
    found = limits_of(price, half)
    assert found["north"] == (18_000, np.inf)
    assert found["council"] == (-np.inf, -36_000)


def test_a_cap_that_differs_by_provider_limits_each_by_its_own() -> None:
    bonus = {"name": "Bonus", "measure": "100 * completed", "at_most": "most_of_it"}
    found = limits_of(bonus, most_of_it={"north": "£900", "south": "£500", "west": "£100"})
    assert found["north"] == pytest.approx((18_000, 18_900))
    assert found["south"] == pytest.approx((12_600, 13_100))
    assert found["west"] == pytest.approx((5_400, 5_500))
    assert found["council"] == pytest.approx((-37_500, -36_000))


def test_a_share_of_one_providers_payment_is_limited_by_it() -> None:
    own = {"name": "Lead", "measure": "only(west, payments.fee_paid)", "to": "north"}
    found = limits_of(own, own | {"measure": "total(payments.fee_paid)", "to": "south"})
    assert found["north"] == pytest.approx((23_400, 23_400))
    assert found["south"] == pytest.approx((48_600, 48_600))


def test_payments_in_proportion_keep_each_provider_apart() -> None:
    """A factor that differs by provider takes off each one's payments by its own limit."""
    factor = {"name": "Own part", "measure": "min(1, completed)", "at_most": "part / 1000"}
    found = limits_of(
        factor | {"times": "-payments"}, part={"north": "£500", "south": "£100", "west": "£0"}
    )
    assert found["north"] == pytest.approx((9_000, 18_000))
    assert found["south"] == pytest.approx((11_340, 12_600))
    assert found["west"] == pytest.approx((5_400, 5_400))
    assert found["council"] == pytest.approx((-36_000, -25_740))


def test_a_replacement_by_provider_is_limited_by_each_ones_new_amount() -> None:
    cap = {"name": "Cap", "measure": "payments.fee_paid", "instead_of": "fee_paid"}
    found = limits_of(
        cap | {"at_most": "most"}, most={"north": "£9,000", "south": "£0", "west": "£6,000"}
    )
    assert found["north"] == pytest.approx((9_000, 9_000))
    assert found["south"] == pytest.approx((0, 0))
    assert found["west"] == pytest.approx((5_400, 5_400))
    assert found["council"] == pytest.approx((-14_400, -14_400))


def test_commissioners_are_limited_beyond_the_cost_they_reimburse() -> None:
    form = {
        "form": "alliance",
        "target": "£480,000 a year",
        "council_share": "50%",
        "cap": "5%",
        "fee": "1%",
    }
    parties = Signatories(
        ("council", "nhs"), ("north", "south"), {"council": 0.6, "nhs": 0.4}, {}, ("support",)
    )
    form["split"] = "equal"
    limits = {
        each.party: each
        for each in yearly_limits(Contract.model_validate(form).agree("a", parties))
    }
    # the fee of 4,800, and 5% of 480,000 more or less
    assert limits["council"].worst == pytest.approx(0.6 * -28_800)
    assert limits["council"].best == pytest.approx(0.6 * 19_200)
    assert limits["nhs"].worst == pytest.approx(0.4 * -28_800)


@pytest.mark.parametrize(
    ("times", "worst", "best"), [("-payments", 0, np.inf), ("payments", -np.inf, 0)]
)
def test_a_share_of_the_cost_itself_has_no_limit(times: str, worst: float, best: float) -> None:
    cost = {"name": "Cost", "measure": "cost"}
    share = {"name": "Share", "measure": "0.1", "times": times}
    council, north, _ = yearly_limits(
        Contract.model_validate({"terms": [cost, share]}).agree("s", PARTIES)
    )
    assert (council.worst, council.best) == (worst, best)
    assert (north.worst, north.best) == (-best, -worst)


@pytest.mark.parametrize(("assessed", "most"), [("year", 0), ("quarter", 4_000), ("month", 12_000)])
def test_what_a_measure_came_to_before_counts_in_later_windows(assessed: str, most: int) -> None:
    """A full first year has nothing before it, but its second quarter has."""
    late = {"name": "Late", "measure": "before(sold)", "assessed": assessed}
    sold = {"measure": "completed", "bands": [{"rate": "£100"}], "at_most": "£1,000"}
    contract = Contract.model_validate({"measures": {"sold": sold}, "terms": [late]})
    limits = {each.party: each for each in yearly_limits(contract.agree("three", THREE))}
    assert (limits["north"].least, limits["north"].most) == (0, most)


def test_what_carries_itself_on_has_no_limit() -> None:
    carry = {"measure": "completed - 10 + before(left)", "at_least": "0"}
    term = {"name": "Left", "measure": "left", "bands": [{"rate": "£1"}], "assessed": "quarter"}
    contract = Contract.model_validate({"measures": {"left": carry}, "terms": [term]})
    limits = {each.party: each for each in yearly_limits(contract.agree("three", THREE))}
    assert (limits["north"].least, limits["north"].most) == (0, np.inf)


def test_terms_count_for_the_part_of_the_first_year_in_which_they_hold() -> None:
    terms = [
        {"form": "block", "amount": "£100,000 a year", "split": "equal", "ends": "2027-03-31"},
        {"form": "block", "amount": "£120,000 a year", "split": "equal", "starts": "2027-04-01"},
        {"form": "block", "amount": "£60,000 a year", "split": "equal", "starts": "2026-10-01"},
    ]
    timetable = Timetable(datetime.date(2026, 4, 1), datetime.date(2029, 4, 1))
    agreement = Contract.model_validate({"terms": terms}).agree("three", THREE)
    limits = {each.party: each for each in yearly_limits(agreement, timetable)}
    assert (limits["council"].least, limits["council"].most) == pytest.approx((-130_000, -130_000))


@pytest.mark.parametrize(("settled", "most"), [("annually", 1_000), ("quarterly", 4_000)])
def test_data_that_add_up_are_limited_in_each_period_that_tells_them(
    settled: str, most: int
) -> None:
    term = {"name": "Bonus", "measure": "points", "bands": [{"rate": "£10"}], "split": "equal"}
    data = {"points": {"highest": 100}}
    contract = Contract.model_validate({"data": data, "terms": [term | {"settled": settled}]})
    limits = {each.party: each for each in yearly_limits(contract.agree("three", THREE))}
    assert limits["council"].least == -most
