"""What a run says of behaviour: who does what, and how far the baseline is what was observed."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.quantities import Figure
from simulator.report.behaviour_text import behaviour_text
from simulator.report.document import document
from simulator.report.run_text import _worth, run_text
from simulator.scenario.scenario import Scenario
from simulator.study.replicator import replicate
from tests.engine.deciding import scenario_with

PRICE = "{form: unit price, price: £330, per: completed}"


@pytest.fixture(scope="module")
def deciding() -> Scenario:
    return scenario_with(
        PRICE,
        years=2,
        more="observed_under: tried",
        more_contracts="dear: {form: unit price, price: £400, per: completed}",
    )


@pytest.fixture(scope="module")
def lived(deciding: Scenario) -> dict[str, Any]:
    return document(replicate(deciding, 4, seed=1), "run", "software")


def of_quality(doc: dict[str, Any], mean: float) -> dict[str, Any]:
    """Return a document in which the first provider's quality comes to a mean under 'tried'."""
    contracts = doc["contracts"]
    tried = contracts["tried"]
    conduct = {
        party: {
            lever: figures | {"mean": mean if (party, lever) == ("p1", "quality") else 0.0}
            for lever, figures in done.items()
        }
        for party, done in tried["conduct"].items()
    }
    return doc | {"contracts": contracts | {"tried": tried | {"conduct": conduct}}}


def said(scenario: Scenario, doc: dict[str, Any]) -> str:
    return " ".join(behaviour_text(scenario, doc).split())


def test_far_from_observed_is_told_of_the_largest(
    deciding: Scenario, lived: dict[str, Any]
) -> None:
    far = said(deciding, of_quality(lived, 0.43))
    assert "a typical year under Tried reproduces observed practice" in far
    assert "it comes to +0.43 for P1's quality of casework: Tried is not exactly" in far
    for mean in (0.25, -0.2):
        near = said(deciding, of_quality(lived, mean))
        assert "is not in the table does as observed." in near
        assert "reproduces observed practice" not in near
    unnamed = deciding.model_copy(update={"observed_under": None})
    assert "reproduces observed practice" not in said(unnamed, of_quality(lived, 0.43))


def test_what_money_means_is_told_with_both_contracts(
    deciding: Scenario, lived: dict[str, Any]
) -> None:
    whole = " ".join(run_text(deciding, lived).split())
    told = "f everybody did under Dear what they do under Tried"
    assert whole.count(told) == 2
    assert "nobody changed what they do" not in whole


def test_worth_is_by_luck_alone_where_inputs_are_drawn_too() -> None:
    scenario = scenario_with(PRICE, more_contracts="")
    scenario = scenario.model_copy(update={"outcome_value": Figure(2000.0, "£2,000", "money")})
    figures = {"mean": 1.0, "mc_error": None}
    difference = {"value": figures, "outcomes": figures, "p_worth_more": 0.5}
    doc: dict[str, Any] = {"replications": 10, "split": {"tried": {"difference": difference}}}
    assert "in 50% of 10 futures; it gains" in _worth(scenario, doc, "tried")
    doc["drawn"] = {}
    assert "in 50% of 10 futures (luck alone); it gains" in _worth(scenario, doc, "tried")
