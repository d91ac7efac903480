"""The largest gain and loss by rule are never exceeded, and are reached where they are said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.contract import Contract
from simulator.contract.limits import yearly_limits
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
