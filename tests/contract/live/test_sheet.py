"""The sheet of a settlement comes to what the contract comes to, line by line."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.account import Account
from simulator.contract.agreement import Agreement
from simulator.contract.contract import Contract
from simulator.contract.live.layout import lay_out
from simulator.contract.live.sheet import Sheet, evaluate
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Statement
from tests.contract.live_contracts import SEEDS, month_by_month, statements_for
from tests.strategies import contracts, signatories
from tests.strategies_contracts import read, statement_for, written_contracts

TERM = Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1))


def check_only(sheet: Sheet, index: int) -> None:
    """Check that the lines of one term alone are all needed, and come to the same."""
    alone = sheet.only([index])
    (end,) = alone.terms
    whole = next(each for each in sheet.terms if each.index == index)
    assert alone.needed(end.receipts) == [line.number for line in alone.lines]
    assert [line.number for line in alone.lines] == list(range(1, len(alone.lines) + 1))
    np.testing.assert_array_equal(
        alone.line(end.receipts).values, sheet.line(whole.receipts).values
    )
    for line in alone.lines:
        if line.expression is not None:
            again = evaluate(line.expression, alone.lines)
            again = np.where(np.isnan(again), 0.0, again) if line.or_nought else again
            np.testing.assert_array_equal(again, line.values)


def check_sheets(agreement: Agreement, statements: list[Statement]) -> None:
    """Check every window of a contract after some months."""
    parties = agreement.signatories
    account = Account(agreement)
    for month, statement in zip(TERM.months, statements, strict=False):
        account.add(month, statement)
    for window in account.open.values():
        if window.statement is None:
            continue
        sheet = lay_out(agreement, window, lambda name: f"from {name}")
        paid = replace(window, needed=None, entitlement=None).entitle(agreement)
        for line in sheet.lines:
            assert line.values.shape in ((1,), (len(parties.providers),))
            if line.expression is not None:
                found = evaluate(line.expression, sheet.lines)
                found = np.nan_to_num(found) if line.or_nought else found
                np.testing.assert_array_equal(found, line.values)
                earlier = {int(name[1:]) for name in line.expression.names()}
                assert all(number < line.number for number in earlier)
        for each in sheet.terms:
            check_only(sheet, each.index)
            values = sheet.line(each.receipts).values
            expected = paid[each.index, parties.provider_slice]
            if each.has_providers:
                np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-6)
            else:
                assert np.abs(paid[each.index]).max() == np.abs(values).max()


@given(st.data(), SEEDS)
def test_every_line_follows_and_every_term_comes_out(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    months = data.draw(st.integers(1, 14))
    check_sheets(agreement, statements_for(agreement, TERM, "month", seed, months))


@given(st.data(), SEEDS, st.integers(1, 14))
def test_contracts_over_the_whole_language_come_out(
    data: st.DataObject, seed: int, months: int
) -> None:
    parties = data.draw(signatories())
    contract = read(data.draw(written_contracts(parties, calm=True)))
    agreement = contract.agree("any", parties)
    all_months = statement_for(agreement, seed, (months,), calm=True, huge=False)
    statements = month_by_month(all_months, TERM)
    check_sheets(agreement, statements)


WRITTEN_OUT = {
    "uplift": "3% a year",
    "data": {
        "quality": {"over_time": "latest", "highest": 1},
        "score": {"of": "each provider", "over_time": "latest", "highest": 1},
    },
    "amounts": {
        "budget": {"a": "£300,000 a year", "b": "£90,000 a year"},
        "most": "£90,000 a year",
    },
    "measures": {
        "net": {"measure": "total(budget) - total(cost) + before(loss)"},
        "loss": {"measure": "min(net, 0)"},
        "sliding": {
            "measure": "good_outcomes / completed",
            "points": [{"at": "20%", "value": 0}, {"at": "50%", "value": "quality"}],
        },
        "stepped": {
            "measure": "score",
            "steps": [{"below": 0.3, "value": 0}, {"below": 0.8, "value": 0.5}, {"value": 1}],
        },
    },
    "terms": [
        {"name": "Cost", "key": "cost_paid", "measure": "cost"},
        {
            "name": "Net",
            "key": "net_paid",
            "measure": "net / total(budget)",
            "dead_band": {"up_to": "0.02 * quality", "down_to": "-2%", "counts": "only beyond"},
            "bands": [{"up_to": "-10%", "rate": 0}, {"up_to": 0, "rate": 0.5}, {"rate": "quality"}],
            "at_most": "min(0.1, quality)",
            "at_least": "-5%",
            "times": "total(budget)",
            "split": {"by": "budget"},
        },
        {"name": "Slide", "measure": "completed * sliding", "bands": [{"rate": "£20"}]},
        {"name": "Step", "measure": "stepped", "times": "budget", "at_most": 0.7},
        {
            "name": "Most",
            "measure": "total(payments)",
            "at_most": "most",
            "instead_of": "payments",
            "split": {"by": "cost"},
        },
        {
            "name": "Least",
            "measure": "payments.cost_paid",
            "at_most": 500,
            "instead_of": "cost_paid",
        },
        {"name": "Levy", "measure": "0.01 * payments", "from": "providers", "to": "commissioners"},
        {
            "name": "Sub",
            "from": "a",
            "to": "b",
            "measure": "total(completed)",
            "bands": [{"rate": "£2"}],
        },
        {"name": "Lead", "from": "providers", "to": "a", "measure": "completed"},
        {"name": "Bonus", "measure": "quality", "times": "1000", "split": "each"},
        {"name": "Between", "from": "payer", "to": "other", "measure": "total(cost) * 0.1"},
        {"name": "Late", "measure": "referred", "bands": [{"rate": "£1"}], "starts": "2026-08-01"},
    ],
}


@given(SEEDS, st.integers(1, 20))
def test_a_contract_of_everything_comes_out(seed: int, months: int) -> None:
    parties = Signatories(
        ("payer", "other"), ("a", "b"), {"payer": 0.7, "other": 0.3}, {}, ("x", "y")
    )
    agreement = Contract.model_validate(WRITTEN_OUT).agree("any", parties)
    check_sheets(agreement, statements_for(agreement, TERM, "month", seed, months))
