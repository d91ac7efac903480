"""Laws of settlement: money is conserved, parties are alike, scale does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import SettlementError
from simulator.contract.agreement import to_ledger_grid
from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Statement
from simulator.contract.working import Conditions
from tests.strategies import contracts, signatories, statement_like

SEEDS = st.integers(0, 2**32 - 1)
TWO = Signatories(
    ("council",), ("north", "south"), {"council": 1.0}, {"north": 5.0, "south": 3.0}, ("support",)
)


@given(st.data(), SEEDS)
def test_every_term_sums_to_nought_over_all_accounts(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    payments = agreement.settle(statement_like(parties, seed, (3,)), Conditions(1.1))
    assert payments.shape == (3, len(agreement.terms), len(parties.accounts))
    np.testing.assert_allclose(payments.sum(axis=-1), 0.0, atol=1e-6)


@given(st.data(), SEEDS)
def test_futures_settled_together_are_settled_alone(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    agreement = data.draw(contracts(parties)).agree("any", parties)
    together = statement_like(parties, seed, (2, 3))
    payments = agreement.settle(together)
    for index in np.ndindex(2, 3):
        alone = Statement(
            {name: values[index] for name, values in together.columns.items()}, together.years
        )
        np.testing.assert_allclose(payments[index], agreement.settle(alone), atol=1e-9)


@given(st.data(), SEEDS)
def test_permuting_providers_permutes_payments(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    contract = data.draw(contracts(parties))
    order = data.draw(st.permutations(range(len(parties.providers))))
    moved = Signatories(
        parties.commissioners,
        tuple(parties.providers[i] for i in order),
        parties.funding,
        parties.caseworkers,
        parties.services,
    )
    statement = statement_like(parties, seed)
    swapped = Statement(
        {name: values[list(order)] for name, values in statement.columns.items()}, statement.years
    )
    before = contract.agree("any", parties).settle(statement)
    after = contract.agree("any", moved).settle(swapped)
    for party in parties.accounts:
        np.testing.assert_allclose(
            before[:, parties.accounts.index(party)],
            after[:, moved.accounts.index(party)],
            atol=1e-6,
        )


@given(st.data(), SEEDS)
def test_a_term_that_cannot_bind_changes_nothing(data: st.DataObject, seed: int) -> None:
    parties = data.draw(signatories())
    contract = data.draw(contracts(parties))
    idle = {
        "name": "Idle",
        "measure": "completed - 1000000",
        "bands": [{"up_to": 0, "rate": 0}, {"rate": 9}],
    }
    more = Contract.model_validate({**contract.__dict__, "terms": [*contract.terms, idle]})
    statement = statement_like(parties, seed)
    before = contract.agree("any", parties).settle(statement).sum(axis=0)
    np.testing.assert_array_equal(before, more.agree("any", parties).settle(statement).sum(axis=0))


def alliance(**keys: object) -> Contract:
    plain = {
        "form": "alliance",
        "target": "£1,000,000 a year",
        "council_share": "50%",
        "split": "equal",
    }
    return Contract.model_validate(plain | keys)


def a_year(cost: float, **columns: float) -> Statement:
    statement = statement_like(TWO, 0)
    values = {name: np.zeros((2, 1)) for name in statement.columns}
    values["cost"] = np.full((2, 1), cost / 2)
    for name, value in columns.items():
        values[name] = np.full((2, 1), value / 2)
    return Statement(values, 1.0)


def paid(contract: Contract, statement: Statement) -> float:
    """Return what the council pays in all."""
    return -float(contract.agree("any", TWO).settle(statement)[:, 0].sum())


def test_half_of_an_underspend_goes_to_the_providers() -> None:
    # £1m target, £900k cost, 50%: £950,000 is paid (Building magazine, article 3060109)
    assert paid(alliance(), a_year(900_000)) == pytest.approx(950_000, abs=0.005)


def test_half_of_an_overspend_stays_with_the_providers() -> None:
    # £100k target, £150k cost, 50%: £125,000 is paid (Built Intelligence forum, thread 3640)
    contract = alliance(target="£100,000 a year")
    assert paid(contract, a_year(150_000)) == pytest.approx(125_000, abs=0.005)


def test_share_bands_below_a_target() -> None:
    # £500k target, £200k cost; 25% from 80% to 100% of target, 0% below: share £25,000
    # (same forum, thread 18505)
    bands = [
        {"up_to": 0, "providers": "0%"},
        {"up_to": "20%", "providers": "25%"},
        {"providers": "0%"},
    ]
    contract = alliance(target="£500,000 a year", council_share=None, bands=bands)
    assert paid(contract, a_year(200_000)) == pytest.approx(225_000, abs=0.005)


@pytest.mark.parametrize(("cost", "share"), [(1_100_000, -87_500), (950_000, 12_500)])
def test_dead_band_to_full_pain(cost: float, share: float) -> None:
    # 1.0m; up to 97.5%: 0, 97.5 to 102.5%: 50%, above 102.5%: 100% (same forum, thread 14954)
    bands = [
        {"up_to": "-2.5%", "providers": "100%"},
        {"up_to": "2.5%", "providers": "50%"},
        {"providers": "0%"},
    ]
    contract = alliance(council_share=None, bands=bands)
    assert paid(contract, a_year(cost)) == pytest.approx(cost + share, abs=0.005)


def test_caps_hold_on_both_sides() -> None:
    contract = alliance(pain_cap="3%", gain_cap="5%")
    assert paid(contract, a_year(500_000)) == pytest.approx(500_000 + 50_000)
    assert paid(contract, a_year(2_000_000)) == pytest.approx(2_000_000 - 30_000)


def test_outcomes_move_the_share_and_the_pool() -> None:
    outcomes = {
        "pool": "£20,000 a year",
        "gain_modifier": "50%",
        "outcomes": {
            "good": {
                "measure": "total(good_outcomes) / total(completed)",
                "worst": "40%",
                "expected": "50%",
                "best": "60%",
                "weight": "100%",
            }
        },
    }
    contract = alliance(outcomes=outcomes)
    good = a_year(900_000, completed=100, good_outcomes=60)
    assert paid(contract, good) == pytest.approx(900_000 + 50_000 * 1.5 + 20_000)
    poor = a_year(900_000, completed=100, good_outcomes=45)
    assert paid(contract, poor) == pytest.approx(900_000 + 50_000 * 0.75 - 10_000)
    nobody = a_year(900_000)
    assert paid(contract, nobody) == pytest.approx(950_000), "nothing to measure scores nought"


def test_marginal_rate_beyond_a_volume() -> None:
    form = {
        "form": "unit price",
        "price": "£100",
        "per": "completed",
        "bands": [{"up_to": "40", "pays": "100%"}, {"pays": "70%"}],
    }
    contract = Contract.model_validate(form)
    # 50 completed by each of two providers: 40 at £100 and 10 at £70 each
    assert paid(contract, a_year(0, completed=100)) == pytest.approx(2 * (4_000 + 700))


def test_deductions_slide_and_are_capped() -> None:
    contract = Contract.model_validate(
        {
            "terms": [
                {"form": "unit price", "price": "£100", "per": "completed"},
                {
                    "form": "kpi deductions",
                    "kpis": {
                        "wait": {
                            "measure": "wait_days / started",
                            "at_most": "28 days",
                            "deduct": "1%",
                            "for_each": "7 days",
                        }
                    },
                    "cap": "5%",
                },
            ]
        }
    )
    late = a_year(0, completed=100, started=100, wait_days=100 * 42)
    assert paid(contract, late) == pytest.approx(10_000 * 0.98)
    very_late = a_year(0, completed=100, started=100, wait_days=100 * 400)
    assert paid(contract, very_late) == pytest.approx(10_000 * 0.95)
    in_time = a_year(0, completed=100, started=100, wait_days=100 * 28)
    assert paid(contract, in_time) == pytest.approx(10_000)


def test_a_payment_that_is_not_a_number_is_refused() -> None:
    term = {"name": "Wrong", "measure": "1 / (completed - completed)", "split": "equal"}
    contract = Contract.model_validate({"terms": [{**term, "measure": "completed / 0"}]})
    with pytest.raises(SettlementError, match="Wrong"):
        contract.agree("any", TWO).settle(a_year(0, completed=10))


def test_the_ledger_grid_sums_exactly_in_any_order() -> None:
    values = to_ledger_grid(np.random.default_rng(1).random(1_000) * 1e6)
    assert float(values.sum()) == float(values[::-1].sum()) == sum(values.tolist())
