"""Hypothesis strategies shared by the tests: parties, statements, contracts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement

COSTS = ("staff_cost", "running_cost", "vat_cost")


@st.composite
def signatories(draw: st.DrawFn) -> Signatories:
    """Return one to three commissioners and one to five providers with one to three services."""
    payers = draw(st.integers(1, 3))
    providers = draw(st.integers(1, 5))
    weights = np.array([draw(st.integers(1, 9)) for _ in range(payers)], dtype=float)
    workers = [draw(st.sampled_from([0.5, 1.0, 2.0, 3.5, 8.0])) for _ in range(providers)]
    return Signatories(
        tuple(f"payer_{i}" for i in range(payers)),
        tuple(f"provider_{i}" for i in range(providers)),
        {f"payer_{i}": float(w / weights.sum()) for i, w in enumerate(weights)},
        {f"provider_{i}": w for i, w in enumerate(workers)},
        tuple(f"service_{i}" for i in range(draw(st.integers(1, 3)))),
    )


def statement_like(parties: Signatories, seed: int, lead: tuple[int, ...] = ()) -> Statement:
    """Return a consistent statement: nobody completes who did not start, costs add up."""
    random = np.random.default_rng(seed)
    shape = (*lead, len(parties.providers), len(parties.services))
    columns = {name: np.zeros(shape) for name in COLUMNS}
    left = random.integers(0, 400, shape).astype(float)
    columns["referred"] = left
    for name in ("started", "completed", "good_outcomes"):
        left = np.floor(left * random.random(shape))
        columns[name] = left
    columns["handovers_due"] = np.floor(columns["completed"] * random.random(shape))
    columns["handovers_made"] = np.floor(columns["handovers_due"] * random.random(shape))
    columns["wait_days"] = columns["started"] * 60 * random.random(shape)
    columns["service_days"] = columns["completed"] * 90
    for name in COSTS:
        columns[name] = np.round(random.random(shape) * 200_000, 2)
    columns["cost"] = sum(columns[name] for name in COSTS)
    return Statement(columns, float(random.choice([1 / 12, 0.25, 0.5, 1.0])))


@st.composite
def contracts(draw: st.DrawFn, parties: Signatories) -> Contract:
    """Return a contract of one to four forms with any of their clauses."""
    split = draw(st.sampled_from(["equal", "by caseworkers"]))
    pick = draw(
        st.lists(
            st.sampled_from(["block", "unit", "bands", "alliance"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    makers: dict[str, Any] = {
        "block": lambda: {
            "form": "block",
            "amount": f"£{draw(st.integers(0, 900_000))} a year",
            "split": split,
        },
        "unit": lambda: {
            "form": "unit price",
            "price": f"£{draw(st.integers(0, 2_000))}",
            "per": draw(st.sampled_from(["started", "completed", "good_outcomes"])),
        },
        "bands": lambda: {
            "form": "unit price",
            "price": f"£{draw(st.integers(0, 2_000))}",
            "per": "completed",
            "bands": [
                {"up_to": draw(st.integers(1, 300)), "pays": "100%"},
                {"pays": f"{draw(st.integers(0, 100))}%"},
            ],
        },
        "alliance": lambda: {
            "form": "alliance",
            "target": f"£{draw(st.integers(10_000, 900_000))} a year",
            "council_share": f"{draw(st.integers(50, 100))}%",
            "cap": f"{draw(st.integers(0, 30))}%",
            "fee": f"{draw(st.integers(0, 10))}%",
            "split": split,
            "outcomes": {
                "pool": f"£{draw(st.integers(0, 90_000))} a year",
                "gain_modifier": f"{draw(st.integers(0, 100))}%",
                "pain_modifier": f"{draw(st.integers(0, 100))}%",
                "outcomes": {
                    "good": {
                        "measure": "total(good_outcomes) / total(completed)",
                        "worst": "20%",
                        "expected": "45%",
                        "best": "60%",
                        "weight": "100%",
                    }
                },
            },
        },
    }
    terms = [makers[name]() for name in pick]
    if draw(st.booleans()):
        terms.append(
            {
                "form": "kpi deductions",
                "kpis": {
                    "wait": {
                        "measure": "wait_days / started",
                        "at_most": f"{draw(st.integers(1, 60))} days",
                        "deduct": "1%",
                        "for_each": f"{draw(st.integers(1, 9))} days",
                    }
                },
                "cap": f"{draw(st.integers(0, 40))}%",
            }
        )
    costs = {"running": {"who": "providers", "amount": f"£{draw(st.integers(0, 9_000))} a year"}}
    return Contract.model_validate({"terms": terms, "costs": costs if draw(st.booleans()) else {}})
