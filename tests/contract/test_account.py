"""The account over a term: on account, settled, trued up; what was paid once is not paid again."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.account import Account, settled_at
from simulator.contract.checks import check_contract
from simulator.contract.contract import Contract
from simulator.contract.limits import yearly_limits
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Statement
from simulator.contract.term import Settled
from simulator.study.files import load
from tests.conftest import ROOT
from tests.strategies import contracts, signatories, statement_like

PARTIES = Signatories(
    ("council",), ("north", "south"), {"council": 1.0}, {"north": 5.0, "south": 3.0}, ("support",)
)
THREE_YEARS = Timetable(datetime.date(2026, 4, 1), datetime.date(2029, 4, 1))


def live(account: Account, timetable: Timetable, statements: list[Statement]) -> list[np.ndarray]:
    """Keep an account through its months; return what was paid in each, by term and account."""
    paid = []
    for month, statement in zip(timetable.months, statements, strict=True):
        account.add(month, statement)
        on_account = account.pay_on_account(month, statement)
        paid.append(on_account + account.settle(settled_at(month)))
    return paid


def monthly(timetable: Timetable, parties: Signatories, seed: int) -> list[Statement]:
    return [
        Statement(statement_like(parties, seed + index).columns, month.years)
        for index, month in enumerate(timetable.months)
    ]


@given(st.data(), st.integers(0, 10_000))
def test_money_is_conserved_exactly_in_every_month(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    contract = data.draw(contracts(parties))
    account = Account(replace(contract.agree("any", parties), uplift=0.025))
    timetable = Timetable(datetime.date(2026, 7, 13), datetime.date(2027, 11, 2))
    for paid in live(account, timetable, monthly(timetable, parties, seed)):
        assert float(np.abs(paid.sum(axis=-1)).max()) == 0.0


@given(st.data(), st.integers(0, 10_000))
def test_all_that_is_paid_is_what_each_year_entitles_to(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    statements = monthly(THREE_YEARS, parties, seed)
    paid = sum(live(Account(agreement), THREE_YEARS, statements))
    expected = np.zeros_like(paid)
    for index, term in enumerate(agreement.terms):
        length = {"month": 1, "quarter": 3, "year": 12, "term": 36}[term.assessed]
        for first in range(0, 36, length):
            window = statements[first]
            for statement in statements[first + 1 : first + length]:
                window = window + statement
            expected[index] += agreement.settle(window)[index]
    # each settlement is rounded to 1/1024 pound, and the last one takes up what went before
    np.testing.assert_allclose(paid, expected, atol=0.02)


def test_a_block_is_paid_in_twelfths_and_has_nothing_left_to_true_up() -> None:
    contract = Contract.model_validate({"form": "block", "amount": "£96,000 a year"})
    paid = live(
        Account(contract.agree("block", PARTIES)), THREE_YEARS, monthly(THREE_YEARS, PARTIES, 1)
    )
    for month in paid:
        np.testing.assert_allclose([-8_000, 5_000, 3_000, 0, 0, 0], month[0])


def test_on_account_is_set_off_at_the_quarter() -> None:
    contract = Contract.model_validate(
        {
            "form": "unit price",
            "price": "£10",
            "per": "completed",
            "on_account": "£12,000 a year",
            "split": "equal",
        }
    )
    statements = monthly(THREE_YEARS, PARTIES, 5)
    paid = live(Account(contract.agree("unit", PARTIES)), THREE_YEARS, statements)
    first_quarter = sum(float(each.columns["completed"].sum()) for each in statements[:3])
    assert [float(month[0, 0]) for month in paid[:2]] == [-1_000.0, -1_000.0]
    assert pytest.approx(-10 * first_quarter) == sum(float(month[0, 0]) for month in paid[:3])


def test_uplift_steps_on_each_first_of_april() -> None:
    contract = Contract.model_validate({"form": "block", "amount": "£12,000 a year"})
    timetable = Timetable(datetime.date(2026, 1, 1), datetime.date(2027, 7, 1))
    account = Account(replace(contract.agree("block", PARTIES), uplift=0.10))
    paid = live(account, timetable, monthly(timetable, PARTIES, 1))
    council = [-float(month[0, 0]) for month in paid]
    expected = [1_000.0] * 3 + [1_100.0] * 12 + [1_210.0] * 3
    np.testing.assert_allclose(expected, council, atol=0.01)


def test_costs_paid_once_are_paid_in_the_first_month() -> None:
    contract = Contract.model_validate(
        {
            "form": "block",
            "amount": "£0 a year",
            "costs": {"bid": {"who": "providers", "amount": "£5,000"}},
        }
    )
    account = Account(replace(contract.agree("block", PARTIES), uplift=0.10))
    paid = live(account, THREE_YEARS, monthly(THREE_YEARS, PARTIES, 1))
    assert paid[0][1].tolist() == [0.0, -5_000.0, -5_000.0, 10_000.0, 0.0, 0.0]
    assert all(float(np.abs(month[1]).max()) == 0.0 for month in paid[1:])


@pytest.mark.parametrize("settled", get_args(Settled))
@pytest.mark.parametrize("assessed", ["month", "quarter", "year", "term"])
def test_any_timing_pays_the_same_in_the_end(assessed: str, settled: str) -> None:
    term: dict[str, Any] = {
        "name": "Price",
        "measure": "completed",
        "bands": [{"rate": "£7"}],
        "assessed": assessed,
        "settled": settled,
    }
    contract = Contract.model_validate({"terms": [term]})
    statements = monthly(THREE_YEARS, PARTIES, 9)
    paid = sum(live(Account(contract.agree("any", PARTIES)), THREE_YEARS, statements))
    total = 7 * sum(float(each.columns["completed"].sum()) for each in statements)
    assert -total == float(paid[0, 0])


def test_deductions_never_take_more_than_their_share_of_what_was_paid() -> None:
    base = {"name": "Set-up", "measure": "once", "split": "equal", "assessed": "term"}
    kpi = {
        "form": "kpi deductions",
        "kpis": {
            "wait": {
                "measure": "wait_days / started",
                "at_most": "0 days",
                "deduct": "100%",
                "for_each": "1 days",
            }
        },
        "cap": "5%",
        "assessed": "quarter",
    }
    contract = Contract.model_validate({"amounts": {"once": "£100,000"}, "terms": [base, kpi]})
    found = [finding.found for finding in check_contract(contract, PARTIES)]
    assert found == ["found 'KPI deductions' assessed by quarter on the payments of 'Set-up', "
            "which are assessed by term"]  # fmt: skip


def test_money_that_does_not_sum_to_nought_is_an_error() -> None:
    contract = Contract.model_validate({"form": "block", "amount": "£1,000,000 a year"})
    wrong = Signatories(
        ("c1", "c2"), ("north",), {"c1": 0.5, "c2": 0.4}, {"north": 1.0}, ("support",)
    )
    month = THREE_YEARS.months[0]
    account = Account(contract.agree("block", wrong))
    statement = Statement(statement_like(wrong, 1).columns, month.years)
    account.add(month, statement)
    with pytest.raises(SettlementError, match="do not sum to nought"):
        account.pay_on_account(month, statement)


def test_shares_that_sum_to_100_but_for_their_last_digit_are_shared_out_whole() -> None:
    three = Signatories(
        ("c",), ("a", "b", "d"), {"c": 1.0}, {"a": 1.0, "b": 1.0, "d": 1.0}, ("support",)
    )
    split = dict.fromkeys(("a", "b", "d"), "33.33333%")
    form = {"form": "block", "amount": "£10,000,000 a year", "split": split}
    contract = Contract.model_validate(form)
    paid = contract.agree("block", three).settle(statement_like(three, 4))
    assert abs(float(paid.sum())) < 1e-6


@given(st.data(), st.integers(0, 10_000))
def test_no_year_of_an_account_exceeds_the_limits(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    contract = data.draw(contracts(parties))
    if list(check_contract(contract, parties)):
        return
    agreement = contract.agree("any", parties)
    one_year = Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1))
    paid = sum(live(Account(agreement), one_year, monthly(one_year, parties, seed)))
    for limits in yearly_limits(agreement):
        received = float(paid[:, parties.accounts.index(limits.party)].sum())
        assert limits.least - 1 <= received <= limits.most + 1


def test_terms_that_are_not_needed_are_left_out_and_change_nothing() -> None:
    scenario = load(ROOT / "scenarios" / "staying-well.yaml")
    left_out = 0
    for agreement in scenario.agreements().values():
        statement = statement_like(scenario.signatories, 3)
        whole = agreement.settle(statement)
        for index in range(len(agreement.terms)):
            needed = agreement.needed_for([index])
            some = agreement.settle(statement, needed=needed)
            np.testing.assert_array_equal(some[index], whole[index])
            assert not some[~np.array(needed)].any()
            left_out += needed.count(False)
    assert left_out > 50
