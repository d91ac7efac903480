"""Names of measures, and what they come to."""

from __future__ import annotations

import numpy as np
import pytest

from simulator._errors import UsageError
from simulator.scenario.scenario import Scenario
from simulator.study.files import load
from simulator.study.measures import Measure, default_measures, read_measures
from simulator.study.replicate import Study
from simulator.study.replicator import replicate
from tests.conftest import ROOT, scenario_from

FLAGSHIP = load(ROOT / "tests" / "data" / "nobody-decides.yaml")


@pytest.fixture(scope="module")
def study() -> Study:
    return replicate(FLAGSHIP, 60, seed=3)


def of(study: Study, text: str) -> float:
    (measure,) = read_measures(text, FLAGSHIP)
    return measure.estimate(FLAGSHIP, study.outcomes).value


def test_money_is_that_of_the_study(study: Study) -> None:
    net = study.outcomes["alliance"].net
    base = study.outcomes["unit_price"].net
    assert of(study, "alliance.council.net_position") == pytest.approx(net[:, 0].mean())
    assert of(study, "alliance.commissioners.net_cost") == pytest.approx(-net[:, :2].sum(1).mean())
    saving = (net - base)[:, :2].sum(axis=1)
    assert of(study, "alliance.commissioners.saving") == pytest.approx(saving.mean())
    assert of(study, "alliance.commissioners.saving.chance") == (saving > 0).mean()
    assert of(study, "alliance.commissioners.saving.p95") == pytest.approx(
        np.quantile(saving, 0.95)
    )
    assert of(study, "alliance.commissioners.saving.lowest5") == np.sort(saving)[:3].mean()
    assert of(study, "block.anchor_b.present_value") == pytest.approx(
        study.outcomes["block"].present_value[:, 3].mean()
    )


def test_cash_and_people_are_those_of_the_study(study: Study) -> None:
    outcomes = study.outcomes["unit_price"]
    lowest = outcomes.lowest_cash
    assert of(study, "unit_price.anchor_b.lowest_cash") == pytest.approx(lowest[:, 1].mean())
    assert of(study, "unit_price.providers.out_of_cash") == (lowest.min(axis=1) < 0).mean()
    people = outcomes.people
    assert of(study, "unit_price.groups.completed") == people["completed"][:, 1].mean()
    waits = people["wait_days"].sum() / people["started"].sum()
    assert of(study, "unit_price.people.mean_wait_days") == pytest.approx(waits)
    by_future = people["wait_days"].sum(axis=1) / people["started"].sum(axis=1)
    p80 = of(study, "unit_price.people.mean_wait_days.p80")
    assert p80 == pytest.approx(np.quantile(by_future, 0.8))
    over = of(study, "unit_price.council.over_budget")
    costs, budgets = -outcomes.yearly[:, :, 0], 440_000 * 1.02 ** np.arange(5)
    assert over == pytest.approx(np.maximum(0, costs - budgets).sum(axis=1).mean())


def test_a_measure_without_a_contract_is_told_for_each() -> None:
    told = read_measures("commissioners.saving", FLAGSHIP)
    assert [str(each) for each in told] == [
        "block.commissioners.saving",
        "alliance.commissioners.saving",
    ]
    assert told == default_measures(FLAGSHIP) == read_measures("saving", FLAGSHIP)
    assert len(read_measures("people.good_outcomes", FLAGSHIP)) == 3
    (one,) = read_measures("alliance.nhs.net_cost.p80", FLAGSHIP)
    assert str(one) == "alliance.nhs.net_cost.p80"
    assert one.in_words(FLAGSHIP) == "Alliance: net cost, NHS partner body, 80th percentile"


def test_one_contract_alone_is_measured_by_its_cost(smallest_text: str) -> None:
    world, _, _ = smallest_text.partition("contracts:")
    block = "{form: block, amount: £470,000 a year}"
    alone = scenario_from(f"{world}contracts:\n  only: {block}\nbaseline: only\n")
    assert default_measures(alone) == [Measure("only", "commissioners", "net_cost")]
    with pytest.raises(UsageError, match="no other contract than the baseline"):
        read_measures("council.saving", alone)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alliance.council.savings", "'savings' is none of .*did you mean 'saving'"),
        ("alliance.counsil.saving", "'counsil' is none of .*did you mean 'council'"),
        ("aliance.council.saving", "'aliance' is none of the contracts .*did you mean 'alliance'"),
        ("unit_price.council.saving", "'unit_price' is none of the contracts block, alliance"),
        ("alliance.council.lowest_cash", "'lowest_cash' is none of"),
        ("alliance.groups.saving", "'saving' is none of"),
        ("a.b.c.d", "a measure is"),
        ("", "a measure is"),
        ("mean", "a measure is"),
    ],
)
def test_an_unknown_measure_is_told_with_what_is_known(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_measures(text, FLAGSHIP)


def test_units_follow_from_quantity_and_statistic(smallest: Scenario) -> None:
    units = {
        "council.saving": "money",
        "council.saving.chance": "share",
        "north.out_of_cash": "share",
        "people.mean_wait_days": "days",
        "support.completed": "people",
    }
    for text, unit in units.items():
        assert read_measures(text, smallest)[0].unit == unit
