"""Every feature of the language of contracts, with numbers worked out by hand."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator._errors import SettlementError
from simulator.contract.account import Account, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.checks import check_contract
from simulator.contract.contract import Contract
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from simulator.contract.working import Conditions

PARTIES = Signatories(
    ("council", "board"),
    ("north", "south"),
    {"council": 0.75, "board": 0.25},
    {"north": 5.0, "south": 3.0},
    ("support", "advice"),
)
COUNCIL, BOARD, NORTH, SOUTH = range(4)


def contract(*terms: dict[str, Any], **keys: Any) -> Contract:
    plain = [{"name": f"Term {index}"} | term for index, term in enumerate(terms)]
    return Contract.model_validate({"terms": plain, **keys})


def agreed(*terms: dict[str, Any], **keys: Any) -> Agreement:
    made = contract(*terms, **keys)
    assert not [finding.found for finding in check_contract(made, PARTIES)]
    return made.agree("any", PARTIES)


def findings(*terms: dict[str, Any], **keys: Any) -> list[str]:
    return [finding.found for finding in check_contract(contract(*terms, **keys), PARTIES)]


def happened(years: float = 1.0, **columns: Any) -> Statement:
    """Return a statement: a column is North's and South's figure for the first service."""
    values = {name: np.zeros((2, 2)) for name in COLUMNS}
    for name, figures in columns.items():
        given = np.asarray(figures, dtype=float)
        if name in COLUMNS and given.shape == (2,):
            values[name] = np.stack([given, np.zeros(2)], axis=-1)
        else:
            values[name] = given
    return Statement(values, years)


def received(agreement: Agreement, statement: Statement, term: int = -1) -> tuple[float, float]:
    """Return what a term pays North and South."""
    paid = agreement.settle(statement)[term]
    assert float(paid.sum()) == pytest.approx(0.0, abs=1e-9)
    return float(paid[NORTH]), float(paid[SOUTH])


def counted(curve: dict[str, Any], completed: float, **keys: Any) -> float:
    """Return what a curve makes of a number of people who complete."""
    agreement = agreed({"measure": "completed", **curve}, **keys)
    return received(agreement, happened(completed=(completed, 0)))[0]


def live(agreement: Agreement, months: Timetable, **columns: float) -> list[np.ndarray]:
    """Keep an account in which North has the same figures every month; return what was paid."""
    account, paid = Account(agreement), []
    for month in months.months:
        figures = {name: (figure, 0.0) for name, figure in columns.items()}
        statement = happened(month.years, **figures)
        account.add(month, statement)
        on_account = account.pay_on_account(month, statement)
        paid.append(on_account + account.settle(settled_at(month)))
    return paid


def timetable(first: str, end: str) -> Timetable:
    return Timetable(datetime.date.fromisoformat(first), datetime.date.fromisoformat(end))


# -- curves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "edge", "expected"),
    [
        ("from the first", "counts", [0, 100, 101]),
        ("from the first", "does not count", [0, 0, 101]),
        ("only beyond", "counts", [0, 0, 1]),
        ("only beyond", "does not count", [0, 0, 1]),
    ],
)
def test_a_dead_band_at_its_very_edge(counts: str, edge: str, expected: list[float]) -> None:
    dead = {"up_to": 100, "counts": counts, "edge": edge}
    assert expected == [counted({"dead_band": dead}, people) for people in (99, 100, 101)]


def test_a_dead_band_below_nought() -> None:
    dead = {"down_to": -20, "up_to": 10, "counts": "only beyond"}
    agreement = agreed({"measure": "completed - referred", "dead_band": dead})
    for completed, referred, expected in ((0, 20, 0), (0, 25, -5), (10, 0, 0), (15, 0, 5)):
        statement = happened(completed=(completed, 0), referred=(referred, 0))
        assert received(agreement, statement)[0] == expected


def test_a_dead_band_with_one_end_counts_all_on_the_other_side() -> None:
    dead = {"up_to": 10, "counts": "from the first"}
    agreement = agreed({"measure": "completed - referred", "dead_band": dead})
    assert received(agreement, happened(referred=(0.5, 0)))[0] == -0.5
    assert received(agreement, happened(completed=(9, 10))) == (0.0, 10.0)


def test_a_dead_band_can_end_at_a_measure() -> None:
    dead = {"up_to": "0.1 * referred", "counts": "only beyond"}
    agreement = agreed({"measure": "completed", "dead_band": dead})
    assert received(agreement, happened(completed=(30, 30), referred=(200, 400))) == (10.0, 0.0)


@pytest.mark.parametrize(
    ("people", "expected"),
    [(0, 0), (40, 0), (50, 100), (60, 200), (80, 250), (100, 300), (999, 300)],
)
def test_a_sliding_scale_between_at_and_outside_its_points(people: float, expected: float) -> None:
    scale = [{"at": 40, "value": "£0"}, {"at": 60, "value": "£200"}, {"at": 100, "value": "£300"}]
    assert counted({"points": scale}, people) == pytest.approx(expected)


@pytest.mark.parametrize(("people", "expected"), [(39, 0), (40, 100), (59, 100), (60, 500)])
def test_the_end_of_a_step_belongs_to_the_next(people: float, expected: float) -> None:
    steps = [
        {"below": 40, "value": "£0"},
        {"below": 60, "value": "£100"},
        {"value": "£500"},
    ]
    assert counted({"steps": steps}, people) == expected


def test_values_of_scales_in_money_rise_with_prices() -> None:
    steps = [{"below": 40, "value": "£0"}, {"value": "£500"}]
    agreement = agreed({"measure": "completed", "steps": steps})
    paid = agreement.settle(happened(completed=(40, 0)), Conditions(1.1))
    assert float(paid[0, NORTH]) == pytest.approx(550)


def test_a_measure_as_a_cap_and_as_a_rate() -> None:
    capped = agreed({"measure": "completed", "at_most": "0.5 * referred"})
    assert received(capped, happened(completed=(70, 10), referred=(100, 100))) == (50.0, 10.0)
    rated = agreed({"measure": "completed", "bands": [{"up_to": 10, "rate": 2}, {"rate": "years"}]})
    assert received(rated, happened(0.5, completed=(14, 5))) == (22.0, 10.0)


def test_a_measure_as_a_cap_that_has_nothing_to_measure_is_nought() -> None:
    agreement = agreed({"measure": "completed", "at_most": "100 * good_outcomes / started"})
    statement = happened(completed=(7, 7), good_outcomes=(1, 0), started=(4, 0))
    assert received(agreement, statement) == (7.0, 0.0)


def test_ends_that_are_measures_and_fall_are_refused_when_settled() -> None:
    bands = [{"up_to": "referred", "rate": 1}, {"up_to": "started", "rate": 2}, {"rate": 3}]
    agreement = agreed({"measure": "completed", "bands": bands})
    assert received(agreement, happened(completed=(9, 0), referred=(2, 0), started=(5, 0)))[0] == 20
    with pytest.raises(SettlementError, match="do not rise in this period"):
        agreement.settle(happened(completed=(9, 0), referred=(5, 0), started=(2, 0)))


def test_a_number_divided_by_nought_is_refused_and_no_warning_is_written() -> None:
    scale = [{"at": 0, "value": 0}, {"at": 10, "value": 5}]
    ratio = agreed({"measure": "cost / completed", "points": scale})
    assert received(ratio, happened(cost=(1, 0))) == (5.0, 0.0)
    with pytest.raises(SettlementError, match="divides by nought"):
        agreed({"measure": "cost / completed"}).settle(happened(cost=(1, 0)))


# -- amounts, data and splits ----------------------------------------------------------------------


def test_amounts_by_provider() -> None:
    amounts = {"fee": {"north": "£100 a year", "south": "£60 a year"}}
    agreement = agreed(
        {"measure": "fee"}, {"measure": "total(fee)", "split": "equal"}, amounts=amounts
    )
    assert received(agreement, happened(0.5), 0) == (50.0, 30.0)
    assert received(agreement, happened(0.5), 1) == (40.0, 40.0)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [((30, 10), (75, 25)), ((0, 0), (50, 50)), ((0, 10), (0, 100))],
)
def test_a_split_by_a_measure(outcomes: tuple[float, float], expected: tuple[float, float]) -> None:
    term = {"measure": "pool", "split": {"by": "good_outcomes"}}
    agreement = agreed(term, amounts={"pool": "£100 a year"})
    assert received(agreement, happened(good_outcomes=outcomes)) == expected


def test_what_is_below_nought_has_no_part_of_a_split() -> None:
    term = {"measure": "pool", "split": {"by": "completed - referred"}}
    agreement = agreed(term, amounts={"pool": "£100 a year"})
    assert received(agreement, happened(completed=(5, 7), referred=(9, 0))) == (0.0, 100.0)
    assert received(agreement, happened(referred=(9, 1))) == (50.0, 50.0)


def test_a_split_by_a_ratio_of_nothing_and_by_a_number_divided_by_nought() -> None:
    term = {"measure": "pool", "split": {"by": "good_outcomes / completed"}}
    agreement = agreed(term, amounts={"pool": "£100 a year"})
    statement = happened(good_outcomes=(0, 1), completed=(0, 4))
    assert received(agreement, statement) == (0.0, 100.0)
    with pytest.raises(SettlementError, match="not a finite number"):
        agreement.settle(happened(good_outcomes=(1, 1), completed=(0, 4)))


def test_the_rest_goes_to_one_provider() -> None:
    term = {"measure": "pool", "split": {"north": "rest", "south": "30%"}}
    agreement = agreed(term, amounts={"pool": "£100 a year"})
    assert received(agreement, happened()) == pytest.approx((70.0, 30.0))


def test_data_of_the_contract_add_up_or_hold_their_latest_value() -> None:
    data = {"calls": {"of": "each provider"}, "score": {"over_time": "latest"}}
    agreement = agreed(
        {"measure": "calls", "assessed": "year", "settled": "annually"},
        {"measure": "score", "split": "equal", "assessed": "year", "settled": "annually"},
        data=data,
    )
    account = Account(agreement)
    months = timetable("2026-04-01", "2027-04-01").months
    for number, month in enumerate(months):
        account.add(month, happened(month.years, calls=[[1], [2]], score=[[number]]))
    paid = account.settle(["annually"])
    assert paid[0, [NORTH, SOUTH]].tolist() == [12.0, 24.0]
    assert paid[1, [NORTH, SOUTH]].tolist() == [5.5, 5.5]


def test_data_by_service() -> None:
    data = {"calls": {"of": "each service"}}
    agreement = agreed({"measure": "calls"}, {"measure": "calls.advice"}, data=data)
    statement = happened(calls=[[1, 2], [3, 4]])
    assert received(agreement, statement, 0) == (3.0, 7.0)
    assert received(agreement, statement, 1) == (2.0, 4.0)


def test_a_simulation_takes_data_as_expected() -> None:
    data = {
        "calls": {"expected": 120},
        "score": {"over_time": "latest", "expected": 7, "of": "each provider"},
    }
    agreement = agreed({"measure": "calls", "split": "each"}, {"measure": "score"}, data=data)
    assert received(agreement, happened(0.25), 0) == (30.0, 30.0)
    assert received(agreement, happened(0.25), 1) == (7.0, 7.0)


# -- terms on other terms --------------------------------------------------------------------------


def test_payments_of_a_key() -> None:
    agreement = agreed(
        {"measure": "completed", "key": "price"},
        {"measure": "completed"},
        {"measure": "0.1 * payments.price + 0.01 * payments"},
    )
    assert received(agreement, happened(completed=(100, 50))) == pytest.approx((12.0, 6.0))


def test_a_cap_on_several_terms_together() -> None:
    cap = {
        "measure": "total(payments)",
        "at_most": "£120",
        "instead_of": "payments",
        "split": "equal",
    }
    agreement = agreed({"measure": "completed"}, {"measure": "started"}, cap)
    # (100 + 20) + (60 + 0) = 180, capped to 120: each gives back half of 60
    statement = happened(completed=(100, 60), started=(20, 0))
    assert received(agreement, statement) == (-30.0, -30.0)


def test_an_amount_instead_of_that_of_a_key_by_provider() -> None:
    floor = {"measure": "payments.price", "at_least": "£80", "instead_of": "price"}
    agreement = agreed({"measure": "completed", "key": "price"}, {"measure": "started"}, floor)
    assert received(agreement, happened(completed=(100, 60), started=(9, 9))) == (0.0, 20.0)


def test_what_providers_pay_instead_of_what_they_receive() -> None:
    repaid = {"measure": "30", "split": "each", "instead_of": "payments"}
    agreement = agreed(
        {"measure": "completed"}, repaid | {"from": "providers", "to": "commissioners"}
    )
    paid = agreement.settle(happened(completed=(100, 60))).sum(axis=0)
    assert paid[[NORTH, SOUTH]].tolist() == [-30.0, -30.0]


# -- adjustments -----------------------------------------------------------------------------------


def yearly(paid: list[np.ndarray], years: int, party: int = NORTH) -> list[float]:
    months = np.array([float(month[0, party]) for month in paid]).reshape(years, 12)
    return [float(sum_) for sum_ in months.sum(axis=1).round(2)]


FEE = {"measure": "fee", "split": "equal", "assessed": "year", "on_account": "fee"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"on": "2027-10-14", "by": "£100"}, [600, 650, 600]),
        ({"on": "2027-10-01", "by": "£100 a year"}, [600, 625, 650]),
        ({"on": "2027-10-01", "to": "£600 a year"}, [600, 450, 300]),
    ],
)
def test_adjustments_once_a_year_and_anew(change: dict[str, str], expected: list[float]) -> None:
    agreement = agreed(
        FEE, amounts={"fee": "£1,200 a year"}, adjustments=[{"amount": "fee", **change}]
    )
    paid = live(agreement, timetable("2026-04-01", "2029-04-01"))
    assert yearly(paid, 3) == expected


def test_adjustments_rise_with_prices_from_their_own_day() -> None:
    agreement = agreed(
        FEE,
        amounts={"fee": "£1,200 a year"},
        adjustments=[
            {"amount": "fee", "on": "2027-10-01", "to": "£2,400 a year"},
            {"amount": "fee", "on": "2028-06-20", "by": "£50"},
        ],
        uplift="10% a year",
    )
    paid = live(agreement, timetable("2026-04-01", "2029-04-01"))
    # 1,200; then half a year at 1,320 and half at 2,400; then 2,640 and 50 once; halved
    assert yearly(paid, 3) == [600, 930, 1_345]


def test_adjustments_by_provider() -> None:
    fee = {"north": "£120 a year", "south": "£0 a year"}
    more = {"north": "£0", "south": "£24"}
    agreement = agreed(
        {"measure": "fee"},
        amounts={"fee": fee},
        adjustments=[{"amount": "fee", "on": "2026-05-31", "by": more}],
    )
    paid = live(agreement, timetable("2026-04-01", "2027-04-01"))
    assert [float(month[0, SOUTH]) for month in paid[:3]] == [0.0, 24.0, 0.0]
    assert yearly(paid, 1) == [120]


def test_an_amount_once_is_adjusted_from_the_month_on() -> None:
    term = {"measure": "sum", "split": "equal", "assessed": "term", "settled": "monthly"}
    agreement = agreed(
        term,
        amounts={"sum": "£100"},
        adjustments=[{"amount": "sum", "on": "2026-06-09", "by": "£40"}],
    )
    paid = live(agreement, timetable("2026-04-01", "2026-10-01"))
    assert [float(month[0, NORTH]) for month in paid] == [50.0, 0.0, 20.0, 0.0, 0.0, 0.0]


# -- time ------------------------------------------------------------------------------------------


def test_what_is_carried_forward_over_three_years() -> None:
    # 120 people a year against 150: what is missing is carried into the next year
    measures = {"short": {"measure": "150 - completed + before(short)", "at_least": 0}}
    term = {"measure": "before(short)", "assessed": "year", "settled": "annually"}
    agreement = agreed(term, measures=measures)
    paid = live(agreement, timetable("2026-04-01", "2029-04-01"), completed=10)
    assert yearly(paid, 3) == [0, 30, 60]


def test_what_is_carried_forward_differs_by_provider_from_the_first_year_on() -> None:
    measures = {"short": {"measure": "150 - completed + before(short)"}}
    agreement = agreed({"measure": "before(short) + 1000"}, measures=measures)
    paid = agreement.settle(happened())[0]
    assert paid[[COUNCIL, BOARD, NORTH, SOUTH]].tolist() == [-1_500.0, -500.0, 1_000.0, 1_000.0]


def test_what_a_term_paid_the_year_before_can_be_asked_for_by_the_term_itself() -> None:
    # a rise of at most 5 over what it paid the year before
    measures = {"paid": {"measure": "payments.bonus"}}
    term = {
        "key": "bonus",
        "measure": "completed",
        "at_most": "before(paid) + 5",
        "assessed": "year",
        "settled": "annually",
    }
    agreement = agreed(term, measures=measures)
    paid = live(agreement, timetable("2026-04-01", "2029-04-01"), completed=1)
    assert yearly(paid, 3) == [5, 10, 12]


def test_a_term_that_starts_and_ends_within_a_year() -> None:
    term = {
        "measure": "fee",
        "split": "equal",
        "assessed": "year",
        "settled": "quarterly",
        "starts": "2026-06-01",
        "ends": "2027-05-31",
    }
    agreement = agreed(term, amounts={"fee": "£2,400 a year"})
    paid = live(agreement, timetable("2026-04-01", "2027-10-01"))
    by_month = [round(float(month[0, NORTH])) for month in paid]
    assert by_month == [0, 0, 100, 0, 0, 300, 0, 0, 300, 0, 0, 300, 0, 0, 200, 0, 0, 0]


def test_twelve_months_are_a_year_to_the_last_digit() -> None:
    # £9,600 saved of £480,000 is exactly 2%, which counts
    measures = {"saved": {"measure": "(target - total(cost)) / target"}}
    dead = {"up_to": "2%", "counts": "from the first"}
    term = {
        "measure": "saved",
        "dead_band": dead,
        "times": "target",
        "split": "equal",
        "assessed": "year",
        "settled": "annually",
    }
    agreement = agreed(term, measures=measures, amounts={"target": "£480,000 a year"})
    paid = live(agreement, timetable("2026-04-01", "2028-04-01"), cost=470_400 / 12)
    assert yearly(paid, 2) == [4_800, 4_800]


def test_a_band_from_an_end_at_infinity_holds_nothing() -> None:
    bands = [{"up_to": "years / wait_days", "rate": 2}, {"rate": 1}]
    agreement = agreed({"measure": "completed", "bands": bands})
    assert received(agreement, happened(completed=(9, 9), wait_days=(0, 0.5))) == (18.0, 11.0)


def test_a_limit_holds_for_the_part_of_the_year_a_term_holds() -> None:
    term = {
        "measure": "completed",
        "at_most": 50,
        "assessed": "year",
        "settled": "annually",
        "starts": "2027-01-01",
    }
    paid = live(agreed(term), timetable("2026-04-01", "2028-04-01"), completed=10)
    assert yearly(paid, 2) == [30, 50]


# -- what is refused -------------------------------------------------------------------------------

PRICE = {"measure": "completed", "key": "price"}


def test_keys_are_those_of_terms_above() -> None:
    assert findings({"measure": "payments.price"}) == ["found the payments of 'price' in 'Term 0'"]
    assert findings({"measure": "payments.price"}, PRICE) == [
        "found the payments of 'price' in 'Term 0'"
    ]
    assert findings({"measure": "payments.price"} | {"key": "price"}) == [
        "found the payments of 'price' in 'Term 0'"
    ]
    assert findings(PRICE, PRICE) == ["found the key 'price' again"]
    assert findings({"measure": "completed", "instead_of": "price"}) == [
        "found the payments of 'price' in 'Term 0'"
    ]


def test_a_measure_uses_those_above_it() -> None:
    measures = {"a": {"measure": "b"}, "b": {"measure": "completed"}}
    assert findings({"measure": "a"}, measures=measures) == [
        "found 'b' in a measure that stands before it or is itself"
    ]
    measures = {"a": {"measure": "before(b)"}, "b": {"measure": "completed"}}
    assert not findings({"measure": "a"}, measures=measures)


def test_adjustments_fit_an_amount() -> None:
    amounts = {"fee": "£100 a year", "each": {"north": "£1", "south": "£2"}}

    def found(**change: Any) -> list[str]:
        made = {"on": "2026-05-01"} | change
        return findings({"measure": "fee", "split": "equal"}, amounts=amounts, adjustments=[made])

    assert found(amount="fees", by="£1") == ["found 'fees'"]
    assert found(amount="fee", to="£1") == [
        "found an amount once for 'fee', which is an amount a year"
    ]
    assert found(amount="each", by="£1") == ["found one amount"]
    assert found(amount="each", by={"north": "£1"}) == ["found no amount for south"]
    assert found(amount="fee", by="£9 a year", on="2026-05-02") == ["found 2026-05-02"]
    assert not found(amount="fee", by="£9", on="2026-05-02")


def test_an_amount_by_provider_leaves_nobody_out() -> None:
    amounts = {"fee": {"north": "£100 a year"}}
    assert findings({"measure": "fee"}, amounts=amounts) == ["found no amount for south"]


def test_a_split_by_a_measure_that_is_one_for_all() -> None:
    term = {"measure": "total(cost)", "split": {"by": "total(completed)"}}
    assert findings(term) == ["found a split by total(completed), which is one for all providers"]


def test_what_is_one_for_all_is_split() -> None:
    amounts = {"fee": "£100 a year"}
    assert findings({"measure": "completed", "on_account": "fee"}, amounts=amounts) == [
        "found no split for the payment on account of 'Term 0', which is one amount for all "
        "providers"
    ]
    cap = {"measure": "total(payments)", "at_most": 9, "instead_of": "payments"}
    assert findings(PRICE, cap) == [
        "found no split for 'Term 1', which is one amount for all providers"
    ]


def test_only_what_providers_are_paid_is_replaced() -> None:
    term = {"from": "council", "to": "board", "measure": "9", "split": "equal"}
    assert findings(PRICE, term | {"instead_of": "price"}) == [
        "found 'Term 1' instead of payments, with no 'providers' among its sides"
    ]


def test_payments_of_other_times_have_no_share() -> None:
    later = PRICE | {"starts": "2027-04-01"}
    share = {"measure": "0.1 * payments"}
    other = "found 'Term 1' on the payments of 'Term 0', which hold at other times"
    assert findings(later, share) == [other]
    assert not findings(PRICE, share | {"starts": "2027-04-01"})  # the price always holds
    capped = PRICE | {"at_most": 9}
    assert findings(capped, share | {"starts": "2027-04-01"}) == [other]


def test_what_was_paid_in_other_windows_is_not_carried_forward() -> None:
    measures = {"paid": {"measure": "payments"}}
    monthly = {"measure": "completed", "at_most": 9, "assessed": "month"}
    found = findings({"measure": "before(paid)"}, monthly, measures=measures)
    assert found == [
        "found 'Term 0' assessed by year on the payments of 'Term 1', which are assessed by month"
    ]


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ({"dead_band": {"counts": "only beyond"}}, "a dead band without ends"),
        ({"dead_band": {"up_to": -1, "counts": "only beyond"}}, "found up_to -1"),
        ({"points": [{"at": 1, "value": 2}]}, "a single point"),
        ({"steps": [{"below": 1, "value": 2}]}, "a step without an end"),
        ({"steps": [{"value": 2}], "bands": [{"rate": 1}]}, "found 'bands' beside 'steps'"),
        ({"starts": "2026-04-02"}, "found 2026-04-02"),
        ({"ends": "2026-04-29"}, "found 2026-04-29"),
    ],
)
def test_curves_and_dates_that_say_nothing(curve: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        contract({"measure": "completed"} | curve)


def test_a_measure_in_the_place_of_a_number_rises_with_prices_once() -> None:
    keys = {"amounts": {"most": "£100 a year"}, "uplift": "10% a year"}
    term = {"measure": "completed", "bands": [{"rate": "£10"}]}
    statement = happened(completed=(50, 5))
    for cap, expected in (("most", 110), ("£100", 110), ("2 * most", 220)):
        agreement = agreed(term | {"at_most": cap}, **keys)
        paid = agreement.settle(statement, Conditions(1.1))[0]
        assert paid[NORTH] == pytest.approx(expected)
        assert paid[SOUTH] == pytest.approx(55)
    steps = [{"below": 10, "value": "most"}, {"value": "£100"}]
    paid = agreed({"measure": "completed", "steps": steps}, **keys).settle(
        statement, Conditions(1.1)
    )[0]
    assert [paid[NORTH], paid[SOUTH]] == pytest.approx([110, 110])
