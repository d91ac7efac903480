"""What a finance director is told, against figures worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.scenario.scenario import Scenario
from simulator.study import finance
from simulator.study.replicate import IN_FULL, Study
from simulator.study.replicator import replicate
from tests.conftest import ROOT, scenario_from

FLAGSHIP = (ROOT / "scenarios" / "staying-well.yaml").read_text(encoding="utf-8")
FLAGSHIP = FLAGSHIP.replace("behaviour: full", "behaviour: none")


def with_budget(text: str, budget: str) -> Scenario:
    return scenario_from(
        text.replace("council: {name: Council}", f"council: {{name: Council, budget: {budget}}}")
    )


@pytest.fixture(scope="module")
def study() -> Study:
    return replicate(scenario_from(FLAGSHIP), 60, seed=2)


def test_exposure_is_by_percentile_and_by_the_dearest_futures(smallest: Scenario) -> None:
    study = replicate(smallest, 3, seed=1)
    outcomes = study.outcomes["output"]
    cost = np.arange(1.0, 101.0)
    net = np.zeros((100, outcomes.net.shape[1]))
    net[:, 0] = -cost
    made = Study(smallest, 1, 100, {"output": replace(outcomes, net=net)})
    (row,) = finance.exposures(made)
    assert (row.party, row.mean) == ("council", 50.5)
    assert row.at == pytest.approx((50.5, 80.2, 95.05))
    assert row.worst == pytest.approx(np.mean([96, 97, 98, 99, 100]))
    assert all(low <= at <= high for at, (low, high) in zip(row.at, row.intervals, strict=True))


def test_together_the_commissioners_cost_what_each_does(study: Study) -> None:
    rows = {(row.contract, row.party): row for row in finance.exposures(study)}
    for contract in study.outcomes:
        parts = [rows[contract, party].mean for party in ("council", "nhs")]
        assert rows[contract, "commissioners"].mean == pytest.approx(sum(parts))


def test_a_budget_is_passed_in_the_years_in_which_it_is(smallest_text: str) -> None:
    world, _, _ = smallest_text.partition("contracts:")
    contracts = """contracts:
  block: {form: block, amount: £470,000 a year, uplift: 2% a year}
baseline: block
"""
    scenario = with_budget(world + contracts, "{amount: £480,000 a year, rise: 1% a year}")
    rows = list(finance.budget_years(replicate(scenario, 4, seed=1)))
    assert [row.year for row in rows] == [2026, 2027, 2028, 2029, 2030]
    assert [row.budget for row in rows] == pytest.approx([480_000 * 1.01**y for y in range(5)])
    costs = [470_000 * 1.02**year for year in range(5)]
    assert [row.mean for row in rows] == pytest.approx(costs, abs=1.0)
    over = [cost - 480_000 * 1.01**year for year, cost in enumerate(costs)]
    assert [row.p_over for row in rows] == [float(each > 0) for each in over]
    assert [row.p_over for row in rows] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert [row.over_mean for row in rows] == pytest.approx([max(0, x) for x in over], abs=1.0)
    # what the first years leave is lost to the last ones; of four futures little can be told
    (beyond, *_) = finance.reserves(replicate(scenario, 4, seed=1))
    lacking = sum(max(0.0, each) for each in over)
    assert (beyond.party, beyond.held) == ("council", 0.0)
    assert beyond.needed[0] == pytest.approx(lacking, abs=1.0)
    assert beyond.needed[1:] == (None,) * 4


def test_a_part_year_has_part_of_the_budget(smallest_text: str) -> None:
    text = smallest_text.replace("2026-04-01", "2026-10-01").replace("years: 5", "years: 1")
    rows = [
        row
        for row in finance.budget_years(replicate(with_budget(text, "£100 a year"), 2, seed=1))
        if row.contract == "output"
    ]
    assert [(row.year, row.budget) for row in rows] == [
        (2026, pytest.approx(50.0)),
        (2027 - 1 + 1, pytest.approx(50.0)),
    ]


def test_nobody_has_a_budget_unless_it_is_written(smallest: Scenario) -> None:
    study = replicate(smallest, 3, seed=1)
    assert list(finance.budget_years(study)) == []
    assert {row.party for row in finance.reserves(study)} == {"north", "south"}


def test_a_reserve_is_enough_in_as_many_futures_as_it_says(study: Study) -> None:
    """With the reserve needed at 90%, nine futures in ten do not run out of cash."""
    for row in finance.reserves(study):
        if row.party not in study.scenario.providers:
            continue
        lowest = study.outcomes[row.contract].lowest_cash
        place = list(study.scenario.providers).index(row.party)
        with_it = lowest[:, place] - row.held + row.needed[finance.CONFIDENCES.index(0.9)]
        assert (with_it >= -1e-9).mean() >= 0.9
        told = [each for each in row.needed if each is not None]
        assert told == sorted(told)
        assert len(told) == 4, "60 futures say nothing about 99%"


def test_cash_of_every_month_sums_to_nought_and_over_months_to_the_net(study: Study) -> None:
    months: dict[tuple[str, str], float] = {}
    accounts: dict[tuple[str, str], list[finance.CashMonth]] = {}
    for row in finance.cash_months(study):
        months[row.contract, row.month] = months.get((row.contract, row.month), 0.0) + row.mean
        accounts.setdefault((row.contract, row.account), []).append(row)
    assert all(abs(total) < 1e-6 for total in months.values())
    signatories = study.scenario.signatories
    for (contract, account), rows in accounts.items():
        place = signatories.accounts.index(account)
        outcomes = study.outcomes[contract]
        assert sum(row.mean for row in rows) == pytest.approx(outcomes.net[:, place].mean())
        assert rows[-1].so_far == pytest.approx(sum(row.mean for row in rows))
        present = outcomes.present_value[:, place].mean()
        assert sum(row.present_value for row in rows) == pytest.approx(present)
        assert rows[-1].so_far_p50 == pytest.approx(np.median(outcomes.net[:, place]))
        assert rows[0].month == "2026-04"


def test_years_sum_to_the_net(study: Study) -> None:
    for outcomes in study.outcomes.values():
        np.testing.assert_allclose(outcomes.yearly.sum(axis=1), outcomes.net[:, :2], atol=1e-6)
        assert outcomes.yearly.shape[1] == 5


def test_months_are_kept_of_the_first_futures_only(smallest: Scenario) -> None:
    """What is kept of each further future does not grow; the means are over all of them."""
    study = replicate(smallest, IN_FULL + 60, seed=1)
    for outcomes in study.outcomes.values():
        assert len(outcomes.monthly) == IN_FULL
        assert len(outcomes.net) == IN_FULL + 60
        np.testing.assert_allclose(
            outcomes.month_total.sum(axis=0), outcomes.net.sum(axis=0), rtol=1e-12
        )
