"""Laws of settlement, over the whole language of contracts.

The settlement of the package is held against a slow twin that shares no code with it, and against
what must be so whatever was signed: money is conserved, nobody is special, units do not matter,
and nobody gains or loses more than the rules allow. With every case:

    ALLIANCE_FULL=1 python -m pytest tests/contract/test_laws_of_settlement.py

The limits alone, over more than a million statements: the same with ``-k limits``.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.account import Account, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.limits import Limits, yearly_limits
from simulator.contract.live.needs import smallest_period
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Statement
from simulator.contract.working import Conditions
from tests.conftest import FULL
from tests.contract.twin import Columns, Refused, Twin, TwinAccount
from tests.strategies import signatories
from tests.strategies_contracts import (
    Written,
    in_other_units,
    is_money_datum,
    read,
    statement_for,
    written_contracts,
)

SEEDS = st.integers(0, 2**32 - 1)
FEW, SOME, MANY = (100, 500, 2_000) if FULL else (8, 40, 80)
LARGEST = 1e11  # pounds of a term, some way below what the ledger refuses
FUTURES_WITHIN_LIMITS = 2_000  # of each contract; 500 contracts make a million


def drawn(
    data: st.DataObject, calm: bool = False, assessed: str = ""
) -> tuple[Signatories, Written, Agreement]:
    """Draw parties and a contract of theirs, as written and as agreed."""
    parties = data.draw(signatories())
    written = data.draw(written_contracts(parties, calm, assessed))
    return parties, written, read(written).agree("any", parties)


def one_future(statement: Statement, index: tuple[int, ...]) -> Statement:
    columns = {name: values[index] for name, values in statement.columns.items()}
    return Statement(columns, statement.years, statement.levels)


def as_lists(statement: Statement) -> Columns:
    return {name: values.tolist() for name, values in statement.columns.items()}


def settled(
    agreement: Agreement, statement: Statement, price_level: float = 1.0
) -> np.ndarray | None:
    """Return the payments, or None where they are refused."""
    try:
        return agreement.settle(statement, Conditions(price_level))
    except SettlementError:
        return None


def same(found: np.ndarray, expected: np.ndarray, grain: float = 1e-6) -> None:
    """Hold two payments to be the same but for the last digits of the largest."""
    largest = float(np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=grain + 1e-10 * largest)


@settings(max_examples=MANY)
@given(st.data(), SEEDS, st.sampled_from([1.0, 0.25, 1 / 12]), st.sampled_from([1.0, 1.25]))
def test_futures_side_by_side_are_settled_as_by_hand(
    data: st.DataObject, seed: int, years: float, level: float
) -> None:
    _, _, agreement = drawn(data)
    statement = statement_for(agreement, seed, (2, 3), years)
    twin, rows, refused = Twin(agreement), {}, False
    for index in np.ndindex(2, 3):
        try:
            sheet = twin.sheet(as_lists(one_future(statement, index)), years, level)
            rows[index] = np.array(twin.settle(sheet).rows)
        except Refused:
            refused = True
    payments = settled(agreement, statement, level)
    assert (payments is None) == refused
    for index, expected in rows.items():
        alone = agreement.settle(one_future(statement, index), Conditions(level))
        same(alone, expected)
        if payments is not None:
            same(payments[index], expected)


@settings(max_examples=FEW)
@given(
    st.data(),
    SEEDS,
    st.sampled_from([(2026, 4, 1), (2026, 6, 13)]),
    st.sampled_from([(2029, 4, 1), (2028, 9, 20)]),
)
def test_an_account_is_kept_as_by_hand(
    data: st.DataObject, seed: int, starts: tuple[int, int, int], ends: tuple[int, int, int]
) -> None:
    _, _, agreement = drawn(data, calm=True)
    months = Timetable(datetime.date(*starts), datetime.date(*ends)).months
    all_months = statement_for(agreement, seed, (len(months),), calm=True, huge=False)
    statements = [one_future(all_months, (n,)) for n in range(len(months))]
    expected = np.array(TwinAccount(agreement, months).keep([as_lists(s) for s in statements]))
    account = Account(agreement)
    largest = 1.0 + float(np.abs(expected).sum(axis=0).max(initial=0.0))
    if largest > LARGEST:
        return
    for month, statement, by_hand in zip(months, statements, expected, strict=True):
        # a statement of the month need not know which of its figures are levels
        statement = Statement(statement.columns, month.years)
        account.add(month, statement)
        paid = account.pay_on_account(month, statement)
        paid = paid + account.settle(settled_at(month))
        assert not paid.sum(axis=-1).any(), "money was made or lost"
        np.testing.assert_allclose(paid, by_hand, rtol=0, atol=0.05 + 1e-10 * largest)


@settings(max_examples=MANY)
@given(st.data(), SEEDS)
def test_what_one_pays_another_receives(data: st.DataObject, seed: int) -> None:
    _, _, agreement = drawn(data)
    payments = settled(agreement, statement_for(agreement, seed, (5,)))
    if payments is not None:
        left = np.abs(payments.sum(axis=-1))
        assert (left <= 1e-9 + 1e-12 * np.abs(payments).sum(axis=-1)).all()


@settings(max_examples=MANY)
@given(st.data(), SEEDS, st.sampled_from([2, 8, 64]))
def test_the_unit_of_money_does_not_matter(data: st.DataObject, seed: int, factor: int) -> None:
    parties, written, agreement = drawn(data)
    other = read(in_other_units(written, factor)).agree("any", parties)
    statement = statement_for(agreement, seed, (3,))
    columns = dict(statement.columns)
    for name in columns:
        is_datum = name in agreement.data
        if is_money_datum(written, name) if is_datum else name.endswith("cost"):
            columns[name] = columns[name] * factor
    payments = settled(agreement, statement)
    scaled = settled(other, Statement(columns, statement.years, statement.levels))
    assert (payments is None) == (scaled is None)
    if payments is not None:
        assert scaled is not None
        np.testing.assert_array_equal(payments * factor, scaled)


@settings(max_examples=MANY)
@given(st.data(), SEEDS)
def test_providers_are_alike(data: st.DataObject, seed: int) -> None:
    parties, written, agreement = drawn(data)
    order = data.draw(st.permutations(range(len(parties.providers))))
    moved = replace(parties, providers=tuple(parties.providers[i] for i in order))
    statement = statement_for(agreement, seed, (3,))
    columns = {
        name: values[..., list(order), :] if values.shape[-2] == len(order) else values
        for name, values in statement.columns.items()
    }
    other = read(written).agree("any", moved)
    payments = settled(agreement, statement)
    swapped = settled(other, Statement(columns, statement.years, statement.levels))
    assert (payments is None) == (swapped is None)
    if payments is not None:
        assert swapped is not None
        place = [moved.accounts.index(party) for party in parties.accounts]
        same(swapped[..., place], payments, 1e-4)


@settings(max_examples=MANY)
@given(st.data(), SEEDS)
def test_a_term_that_never_pays_changes_nothing(data: st.DataObject, seed: int) -> None:
    parties, written, agreement = drawn(data)
    place = data.draw(st.integers(0, len(written["terms"])))
    idle = {"name": "Idle", "key": "idle", "measure": "max(-completed, 0)", "times": "cost"}
    terms = [*written["terms"][:place], idle, *written["terms"][place:]]
    more = read(written | {"terms": terms}).agree("any", parties)
    statement = statement_for(agreement, seed, (3,))
    payments, beside = settled(agreement, statement), settled(more, statement)
    assert (payments is None) == (beside is None)
    if payments is not None:
        assert beside is not None
        np.testing.assert_array_equal(payments, np.delete(beside, place, axis=-2))
        assert not beside[..., place, :].any()


@settings(max_examples=SOME)
@given(st.data(), SEEDS, st.integers(1, 6))
def test_slices_of_the_futures_do_not_matter(data: st.DataObject, seed: int, cut: int) -> None:
    _, _, agreement = drawn(data)
    statement = statement_for(agreement, seed, (7,))
    whole = settled(agreement, statement)
    parts = [
        settled(agreement, one_future(statement, (piece,)))  # type: ignore[arg-type]
        for piece in (slice(0, cut), slice(cut, 7))
    ]
    assert (whole is None) == any(part is None for part in parts)
    if whole is not None:
        np.testing.assert_array_equal(whole, np.concatenate(parts))  # type: ignore[arg-type]


def test_most_contracts_that_are_drawn_pay_something() -> None:
    """The laws would hold of contracts that never pay, too."""
    paying = []

    @settings(max_examples=60, derandomize=True, database=None)
    @given(st.data(), SEEDS)
    def look(data: st.DataObject, seed: int) -> None:
        _, _, agreement = drawn(data)
        payments = settled(agreement, statement_for(agreement, seed, (20,)))
        paying.append(payments is not None and bool(np.abs(payments).max() > 0))

    look()
    assert np.mean(paying) > 0.5


# -- limits by rule --------------------------------------------------------------------------------


def outside(
    limits: Limits, received: np.ndarray, cost: np.ndarray | None, slack: np.ndarray
) -> str:
    """Return which limit of a party is exceeded, if any."""
    if (received < limits.least - slack).any():
        return f"{limits.party} received {received.min():,.2f}, least {limits.least:,.2f}"
    if (received > limits.most + slack).any():
        return f"{limits.party} received {received.max():,.2f}, most {limits.most:,.2f}"
    if cost is None:
        return ""
    surplus = received - cost
    if (surplus < limits.worst - slack).any():
        return f"{limits.party} lost {-surplus.min():,.2f}, at worst {-limits.worst:,.2f}"
    if (surplus > limits.best + slack).any():
        return f"{limits.party} gained {surplus.max():,.2f}, at best {limits.best:,.2f}"
    return ""


@settings(max_examples=600 if FULL else 100)
@given(st.data(), SEEDS)
def test_limits_of_a_year_are_never_exceeded(data: st.DataObject, seed: int) -> None:
    parties, written, _ = drawn(data, calm=True, assessed="year")
    if data.draw(st.booleans()):  # what providers spend is paid, before anything else is
        cost = {"name": "Cost", "measure": "cost", "assessed": "year"}
        written = written | {"terms": [cost, *written["terms"]]}
    agreement = read(written).agree("any", parties)
    statement = statement_for(agreement, seed, (FUTURES_WITHIN_LIMITS,), calm=True)
    payments = settled(agreement, statement)
    if payments is None:
        return
    slack = 1e-6 + 1e-11 * np.abs(payments).sum(axis=(-1, -2))
    received = payments.sum(axis=-2)
    spent = statement.columns["cost"].sum(axis=-1)
    for limits in yearly_limits(agreement):
        own = None
        if limits.party in parties.providers:
            own = spent[..., parties.providers.index(limits.party)]
        found = received[..., parties.accounts.index(limits.party)]
        assert not outside(limits, found, own, slack)


DATES = (
    {"starts": "2026-07-01"},
    {"ends": "2026-09-30"},
    {"starts": "2026-06-01", "ends": "2027-01-31"},
    {"starts": "2027-04-01"},
)
FIRST_YEAR = Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1))


@settings(max_examples=600 if FULL else 60)
@given(st.data(), SEEDS, st.sampled_from(["month", "quarter", "year", "term"]))
def test_limits_of_a_year_of_windows_are_never_exceeded(
    data: st.DataObject, seed: int, kind: str
) -> None:
    """A year of quarters or months, with terms that begin and end in it."""
    parties, written, _ = drawn(data, calm=True, assessed=kind)
    for term in written["terms"]:  # one window, so that terms on payments hold when those do
        if data.draw(st.booleans(), "dated") and "payments" not in str(written):
            term |= data.draw(st.sampled_from(DATES))
    agreement = read(written).agree("any", parties)
    if len(agreement.live_terms) < len(agreement.terms):
        return  # what a party pays outside is not told, and may hold at other times
    told = FIRST_YEAR.periods(smallest_period(agreement))
    account = Account(agreement)
    try:
        for number, period in enumerate(told):
            shape = (FUTURES_WITHIN_LIMITS // 10,)
            statement = statement_for(agreement, seed + number, shape, period.years, calm=True)
            columns = {
                name: values
                for name, values in statement.columns.items()
                if name not in agreement.data or agreement.data[name].expected is None
            }
            account.add(period, replace(statement, columns=columns))
        due = account.entitlement(("monthly", "quarterly", "annually", "at the end"))
    except SettlementError:
        return
    slack = 1e-3 + 1e-9 * np.abs(due).sum(axis=(-1, -2))
    received = due.sum(axis=-2)
    for limits in yearly_limits(agreement, FIRST_YEAR):
        found = received[..., parties.accounts.index(limits.party)]
        assert not outside(limits, np.atleast_1d(found), None, slack)


def test_limits_are_mostly_finite_where_terms_are_capped() -> None:
    """Limits of 'no limit' would never be exceeded either."""
    parties = Signatories(("c",), ("n", "s"), {"c": 1.0}, {"n": 5.0, "s": 3.0}, ("support",))
    capped = {"name": "Bonus", "measure": "completed", "at_most": "£900", "at_least": "£0"}
    agreement = read({"terms": [capped]}).agree("any", parties)
    limits = {each.party: each for each in yearly_limits(agreement)}
    assert (limits["n"].least, limits["n"].most) == (0.0, 900.0)
    assert (limits["c"].least, limits["c"].most) == (-1_800.0, 0.0)


@pytest.mark.parametrize("split", ["equal", {"by": "completed"}])
def test_limits_of_a_replacement_are_those_of_the_new_amount(split: object) -> None:
    parties = Signatories(("c",), ("n", "s"), {"c": 1.0}, {"n": 5.0, "s": 3.0}, ("support",))
    price = {"name": "Price", "measure": "completed", "bands": [{"rate": "£9"}]}
    cap = {
        "name": "Cap",
        "measure": "total(payments)",
        "at_most": "£100",
        "instead_of": "payments",
        "split": split,
    }
    limits = yearly_limits(read({"terms": [price, cap]}).agree("any", parties))
    assert (limits[0].least, limits[0].most) == (-100.0, 0.0)
