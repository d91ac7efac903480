"""Summaries and comparisons over futures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.scenario.scenario import Scenario
from simulator.study.replicate import present_value_factors
from simulator.study.replicator import replicate
from simulator.study.summary import compare, percentile_ranks, summarise
from tests.conftest import scenario_from


def test_a_summary_tells_spread_and_error_apart() -> None:
    values = np.arange(101.0)
    summary = summarise(values)
    assert (summary.mean, summary.p05, summary.p50, summary.p95) == (50.0, 5.0, 50.0, 95.0)
    assert summary.mc_error == pytest.approx(values.std(ddof=1) / math.sqrt(101))


def test_one_future_has_no_error() -> None:
    assert summarise(np.array([3.0])).mc_error is None


def test_comparisons_are_paired(smallest: Scenario) -> None:
    study = replicate(smallest, 5, seed=3)
    comparison = compare(study)["alliance"]
    difference = study.outcomes["alliance"].net[:, 0] - study.outcomes["output"].net[:, 0]
    assert summarise(difference) == comparison.net_position
    assert comparison.p_costs_less == (difference > 0).mean()
    assert comparison.by_party["council"] == comparison.net_position


def test_cash_starts_from_reserves_and_counts_every_month_end() -> None:
    text = """
title: A provider that spends before it is paid
starts: 2026-04-01
years: 1
council: {name: Council}
providers: {north: {reserves: £10,000, overheads: 0%}}
services:
  support:
    referrals: 100 a year
    workers: {north: 1}
    caseload: 30
    lasts: 13 weeks
    worker_cost: £36,000 a year
    good_outcome: 50%
    cost_per_start: £0
contracts:
  arrears: {terms: [{name: Fee, measure: fee, split: equal}], amounts: {fee: £36,000 a year}}
  at_once: {form: block, amount: £36,000 a year}
  late:
    paid_within: 100 days
    terms: [{name: Fee, measure: fee, split: equal, settled: annually}]
    amounts: {fee: £36,000 a year}
baseline: at_once
"""
    study = replicate(scenario_from(text), 1, seed=1)
    lowest = {name: float(outcome.lowest_cash[0, 0]) for name, outcome in study.outcomes.items()}
    # pay is £3,000 a month; arrears of 30 days keep one month open (two at the end of May), and
    # a year's fee that comes 100 days after the year leaves twelve
    assert lowest == {"arrears": 4_000.0, "at_once": 10_000.0, "late": -26_000.0}
    net = {name: float(outcome.net[0, 1]) for name, outcome in study.outcomes.items()}
    assert net == {"arrears": 0.0, "at_once": 0.0, "late": 0.0}


def test_present_values_are_real_and_discounted(smallest: Scenario) -> None:
    factors = present_value_factors(smallest, 60)
    assert factors[0] == pytest.approx(1.035 ** -(0.5 / 12))
    assert factors[59] == pytest.approx(1.035 ** -(59.5 / 12))


# -- how well figures are known ----------------------------------------------------------------


@pytest.mark.parametrize("count", [72, 73, 200, 1_000])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_percentiles_lie_between_their_ranks_often_enough_and_no_wider(
    count: int, share: float
) -> None:
    """Coverage is exact: the number of values below a percentile is binomial."""
    from scipy.stats import binom

    ranks = percentile_ranks(count, share)
    assert ranks is not None
    low, high = ranks
    below = binom(count, share)
    assert below.cdf(low) <= 0.025 < below.cdf(low + 1)
    assert below.sf(high) <= 0.025 < below.sf(high - 1)
    assert below.cdf(high) - below.cdf(low) >= 0.95


@pytest.mark.parametrize(("share", "fewest"), [(0.05, 72), (0.95, 72), (0.5, 6)])
def test_too_few_futures_say_nothing_about_a_percentile(share: float, fewest: int) -> None:
    assert percentile_ranks(fewest - 1, share) is None
    assert percentile_ranks(fewest, share) is not None


def test_the_interval_of_a_mean_is_that_of_student() -> None:
    summary = summarise(np.arange(10.0))
    error = math.sqrt(np.arange(10.0).var(ddof=1) / 10)
    assert summary.mean_interval == pytest.approx((4.5 - 2.262157 * error, 4.5 + 2.262157 * error))
