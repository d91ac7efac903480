"""Each ready-made form is the list of terms it says it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.working import Conditions
from tests.strategies import statement_like

PARTIES = Signatories(
    ("council", "nhs"),
    ("a", "b", "c"),
    {"council": 0.7, "nhs": 0.3},
    {"a": 3.0, "b": 2.0, "c": 1.0},
    ("support", "groups"),
)

WRITTEN_OUT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "block": (
        {"form": "block", "amount": "£480,000 a year"},
        {
            "amounts": {"sum": "£40,000 a month"},
            "terms": [
                {
                    "name": "Block sum",
                    "measure": "sum",
                    "split": "by caseworkers",
                    "settled": "annually",
                    "on_account": "sum",
                }
            ],
        },
    ),
    "unit price": (
        {"form": "unit price", "price": "£480", "per": "completed"},
        {"terms": [{"name": "Unit price", "measure": "completed", "bands": [{"rate": "£480"}]}]},
    ),
    "unit price in bands": (
        {
            "form": "unit price",
            "price": "£500",
            "per": "completed.support",
            "bands": [{"up_to": "300 a year", "pays": "100%"}, {"pays": "70%"}],
        },
        {
            "terms": [
                {
                    "name": "Unit price",
                    "measure": "completed.support / years",
                    "bands": [{"up_to": 300, "rate": "£500"}, {"rate": "£350"}],
                    "times": "years",
                }
            ]
        },
    ),
    "kpi deductions": (
        {
            "terms": [
                {"form": "unit price", "price": "£480", "per": "completed"},
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
        },
        {
            "terms": [
                {"name": "Unit price", "measure": "completed", "bands": [{"rate": "£480"}]},
                {
                    "name": "Deductions",
                    "measure": "max(wait_days / started - 28, 0) * 0.01 / 7",
                    "at_most": "5%",
                    "times": "-payments",
                    "assessed": "quarter",
                    "settled": "quarterly",
                },
            ]
        },
    ),
    "alliance": (
        {
            "form": "alliance",
            "target": "£600,000 a year",
            "fee": "5%",
            "council_share": "40%",
            "cap": "5%",
            "split": "equal",
        },
        {
            "amounts": {"target": "£600,000 a year", "fee": "£30,000 a year"},
            "terms": [
                {
                    "name": "Reimbursed cost",
                    "measure": "cost",
                    "split": "equal",
                    "settled": "quarterly",
                    "on_account": "target",
                },
                {
                    "name": "Fee",
                    "measure": "fee",
                    "split": "equal",
                    "settled": "annually",
                    "on_account": "fee",
                },
                {
                    "name": "Share of under- and overspend",
                    "measure": "(target - total(cost)) / target",
                    "bands": [{"rate": "60%"}],
                    "at_least": "-5%",
                    "at_most": "5%",
                    "times": "target",
                    "split": "equal",
                    "settled": "annually",
                },
            ],
        },
    ),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_a_form_pays_what_its_terms_pay(name: str) -> None:
    ready_made, written_out = (
        Contract.model_validate(each).agree(name, PARTIES) for each in WRITTEN_OUT[name]
    )
    for seed in range(20):
        statement = statement_like(PARTIES, seed)
        np.testing.assert_allclose(
            ready_made.settle(statement, Conditions(1.05)),
            written_out.settle(statement, Conditions(1.05)),
            atol=1e-7,
        )
        np.testing.assert_allclose(
            ready_made.on_account(statement), written_out.on_account(statement), atol=1e-7
        )
    timing = [
        [(term.assessed, term.settled) for term in each.terms] for each in (ready_made, written_out)
    ]
    assert timing[0] == timing[1]


def test_commissioners_pay_as_they_fund() -> None:
    agreement = Contract.model_validate({"form": "block", "amount": "£100,000 a year"}).agree(
        "block", PARTIES
    )
    statement = statement_like(PARTIES, 3)
    paid = agreement.settle(statement)[0] / statement.years
    np.testing.assert_allclose([-70_000, -30_000], paid[:2])
    np.testing.assert_allclose([50_000, 100_000 / 3, 50_000 / 3], paid[2:5])


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"bands": [{"providers": "50%"}], "council_share": "50%"}, "council_share"),
        ({"cap": "5%", "gain_cap": "3%", "council_share": "50%"}, "cap"),
        ({}, "neither"),
    ],
)
def test_contradicting_keys_are_refused(keys: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        Contract.model_validate({"form": "alliance", "target": "£1,000 a year", **keys})
