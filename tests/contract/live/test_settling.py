"""Live settlement: whole pence, conserved, trued up, and within a penny of the pounds."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.account import Account, OpenWindow, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.amounts import Change
from simulator.contract.contract import Contract
from simulator.contract.live.layout import lay_out
from simulator.contract.live.ledger import balances, outstanding
from simulator.contract.live.needs import needs_of
from simulator.contract.live.settling import Settlement, settle_live
from simulator.contract.periods import Timetable
from simulator.contract.statement import Statement
from tests.contract.live_contracts import SEEDS, month_by_month, statements_for
from tests.contract.test_agreement import TWO, a_year
from tests.strategies import contracts, signatories
from tests.strategies_contracts import read, statement_for, written_contracts

TERM = Timetable(datetime.date(2026, 7, 1), datetime.date(2028, 7, 1))


def settled(agreement: Agreement, statements: list[Statement], grain: str) -> Settlement:
    return settle_live(agreement, TERM, grain, statements, 30.0)


@given(st.data(), SEEDS)
def test_the_ledger_is_the_account_to_within_its_pennies(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    months = data.draw(st.integers(1, 24))
    statements = statements_for(agreement, TERM, "month", seed, months)
    settlement = settled(agreement, statements, "month")
    received = balances(settlement.entries)
    assert sum(received.values()) == 0
    account = Account(agreement)
    paid = np.zeros(len(parties.accounts))
    for month, statement in zip(TERM.months, statements, strict=False):
        account.add(month, statement)
        now = account.pay_on_account(month, statement) + account.settle(settled_at(month))
        paid += now[agreement.between_parties].sum(axis=0)  # a party's own costs are not settled
    # a penny a term, account and window that was closed
    slack = 0.01 * len(agreement.terms) * (months + 1) + 0.01
    for party, pounds in zip(parties.accounts, paid, strict=True):
        assert received.get(party, 0) / 100 == pytest.approx(pounds, abs=slack)


@given(st.data(), SEEDS, st.integers(1, 24))
def test_contracts_over_the_whole_language_are_settled_as_the_account_says(
    data: st.DataObject, seed: int, months: int
) -> None:
    parties = data.draw(signatories())
    agreement = read(data.draw(written_contracts(parties, calm=True))).agree("any", parties)
    all_months = statement_for(agreement, seed, (months,), calm=True, huge=False)
    statements = month_by_month(all_months, TERM)
    try:
        settlement = settled(agreement, statements, "month")
    except SettlementError as error:
        assume("ten thousand million" not in str(error))  # more than any contract
        raise
    received = balances(settlement.entries)
    assert sum(received.values()) == 0
    account, paid = Account(agreement), np.zeros(len(parties.accounts))
    largest = 0.0
    for month, statement in zip(TERM.months, statements, strict=False):
        account.add(month, statement)
        now = account.pay_on_account(month, statement) + account.settle(settled_at(month))
        paid += now[agreement.between_parties].sum(axis=0)
        largest = max(largest, float(np.abs(now).max(initial=0.0)))
    slack = 0.01 * len(agreement.terms) * len(parties.providers) * (months + 1) + 0.01
    slack += 1e-9 * largest
    for party, pounds in zip(parties.accounts, paid, strict=True):
        assert received.get(party, 0) / 100 == pytest.approx(pounds, abs=slack)
    sides = {term.name: {term.payer, term.payee} for term in agreement.terms}
    for entry in settlement.entries:
        both = {entry.payer, entry.payee}
        among = both <= set(parties.providers)
        if among:  # only where the term itself has a provider on one of its sides
            assert sides[entry.term] & set(parties.providers)
    for due in settlement.dues:
        parts = zip(due.closed, due.so_far, due.on_account, due.settled, strict=True)
        assert [a + b - c - d for a, b, c, d in parts] == due.due


@given(st.data(), SEEDS)
def test_what_is_due_is_what_the_lines_say(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    statements = statements_for(agreement, TERM, "month", seed, data.draw(st.integers(1, 15)))
    for due in settled(agreement, statements, "month").dues:
        assert sum(due.due) == 0
        parts = zip(due.closed, due.so_far, due.on_account, due.settled, strict=True)
        assert [a + b - c - d for a, b, c, d in parts] == due.due


@given(st.data(), SEEDS)
def test_settling_later_adds_to_what_was_settled(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    statements = statements_for(agreement, TERM, "month", seed, 10)
    first = settled(agreement, statements[:7], "month").entries
    assert settled(agreement, statements, "month").entries[: len(first)] == first


@given(st.data(), SEEDS)
def test_a_correction_trues_the_ledger_up(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    statements = statements_for(agreement, TERM, "month", seed, 8)
    entered = settled(agreement, statements[:6], "month").entries
    changed = [*statements_for(agreement, TERM, "month", seed + 7, 3), *statements[3:]]
    due = settled(agreement, changed, "month").entries
    today = datetime.date(2027, 3, 3)
    until = TERM.months[5].end - datetime.timedelta(days=1)
    new = outstanding(due, entered, until, today, today)
    assert balances([*entered, *new]) == balances(due)
    assert {entry.kind for entry in new if entry.date == today} <= {"true-up"}
    assert all(entry.pence > 0 for entry in new)
    later = [entry for entry in due if entry.date > until]
    assert [entry for entry in new if entry.kind != "true-up"] == later


def test_a_year_end_settles_what_was_paid_on_account() -> None:
    form: dict[str, Any] = {
        "form": "alliance",
        "target": "£480,000 a year",
        "council_share": "50%",
        "cap": "5%",
        "split": {"north": "62.5%", "south": "37.5%"},
    }
    year = Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1))
    agreement = Contract.model_validate(form).agree("alliance", TWO)
    quarter = Statement(a_year(114_000.01).columns, 0.25)
    settlement = settle_live(agreement, year, "quarter", [quarter] * 4, 30.0)
    received = balances(settlement.entries)
    # cost 456,000.04; underspend 23,999.96, half of it 11,999.98: 62.5% is 7,499.9875
    assert received["north"] == 22_800_002 + 749_999
    assert received["south"] == 22_800_002 + 449_999
    assert received["council"] == -46_800_002
    on_account = [entry for entry in settlement.entries if entry.kind == "on account"]
    assert sum(entry.pence for entry in on_account) == 48_000_000
    (last,) = {entry.pay_by for entry in settlement.entries if entry.date.month == 3} - {
        datetime.date(2027, 3, 31)
    }
    assert last == datetime.date(2027, 4, 30)


def agreed(*terms: dict[str, Any], **keys: Any) -> Agreement:
    plain = [{"name": f"Term {index}"} | term for index, term in enumerate(terms)]
    return Contract.model_validate({"terms": plain, **keys}).agree("any", TWO)


YEARS = Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1))


def lived(agreement: Agreement, months: int, cost: float = 200.0) -> dict[str, int]:
    statements = [Statement(a_year(cost).columns, 1 / 12)] * months
    return balances(settle_live(agreement, YEARS, "month", statements, 30.0).entries)


@pytest.mark.parametrize(
    "timing",
    [
        {"assessed": "month", "settled": "annually"},
        {"assessed": "quarter", "settled": "annually"},
        {"assessed": "year", "settled": "at the end"},
    ],
)
def test_a_term_that_has_ended_is_paid_on_its_date(timing: dict[str, str]) -> None:
    agreement = agreed({"measure": "cost", "ends": "2026-09-30", **timing})
    before, at = (23, 24) if timing["settled"] == "at the end" else (11, 12)
    assert not lived(agreement, before)
    assert lived(agreement, at)["north"] == 6 * 10_000
    assert lived(agreement, 24)["north"] == 6 * 10_000


def test_payments_on_account_come_to_the_year() -> None:
    keys = {"settled": "annually", "split": {"north": "66.7%", "south": "rest"}}
    agreement = agreed(
        {"measure": "block", "on_account": "block", **keys},
        amounts={"block": "£1,000,000 a year"},
    )
    statements = [Statement(a_year(0).columns, 1 / 12)] * 12
    entries = settle_live(agreement, YEARS, "month", statements, 30.0).entries
    assert {entry.kind for entry in entries} == {"on account"}
    assert balances(entries) == {"council": -100_000_000, "north": 66_700_000, "south": 33_300_000}


def test_the_whole_amount_to_each_is_the_same_to_each() -> None:
    term = {"measure": "total(cost) / 3", "split": "each", "settled": "annually"}
    assert lived(agreed(term), 12, cost=100.0 / 12) == {
        "council": -2 * 3_333,
        "north": 3_333,
        "south": 3_333,
    }


def test_what_a_term_outside_asks_for_is_needed_and_laid_out() -> None:
    agreement = agreed(
        {"measure": "cost", "from": "providers", "to": "hmrc", "key": "tax"},
        {"measure": "total(cost)", "from": "commissioners", "to": "hmrc", "key": "levy"},
        {"measure": "-payments.tax + payments.levy"},  # no provider has a part in the levy
    )
    assert agreement.data_used == ("cost",)
    assert [need.measure for need in needs_of(agreement, "£")] == ["cost", "cost"]
    assert lived(agreement, 1)["north"] == 10_000
    window = OpenWindow()
    window.add(YEARS.months[0], Statement(a_year(200).columns, 1 / 12), 1.0, Change({}, {}))
    sheet = lay_out(agreement, window, lambda name: "")
    (only,) = sheet.terms
    assert sheet.line(only.receipts).values.tolist() == [100.0, 100.0]
