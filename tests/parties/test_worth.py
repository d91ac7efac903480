"""What better work is worth follows from the rules of the contract alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from simulator.parties.outlook import Outlook, View
from simulator.parties.uncertainty import normal_nodes
from simulator.parties.worth import worth_of_work

TWO = Signatories(("payer",), ("a", "b"), {"payer": 1.0}, {"a": 3.0, "b": 1.0}, ("support",), {})
MEANS = {"completed": (300.0, 100.0), "good_outcomes": (150.0, 40.0), "cost": (90_000.0, 30_000.0)}


def outlook_of(spread: float, kind: str = "year", count: float = 1.0) -> Outlook:
    """Return a year in which everything is uncertain alike, a share of its mean."""
    factor = 1.0 + spread * normal_nodes(64, 1)[:, :, None]
    columns = dict.fromkeys(COLUMNS, np.zeros((64, 2, 1)))
    for name, means in MEANS.items():
        columns[name] = factor * np.array(means)[:, None] / count
    view = View(kind, Statement(columns, 1.0 / count), count)  # type: ignore[arg-type]
    return Outlook((view,), np.zeros(64), np.zeros((64, 3)))


def worth(terms: list[dict[str, Any]], spread: float = 0.1, **when: Any) -> Any:
    agreement = Contract.model_validate({"terms": terms}).agree("said", TWO)
    return worth_of_work(outlook_of(spread, **when), agreement)


def test_a_price_is_worth_itself() -> None:
    found = worth([{"form": "unit price", "price": "£480", "per": "completed"}])
    assert [each.completed for each in found] == pytest.approx([480.0, 480.0])
    assert [each.outcome for each in found] == [0.0, 0.0]
    assert [each.saved for each in found] == [1.0, 1.0]


def test_nobody_keeps_a_saving_of_cost_that_is_reimbursed() -> None:
    found = worth([{"name": "Cost", "measure": "cost"}])
    assert [each.saved for each in found] == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize("kind", ["year", "quarter", "term"])
def test_a_shared_saving_is_kept_in_part(kind: str) -> None:
    """Half of 120,000 less cost, three quarters of it to the first, on the target at even odds."""
    share = {
        "name": "Share",
        "measure": "120000 * years - total(cost)",
        "bands": [{"up_to": 0, "rate": "0%"}, {"rate": "50%"}],
        "split": "by caseworkers",
        "assessed": kind,
    }
    cost = {"name": "Cost", "measure": "cost"}
    count = 4.0 if kind == "quarter" else 1.0
    found = worth([cost | {"assessed": kind}, share], kind=kind, count=count)
    assert found[0].saved == pytest.approx(0.5 * 0.5 * 0.75, abs=0.01)
    assert found[1].saved == pytest.approx(0.5 * 0.5 * 0.25, abs=0.01)


def test_beyond_a_cap_nothing_more_is_earned() -> None:
    for cap, expected in (("£100,000", 480.0), ("£72,000", 240.0), ("£30,000", 0.0)):
        bonus = {"name": "Bonus", "measure": "good_outcomes", "bands": [{"rate": "£480"}]}
        found = worth([bonus | {"at_most": cap}])
        assert found[0].outcome == pytest.approx(expected, abs=10.0), cap
