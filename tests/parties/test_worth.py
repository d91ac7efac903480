"""What better work is worth follows from the rules of the contract alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from simulator.parties.outlook import Outlook, View
from simulator.parties.uncertainty import normal_nodes
from simulator.parties.worth import Limited, limits_reached, worth_of_work

TWO = Signatories(("payer",), ("a", "b"), {"payer": 1.0}, {"a": 3.0, "b": 1.0}, ("support",), {})
MEANS = {"completed": (300.0, 100.0), "good_outcomes": (150.0, 40.0), "cost": (90_000.0, 30_000.0)}


def outlook_of(spread: float, kind: str = "year", count: float = 1.0) -> Outlook:
    """Return a year in which everything is uncertain alike, a share of its mean."""
    factor = 1.0 + spread * normal_nodes(64, 1)[:, :, None]
    columns = dict.fromkeys(COLUMNS, np.zeros((64, 2, 1)))
    for name, means in MEANS.items():
        columns[name] = factor * np.array(means)[:, None] / count
    view = View(kind, Statement(columns, 1.0 / count), count)  # type: ignore[arg-type]
    return Outlook((view,), np.zeros(64), (np.zeros(1),) * 3)


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


def limited(terms: list[dict[str, Any]], spread: float = 0.1, **when: Any) -> list[Limited]:
    agreement = Contract.model_validate({"terms": terms}).agree("said", TWO)
    return limits_reached(outlook_of(spread, **when), agreement)


SAVING = {
    "name": "Share",
    "measure": "(120000 * years - total(cost)) / years",
    "split": "by caseworkers",
}


def test_how_likely_a_cap_is_to_be_reached_follows_the_normal_distribution() -> None:
    """Cost varies by 12,000; 12,000 and 6,000 lie one and a half of its spread away."""
    (found,) = limited([SAVING | {"at_most": "£12,000", "at_least": "-£6,000"}])
    assert (found.term, found.provider) == ("Share", None)
    assert found.most == pytest.approx(float(ndtr(-1.0)), abs=0.02)
    assert found.least == pytest.approx(float(ndtr(-0.5)), abs=0.02)


def test_limits_are_told_by_provider_where_payments_differ() -> None:
    cost = {"name": "Cost", "measure": "cost", "at_most": "£60,000"}
    found = limited([cost])
    assert [each.provider for each in found] == [0, 1]
    assert [each.most for each in found] == [1.0, 0.0]
    assert [each.least for each in found] == [None, None]


def test_one_limit_can_differ_by_provider_where_the_other_does_not() -> None:
    agreement = Contract.model_validate(
        {
            "amounts": {"highest": {"a": "£100,000", "b": "£1,000,000"}},
            "terms": [
                {
                    "name": "Cost",
                    "measure": "total(cost)",
                    "at_most": "highest",
                    "at_least": "£0",
                    "split": "each",
                }
            ],
        }
    ).agree("said", TWO)
    found = limits_reached(outlook_of(0.001), agreement)
    told = [(each.provider, each.most, each.least) for each in found]
    assert told == [(0, 1.0, 0.0), (1, 0.0, 0.0)]


def test_periods_of_a_kind_count_alike() -> None:
    (found,) = limited([SAVING | {"at_most": "£12,000", "assessed": "quarter"}], kind="quarter")
    assert found.most == pytest.approx(float(ndtr(-1.0)), abs=0.02)


def test_a_cap_on_what_terms_above_pay_is_looked_at_after_them() -> None:
    price = {"form": "unit price", "price": "£480", "per": "completed"}
    cap = {
        "name": "Most",
        "measure": "total(payments)",
        "instead_of": "payments",
        "at_most": "£192,000",
        "split": "equal",
    }
    (found,) = limited([price, cap])
    assert (found.term, found.provider) == ("Most", None)
    assert found.most == pytest.approx(0.5, abs=0.02)


def test_without_limits_there_is_nothing_to_tell() -> None:
    assert limited([{"form": "unit price", "price": "£480", "per": "completed"}]) == []
